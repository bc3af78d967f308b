package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

// survey is all that a root says of the control plane. It is made once for all rules of the area.
type survey struct {
	documents  []document
	components []component
}

func surveyOf(v *review.RootView) *survey {
	return review.Once(v, "controlplane", func(v *review.RootView) *survey {
		s := &survey{documents: documents(v)}
		kubeadm := s.holds("kubeadm.k8s.io")
		for _, o := range v.Objects {
			for _, pod := range v.Workloads(o) {
				s.components = append(s.components, podComponents(v, pod)...)
			}
			for t := range texts(o) {
				s.components = append(s.components, kubeletArguments(o, t)...)
			}
		}
		for _, d := range s.documents {
			s.components = append(s.components, configured(d, kubeadm)...)
		}
		return s
	})
}

func (s *survey) holds(group string) bool {
	for _, d := range s.documents {
		if d.group == group {
			return true
		}
	}
	return false
}

// of returns the components of one name that the pass's root configures.
func of(p *review.Pass, name string) []component {
	var found []component
	for _, c := range surveyOf(p.Root).components {
		if c.name == name {
			found = append(found, c)
		}
	}
	return found
}

// configs returns the documents of a kind in the pass's root, of any of the groups.
func configs(v *review.RootView, kind string, groups ...string) []document {
	var found []document
	for _, d := range surveyOf(v).documents {
		for _, group := range groups {
			if d.kind == kind && d.group == group {
				found = append(found, d)
			}
		}
	}
	return found
}
