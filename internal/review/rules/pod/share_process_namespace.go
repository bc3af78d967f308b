package pod

import "github.com/landwaiter/landwaiter/internal/review"

var shareProcessNamespace = review.Rule{
	ID: "share-process-namespace", Level: review.Warning, Guidelines: []string{"G1"},
	Summary: "The containers of a pod see each other's processes",
	Kinds:   []string{review.Workloads},
	Check: forbidTrue("shareProcessNamespace", "the pod's containers share one process namespace",
		"Each container sees the others' processes with their environment, and through /proc their files, secrets that only one of them mounts included."),
}
