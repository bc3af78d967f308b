package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var wildcardResources = wildcardRule(review.Rule{
	ID: "rbac-wildcard-resources", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A role is for every resource",
	Covers: []string{
		"rbac-create-workloads", "rbac-pod-exec", "rbac-escalate", "rbac-bind", "rbac-impersonate", "rbac-nodes-proxy",
		"rbac-csr-approve", "rbac-token-create", "rbac-webhook-config", "rbac-persistent-volumes", "rbac-system-config",
		"rbac-network-write", "rbac-delete-events", "rbac-delete",
	},
}, "resources",
	"It takes in all subresources, and every kind that a custom resource definition is still to bring.")
