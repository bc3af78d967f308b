package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var podExec = powerRule(review.Rule{
	ID: "rbac-pod-exec", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A role can get into running pods",
}, "Inside a container the holder has its service account's token, its Secrets and its network, past every review of what the container was to run. Up to Kubernetes 1.34 get is enough where a client connects by WebSocket; from 1.35 on create is asked for too.",
	enterPods, injectContainers)

var enterPods = power{
	can: "get into running pods (%s)", verbs: []string{"create", "get"}, named: review.Warning,
	on: []resources{{group: "", names: []string{"pods/exec", "pods/attach", "pods/portforward"}}},
}

var injectContainers = power{
	can: "put containers into running pods (%s)", verbs: []string{"patch", "update"}, named: review.Warning,
	on: []resources{{group: "", names: []string{"pods/ephemeralcontainers"}}},
}
