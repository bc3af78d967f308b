package pod

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var rootGroup = review.Rule{
	ID: "root-group", Level: review.Warning, Guidelines: []string{"G1"},
	Summary: "A container is in group 0",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"low-uid"},
	Check:   checkRootGroup,
}

func checkRootGroup(p *review.Pass) {
	if p.Pod.Windows() {
		return
	}
	report := func(who, role string, field manifests.Field) {
		if gid, ok := field.Int(); ok && gid == 0 {
			p.Report(field, "%s has root's group as its %s", who, role).
				Detail("Files of the image and of volumes that are open to group 0 are open to it.")
		}
	}
	for _, s := range effective(p.Pod, "runAsGroup") {
		report(s.who, "primary group", s.Field)
	}
	context := p.Pod.Get("securityContext")
	report("the pod", "fsGroup", context.Get("fsGroup"))
	for _, group := range context.Get("supplementalGroups").Items() {
		report("the pod", "supplemental group", group)
	}
}
