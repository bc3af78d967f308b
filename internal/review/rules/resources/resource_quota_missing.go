package resources

import "github.com/landwaiter/landwaiter/internal/review"

var resourceQuotaMissing = review.Rule{
	ID: "resource-quota-missing", Level: review.Warning, Guidelines: []string{"G3"},
	Summary: "A namespace with workloads has no ResourceQuota",
	Kinds:   []string{"Namespace"},
	Check: checkNamespaced("ResourceQuota",
		"One application, or whoever gets hold of its account, can take all that the cluster has: nodes, volumes, load balancers.",
		"ClusterResourceQuota", "HierarchicalResourceQuota", "Tenant"),
}
