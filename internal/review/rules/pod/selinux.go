package pod

import (
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
)

var seLinux = review.Rule{
	ID: "selinux", Level: review.Error, Guidelines: []string{"G2"},
	Summary: "A container runs with an SELinux user, role or type of its own choice",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Check:   checkSELinux,
}

func checkSELinux(p *review.Pass) {
	for _, key := range []string{"user", "role", "type"} {
		for _, s := range written(p.Pod, "seLinuxOptions", key) {
			value := s.Text()
			if value == "" || key == "type" && standard.AllowsSELinuxType(standard.Version(p.Kube), value) {
				continue
			}
			detail := "SELinux keeps containers from each other and from the node by the labels that the runtime gives them. One of another user, role or type may be allowed far more."
			if value == "spc_t" {
				detail = "spc_t is the type of super-privileged containers: SELinux does not confine them at all."
			}
			p.Report(s.Field, "%s sets the SELinux %s %s", s.who, key, value).Detail("%s", detail).
				Fix("Leave the "+key+" to the runtime", review.Remove(s.Field)).Unsafe()
		}
	}
}
