package network

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var serviceLoadBalancerEdge = review.Rule{
	ID: "service-load-balancer-edge", Level: review.Info, Guidelines: []string{"G18"},
	Summary: "A load balancer sends traffic to every node",
	Kinds:   []string{"Service"},
	Check:   checkServiceLoadBalancerEdge,
}

func checkServiceLoadBalancerEdge(p *review.Pass) {
	policy := p.Object.Field().Get("spec", "externalTrafficPolicy")
	if !isBalancer(p.Object) || policy.Text() == "Local" || choosesNodes(p.Object) {
		return
	}
	p.Report(policy, "service %s has its load balancer send traffic to every node", p.Object.Name).
		Detail("Every node then listens to the outside, and passes connections on under its own address. Let only edge nodes be targets, or only those that run one of the pods.").
		Fix("send traffic only to nodes that run a pod of the service", review.Set(policy, "Local")).Unsafe()
}

// nodesBy are the annotations by which a load balancer's nodes are chosen.
var nodesBy = []string{
	"service.beta.kubernetes.io/aws-load-balancer-target-node-labels", "load-balancer.hetzner.cloud/node-selector",
	"oci.oraclecloud.com/node-label-selector", "service.beta.kubernetes.io/azure-load-balancer-configurations",
	"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-backend-label",
}

// choosesNodes reports whether a load balancer goes to chosen nodes, or to pods and no nodes.
func choosesNodes(o *manifests.Object) bool {
	kind, target := annotation(o, "service.beta.kubernetes.io/aws-load-balancer-type"), annotation(o, "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type")
	spec := o.Field().Get("spec")
	return slices.ContainsFunc(nodesBy, func(key string) bool { return annotation(o, key).Text() != "" }) ||
		kind.Text() == "nlb-ip" || target.Text() == "ip" || annotation(o, "cloud.google.com/neg").IsSet() ||
		spec.Get("allocateLoadBalancerNodePorts").False() || spec.Get("loadBalancerClass").Text() == "tailscale"
}
