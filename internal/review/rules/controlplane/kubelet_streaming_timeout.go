package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var kubeletStreamingTimeout = review.Rule{
	ID: "kubelet-streaming-timeout", Level: review.Warning, Guidelines: []string{"G22"},
	Summary: "A kubelet keeps idle connections for ever",
	CheckRoot: expectation{
		component: kubelet, flag: "streaming-connection-idle-timeout", good: isNot("0", "0s", "0m", "0h", "0h0m0s", "0m0s"),
		bad:    "idle connections to containers are never closed",
		detail: "Sessions of exec, attach and port forwards stay open when nobody uses them any more, until the node runs out of ports or somebody takes one over.",
		want:   "4h0m0s", title: "Close idle connections",
	}.check,
}
