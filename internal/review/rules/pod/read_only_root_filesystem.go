package pod

import "github.com/landwaiter/landwaiter/internal/review"

var readOnlyRootFilesystem = review.Rule{
	ID: "read-only-root-filesystem", Level: review.Warning, Guidelines: []string{"G4"},
	Summary: "A container can write to its root filesystem",
	Kinds:   []string{review.Workloads},
	Check:   checkReadOnlyRootFilesystem,
}

func checkReadOnlyRootFilesystem(p *review.Pass) {
	if p.Pod.Windows() {
		return
	}
	for _, c := range p.Pod.Containers {
		field := c.Get("securityContext", "readOnlyRootFilesystem")
		if !is(field, true) {
			p.Report(field, "%s can write to its root filesystem", c.Title()).
				Detail("Whoever gets into it can replace programs and leave tools behind. What has to be written belongs in a volume, an emptyDir for instance.").
				Fix("Set readOnlyRootFilesystem to true", review.Set(field, true)).Unsafe()
		}
	}
}
