package controlplane

import (
	"strconv"

	"github.com/landwaiter/landwaiter/internal/review"
)

var kubeletEventQPS = review.Rule{
	ID: "kubelet-event-qps", Level: review.Warning, Guidelines: []string{"G22"},
	Summary:   "A kubelet reports too few events, or any number of them",
	CheckRoot: checkKubeletEventQPS,
}

// fewestEvents is the lowest rate at which a node's events all come through in ordinary times: the default up to 1.26.
const fewestEvents = 5

func checkKubeletEventQPS(p *review.Pass) {
	for _, c := range of(p, kubelet) {
		f, written := c.get("event-qps")
		rate, err := strconv.Atoi(f.value)
		switch {
		case !written || err != nil:
		case rate == 0:
			f.at.report(p, "the kubelet sends events without any bound").
				Detail("A node whose pods fail in a loop can then keep the API server and etcd busy with its events.").Lower(review.Info)
		case rate < fewestEvents:
			f.at.report(p, "the kubelet drops events beyond %d a second", rate).
				Detail("What is dropped is missing when somebody has to find out what happened on the node.")
		}
	}
}
