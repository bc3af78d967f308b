package network

import "github.com/landwaiter/landwaiter/internal/review"

var serviceLoadBalancer = review.Rule{
	ID: "service-load-balancer", Level: review.Warning, Guidelines: []string{"G17"},
	Summary: "A load balancer takes connections from every address",
	Kinds:   []string{"Service"},
	Check:   checkServiceLoadBalancer,
}

func checkServiceLoadBalancer(p *review.Pass) {
	if isBalancer(p.Object) && !isInternal(p, p.Object) && !isLimited(p.Object) {
		p.Report(p.Object.Field().Get("spec", "type"), "service %s opens a load balancer to every address", p.Object.Name).
			Detail("The cloud gives it a public address that anyone can connect to. If only some may, list them in loadBalancerSourceRanges; if nobody outside may, make the load balancer internal by the cloud's annotation.")
	}
}
