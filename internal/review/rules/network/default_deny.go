package network

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// checkDefaultDeny reports the namespaces of a root that have workloads and are open in a direction.
func checkDefaultDeny(d direction, detail string) func(*review.Pass) {
	return func(p *review.Pass) {
		e := enforcedOn(p)
		if e.unknown {
			return
		}
		for _, s := range e.populated() {
			if !e.opens(p, s.name, d) {
				continue
			}
			at, what := s.stands(e), "namespace "+s.name
			if at == nil {
				continue
			}
			if s.name == "" {
				what = "the namespace of " + s.workloads[0].Name
			}
			draft := p.ReportOn(at, nameOf(at), "%s has no default deny for %s", what, d).Detail("%s", detail)
			if s.name != "" {
				draft.About("namespace " + s.name)
			}
			e.explain(draft, s.name)
			for _, o := range s.workloads {
				if e.unprotected(o) != nil {
					draft.SameAs(o, nameOf(o))
				}
			}
		}
	}
}

// space is a namespace with the root's workloads in it, and its object if the root has that.
type space struct {
	name      string
	object    *manifests.Object
	workloads []*manifests.Object
}

// populated are the namespaces in which workloads are known to run: the root's, or those of other roots in a namespace
// that the root declares.
func (e *enforced) populated() []*space {
	var order []*space
	byName := make(map[string]*space)
	at := func(name string) *space {
		if byName[name] == nil {
			byName[name] = &space{name: name}
			order = append(order, byName[name])
		}
		return byName[name]
	}
	for _, o := range e.root.Objects {
		switch {
		case o.Kind == "Namespace" && o.Group() == "" && !ofSystem(o.Name):
			at(o.Name).object = o
		case isolable(e.root, o) && !review.IsHook(o):
			s := at(landing(e.root, o))
			s.workloads = append(s.workloads, o)
		}
	}
	return slices.DeleteFunc(order, func(s *space) bool { return len(s.workloads) == 0 && !e.runsElsewhere(s.name) })
}

// runsElsewhere reports whether another root is known to run workloads in a namespace.
func (e *enforced) runsElsewhere(namespace string) bool {
	for kind := range ownPods {
		found := e.index.In(kind, namespace)
		view := review.NewRootView(manifests.Root{}, found)
		if slices.ContainsFunc(found, func(o *manifests.Object) bool { return isolable(view, o) }) {
			return true
		}
	}
	return false
}

// stands returns the object that a violation of the namespace stands on: the Namespace where the root declares it; else the
// first workload, unless another root declares it.
func (s *space) stands(e *enforced) *manifests.Object {
	switch {
	case s.object != nil:
		return s.object
	case s.name != "" && e.index.Find("Namespace", "", s.name) != nil:
		return nil
	}
	return s.workloads[0]
}

// opens reports whether a namespace surely has no default deny in a direction. Of one whose name the root does not say,
// policies elsewhere may close it; but when the root closed it at base, it was the root's to do.
func (e *enforced) opens(p *review.Pass, namespace string, d direction) bool {
	if e.deniesByDefault(namespace, d) != no {
		return false
	}
	if namespace != "" {
		return true
	}
	return p.Base != nil && enforcedIn(p.Base, p.Before).deniesByDefault("", d) == yes
}
