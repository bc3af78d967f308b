package pod

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// setting is a field of a security context, and who has it.
type setting struct {
	manifests.Field
	who string // "container web", or "the pod" where containers inherit it
}

// effective returns, for every container, the field that holds for it: its own, the pod's, or its own, absent. What
// several containers inherit comes once.
func effective(pod *review.Workload, keys ...string) []setting {
	var found []setting
	seen := make(map[string]bool)
	inherited := pod.Get("securityContext", keys...).Path()
	for _, c := range pod.Containers {
		field, who := c.Effective(keys...), c.Title()
		if field.Path() == inherited {
			who = "the pod"
		}
		if !seen[field.Path()] {
			seen[field.Path()] = true
			found = append(found, setting{field, who})
		}
	}
	return found
}

// contexts returns the security contexts that are written, the pod's and the containers'.
func contexts(pod *review.Workload) []setting {
	var found []setting
	if field := pod.Get("securityContext"); field.IsSet() {
		found = append(found, setting{field, "the pod"})
	}
	for _, c := range pod.Containers {
		if field := c.Get("securityContext"); field.IsSet() {
			found = append(found, setting{field, c.Title()})
		}
	}
	return found
}

// written returns the field wherever a security context sets it, inherited or not.
func written(pod *review.Workload, keys ...string) []setting {
	var found []setting
	for _, context := range contexts(pod) {
		if field := context.Get(keys...); field.IsSet() {
			found = append(found, setting{field, context.who})
		}
	}
	return found
}

// sole returns the outermost of nested fields, given innermost first, that holds nothing but the innermost one: to
// remove it leaves nothing empty behind.
func sole(fields ...manifests.Field) manifests.Field {
	at := fields[0]
	for _, parent := range fields[1:] {
		if len(parent.Entries())+len(parent.Items()) != 1 {
			break
		}
		at = parent
	}
	return at
}

// is reports whether a field says a boolean. A string that says it counts: the API server refuses the type, and to
// call the value wrong as well would only confuse.
func is(f manifests.Field, want bool) bool {
	if want {
		return f.True() || f.Text() == "true"
	}
	return f.False() || f.Text() == "false"
}

// inUserNamespace reports whether root in the pod is nobody on the node, and the target version's standards
// therefore allow it.
func inUserNamespace(p *review.Pass) bool {
	return p.Kube.AtLeast(35) && p.Pod.Get("hostUsers").False()
}

// forbidTrue makes the check of a switch of the pod that must stay off.
func forbidTrue(key, message, detail string) func(*review.Pass) {
	return func(p *review.Pass) {
		if field := p.Pod.Get(key); field.True() {
			p.Report(field, "%s", message).Detail("%s", detail).
				Fix("Set "+key+" to false", review.Set(field, false)).Unsafe()
		}
	}
}
