package resources

import "github.com/landwaiter/landwaiter/internal/review"

var ephemeralStorage = review.Rule{
	ID: "ephemeral-storage", Level: review.Info, Guidelines: []string{"G3"},
	Summary: "A container has no limit on the node's disk",
	Kinds:   []string{review.Workloads},
	Check: checkMissing("limits", "ephemeral-storage", "%s has no ephemeral-storage limit",
		"Logs, the writable layer and emptyDir volumes all lie on the node's disk. One container that fills it has the kubelet evict pods all over the node."),
}
