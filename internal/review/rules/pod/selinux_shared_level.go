package pod

import (
	"slices"
	"strings"

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
				level := sortedLevel(s.Text())
				uses[level] = append(uses[level], levelUse{o, s})
			}
		}
	}
	for level, all := range uses {
		other := slices.IndexFunc(all, func(u levelUse) bool { return u.object != all[0].object })
		if level == ":" || other < 0 {
			continue
		}
		for _, use := range all {
			sharer := all[0].object
			if use.object == sharer {
				sharer = all[other].object
			}
			p.ReportOn(use.object, use.Field, "SELinux level %s is also that of %s", use.Text(), sharer).
				Detail("Containers with the same categories may read and write each other's files. Left to itself the runtime gives every pod its own.")
		}
	}
}

// sortedLevel writes a level with its categories in order, in which they mean the same.
func sortedLevel(level string) string {
	sensitivity, categories, _ := strings.Cut(level, ":")
	all := strings.Split(categories, ",")
	slices.Sort(all)
	return sensitivity + ":" + strings.Join(all, ",")
}
