package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var kubeletAnonymous = review.Rule{
	ID: "kubelet-anonymous", Level: review.Error, Guidelines: []string{"G22"},
	Summary: "A kubelet answers requests of nobody in particular",
	CheckRoot: expectation{
		component: kubelet, flag: "anonymous-auth", good: is("false"),
		bad:     "the kubelet lets anonymous requests in",
		missing: "the kubelet lets anonymous requests in, since --anonymous-auth is not false",
		detail:  "Its API starts processes in the containers of its node and reads their logs. Whoever reaches its port may then only be stopped by its authorization.",
		want:    false, title: "Ask callers who they are",
	}.check,
}
