package pod

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var seLinuxSharedLevel = review.Rule{
	ID: "selinux-shared-level", Level: review.Warning, Guidelines: []string{"G2"},
	Summary:   "Different workloads share one fixed SELinux level",
	CheckRoot: checkSELinuxSharedLevel,
}

// levelUse is one place where a workload fixes an SELinux level.
type levelUse struct {
	object *manifests.Object
	setting
}

func checkSELinuxSharedLevel(p *review.Pass) {
	uses := make(map[string][]levelUse)
	for _, o := range p.Root.Objects {
		for _, pod := range p.Root.Workloads(o) {
			for _, s := range written(pod, "seLinuxOptions", "level") {
				uses[s.Text()] = append(uses[s.Text()], levelUse{o, s})
			}
		}
	}
	for level, all := range uses {
		for _, use := range all {
			for _, other := range all {
				if level != "" && other.object != use.object {
					p.ReportOn(use.object, use.Field, "SELinux level %s is also that of %s", level, other.object).
						Detail("Containers with the same categories may read and write each other's files. Left to itself the runtime gives every pod its own.")
					break
				}
			}
		}
	}
}
