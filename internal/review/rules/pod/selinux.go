package pod

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
	"k8s.io/pod-security-admission/api"
)

var seLinux = review.Rule{
	ID: "selinux", Level: review.Error, Guidelines: []string{"G2"},
	Summary: "A container runs with an SELinux user, role or type of its own choice",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Check:   checkSELinux,
}

func checkSELinux(p *review.Pass) {
	for _, context := range contexts(p.Pod) {
		options := context.Get("seLinuxOptions")
		var own []manifests.Entry
		var removals []review.Op
		for _, e := range options.Entries() {
			if ownSELinux(e.Key, e.Value.Text(), standard.Version(p.Kube)) {
				own, removals = append(own, e), append(removals, review.Remove(e.Value))
			}
		}
		if len(own) == len(options.Entries()) {
			removals = []review.Op{review.Remove(sole(options, context.Field))}
		}
		for _, e := range own {
			reportSELinux(p, context.who, e).Fix("Leave SELinux to the runtime", removals...).Unsafe()
		}
	}
}

// ownSELinux reports whether an option takes a container out of the order that the runtime keeps.
func ownSELinux(key, value string, version api.Version) bool {
	switch key {
	case "user", "role":
		return value != ""
	case "type":
		return value != "" && !standard.AllowsSELinuxType(version, value)
	}
	return false
}

func reportSELinux(p *review.Pass, who string, option manifests.Entry) *review.Draft {
	detail := "SELinux keeps containers from each other and from the node by the labels that the runtime gives them. One of another user, role or type may be allowed far more."
	if option.Value.Text() == "spc_t" {
		detail = "spc_t is the type of super-privileged containers: SELinux does not confine them at all."
	}
	return p.Report(option.Value, "%s sets the SELinux %s %s", who, option.Key, option.Value.Text()).Detail("%s", detail)
}
