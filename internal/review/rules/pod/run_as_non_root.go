package pod

import "github.com/landwaiter/landwaiter/internal/review"

var runAsNonRoot = review.Rule{
	ID: "run-as-non-root", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "Nothing keeps a container from running as root",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-restricted"},
	Check:   checkRunAsNonRoot,
}

func checkRunAsNonRoot(p *review.Pass) {
	if inUserNamespace(p) {
		return
	}
	users := make(map[string]bool) // fields that hold for a container whose user is known not to be root
	for _, c := range p.Pod.Containers {
		uid, known := c.Effective("runAsUser").Int()
		path := c.Effective("runAsNonRoot").Path()
		sound, seen := users[path]
		users[path] = known && uid > 0 && (sound || !seen)
	}
	for _, s := range effective(p.Pod, "runAsNonRoot") {
		if is(s.Field, true) {
			continue
		}
		message := "%s may run as root"
		if s.False() {
			message = "%s is allowed to run as root"
		}
		d := p.Report(s.Field, message, s.who).
			Detail("Without runAsNonRoot: true the user is whatever the image says, which is root unless its author took care. Root in a container is root to the kernel.").
			Fix("Set runAsNonRoot to true", review.Set(s.Field, true))
		if !users[s.Path()] {
			d.Unsafe()
		}
	}
}
