package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var createWorkloads = powerRule(review.Rule{
	ID: "rbac-create-workloads", Level: review.Warning, Guidelines: []string{"G7"},
	Summary: "A role can create or change pods, what makes pods, or namespaces",
}, "A pod runs as any service account of its namespace, mounts any of its Secrets and, where Pod Security admission lets it, the node's files: who makes pods has what those have.",
	startPods, changeNamespaces)

var startPods = power{
	can: "create or change pods (%s)", usual: true, verbs: []string{"create", "patch", "update"},
	on: []resources{
		{group: "", names: []string{"pods", "replicationcontrollers"}},
		{group: "apps", names: []string{"deployments", "statefulsets", "daemonsets", "replicasets"}},
		{group: "batch", names: []string{"jobs", "cronjobs"}},
		{group: "extensions", names: []string{"deployments", "daemonsets", "replicasets"}},
		{group: "argoproj.io", names: []string{"workflows", "cronworkflows", "rollouts"}},
		{group: "serving.knative.dev", names: []string{"services", "configurations"}},
		{group: "apps.openshift.io", names: []string{"deploymentconfigs"}},
		{group: "tekton.dev", names: []string{"taskruns", "pipelineruns"}},
	},
}

var changeNamespaces = power{
	can: "create namespaces or change their labels", nowhere: true, verbs: []string{"create", "patch", "update"},
	on: []resources{{group: "", names: []string{"namespaces"}}},
}
