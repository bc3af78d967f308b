package pod

import "github.com/landwaiter/landwaiter/internal/review"

var seccomp = review.Rule{
	ID: "seccomp", Level: review.Warning, Guidelines: []string{"G2"},
	Summary: "A container has no seccomp profile",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-restricted"},
	Check:   checkSeccomp,
}

func checkSeccomp(p *review.Pass) {
	if p.Pod.Windows() {
		return
	}
	for _, c := range p.Pod.Containers {
		field := c.Effective("seccompProfile", "type")
		if kind := field.Text(); confined(kind) || kind == "Unconfined" {
			continue
		}
		what := "Without a profile it may use every system call that the kernel has."
		if old := seccompProfiles.annotation(p.Pod, c); old.Exists() {
			if !p.Kube.AtLeast(seccompAnnotationsEnd) {
				continue
			}
			what = "Its annotation has not been read since Kubernetes 1.27, only the field counts. " + what
		}
		d := p.Report(field, "%s has no seccomp profile", c.Title()).
			Detail("%s The runtime's default profile leaves out those that programs do not need and attacks on the kernel do.", what)
		if p.Kube.AtLeast(19) {
			d.Fix("Use the runtime's default profile", review.Set(field, "RuntimeDefault"))
		}
	}
}
