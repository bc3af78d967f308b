package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var kubeletProtectKernel = review.Rule{
	ID: "kubelet-protect-kernel", Level: review.Warning, Guidelines: []string{"G22"},
	Summary: "A kubelet changes kernel settings that differ from what it expects",
	CheckRoot: expectation{
		component: kubelet, flag: "protect-kernel-defaults", good: is("true"),
		bad:     "the kubelet changes kernel settings of the node",
		missing: "the kubelet changes kernel settings of the node: protectKernelDefaults is not set",
		detail:  "Settings that an administrator hardened are put back without a word. With the protection it refuses to start instead.",
		want:    true, title: "Protect the kernel's settings",
		mild: review.Info,
	}.check,
}
