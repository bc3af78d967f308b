package pod

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// The annotations that named profiles before there were fields for them. Those for seccomp have not been read since
// Kubernetes 1.27.
const (
	seccompPodAnnotation  = "seccomp.security.alpha.kubernetes.io/pod"
	seccompAnnotation     = "container.seccomp.security.alpha.kubernetes.io/"
	appArmorAnnotation    = "container.apparmor.security.beta.kubernetes.io/"
	seccompAnnotationsEnd = 27
)

// profiles names a Linux security module's fields and annotations.
type profiles struct {
	field       string   // of a security context
	annotations []string // keys; those that end in "/" are followed by a container's name
}

var (
	seccompProfiles  = profiles{"seccompProfile", []string{seccompPodAnnotation, seccompAnnotation}}
	appArmorProfiles = profiles{"appArmorProfile", []string{appArmorAnnotation}}
)

// annotation returns the annotation that names a container's profile, the container's own before the pod's.
func (m profiles) annotation(pod *review.Workload, c review.Container) manifests.Field {
	annotations := pod.Meta.Get("annotations")
	var found manifests.Field
	for _, key := range m.annotations {
		if strings.HasSuffix(key, "/") {
			key += c.Name
		}
		if a := annotations.Get(key); a.Text() != "" {
			found = a
		}
	}
	return found
}

// unconfined returns the fields and annotations that switch the module off.
func (m profiles) unconfined(pod *review.Workload) []setting {
	var found []setting
	for _, s := range written(pod, m.field, "type") {
		if s.Text() == "Unconfined" {
			found = append(found, s)
		}
	}
	for _, e := range pod.Meta.Get("annotations").Entries() {
		if e.Value.Text() != "unconfined" {
			continue
		}
		prefix, name, _ := strings.Cut(e.Key, "/")
		if e.Key == seccompPodAnnotation && slices.Contains(m.annotations, e.Key) {
			found = append(found, setting{e.Value, "the pod"})
		} else if slices.Contains(m.annotations, prefix+"/") {
			found = append(found, setting{e.Value, "container " + name})
		}
	}
	return found
}

// confined reports whether a field names a profile that confines: the runtime's own, or one on the node.
func confined(kind string) bool { return kind == "RuntimeDefault" || kind == "Localhost" }

// reportUnconfined reports every place where the module is switched off.
func (m profiles) reportUnconfined(p *review.Pass, module, detail string) {
	if p.Pod.Windows() {
		return
	}
	for _, s := range m.unconfined(p.Pod) {
		d := p.Report(s.Field, "%s runs with %s switched off", s.who, module).Detail("%s", detail)
		if s.Text() == "Unconfined" {
			d.Fix("Use the runtime's default profile", review.Set(s.Field, "RuntimeDefault")).Unsafe()
		} else {
			d.Fix("Use the runtime's default profile", review.Set(s.Field, "runtime/default")).Unsafe()
		}
	}
}
