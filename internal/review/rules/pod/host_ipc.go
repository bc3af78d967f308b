package pod

import "github.com/landwaiter/landwaiter/internal/review"

var hostIPC = review.Rule{
	ID: "host-ipc", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A pod shares the node's IPC namespace",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Check: forbidTrue("hostIPC", "the pod shares the node's IPC namespace",
		"It can read and write the shared memory and message queues of the node's processes and of other pods that do the same."),
}
