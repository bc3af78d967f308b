package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var networkWrite = powerRule(review.Rule{
	ID: "rbac-network-write", Level: review.Warning, Guidelines: []string{"G7"},
	Summary: "A role can change Services, their endpoints, Ingresses or network policies",
}, "Who writes these decides where traffic goes: to pods of the holder's, to addresses outside, from the internet to what was inside, or past the policies that kept pods apart.",
	changeNetwork)

var changeNetwork = power{
	can: "redirect or open traffic (%s)", usual: true, verbs: []string{"create", "update", "patch", "delete", "deletecollection"},
	on: []resources{
		{group: "", names: []string{"services", "endpoints"}},
		{group: "discovery.k8s.io", names: []string{"endpointslices"}},
		{group: "networking.k8s.io", names: []string{"ingresses", "networkpolicies"}},
		{group: "extensions", names: []string{"ingresses", "networkpolicies"}},
		{group: "projectcalico.org", names: []string{"networkpolicies"}},
		{group: "projectcalico.org", names: []string{"globalnetworkpolicies"}, cluster: true},
		{group: "crd.projectcalico.org", names: []string{"networkpolicies"}},
		{group: "crd.projectcalico.org", names: []string{"globalnetworkpolicies"}, cluster: true},
		{group: "cilium.io", names: []string{"ciliumnetworkpolicies"}},
		{group: "cilium.io", names: []string{"ciliumclusterwidenetworkpolicies"}, cluster: true},
		{group: "policy.networking.k8s.io", names: []string{"adminnetworkpolicies", "baselineadminnetworkpolicies", "clusternetworkpolicies"}, cluster: true},
		{group: "gateway.networking.k8s.io", names: []string{"gateways", "httproutes", "grpcroutes", "tlsroutes", "tcproutes"}},
		{group: "route.openshift.io", names: []string{"routes"}},
	},
}
