package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var nodesProxy = powerRule(review.Rule{
	ID: "rbac-nodes-proxy", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A role can use the kubelets' API through nodes/proxy",
}, "The kubelet's API runs commands in every container of its node, without audit and without admission, and reading is enough to connect by WebSocket. For metrics, logs and health there are nodes/metrics, nodes/log and nodes/healthz.",
	useKubelets)

var useKubelets = power{
	can: "use the kubelets' API (%s), which runs commands in every container", verbs: []string{"create", "get"}, named: review.Warning,
	on: []resources{{group: "", names: []string{"nodes/proxy"}, cluster: true}},
}
