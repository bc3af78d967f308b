package pod

import "github.com/landwaiter/landwaiter/internal/review"

var hostPath = review.Rule{
	ID: "host-path", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A pod mounts a place of the node",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted", "volume-types"},
	Check:   checkHostPath,
}

func checkHostPath(p *review.Pass) {
	for _, v := range hostVolumes(p.Pod) {
		p.Report(v.at, "volume %s is %s of the node", v.name, v.at.Text()).
			Detail("What the pod finds there differs from node to node, other pods and the node itself read and write it too, and the bounds between container and node are gone at that place.")
	}
}
