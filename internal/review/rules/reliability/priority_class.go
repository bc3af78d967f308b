package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var priorityClass = review.Rule{
	ID: "priority-class", Level: review.Info,
	Summary: "A workload does not say how important it is",
	Kinds:   []string{review.Workloads},
	Check:   checkPriorityClass,
}

func checkPriorityClass(p *review.Pass) {
	at := p.Pod.Get("priorityClassName")
	if at.IsSet() || review.IsHook(p.Object) || p.Pod.Get("priority").IsSet() || hasGlobalDefault(p) {
		return
	}
	p.Report(at, "%s %s has no priority class", p.Object.Kind, p.Object.Name).
		Detail("When the cluster runs full, pods with a priority push this one out, whatever it does.")
}

func hasGlobalDefault(p *review.Pass) bool {
	for _, class := range append(p.Root.OfKind("PriorityClass"), p.Index.OfKind("PriorityClass")...) {
		if class.Field().Get("globalDefault").True() {
			return true
		}
	}
	return false
}
