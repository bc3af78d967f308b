package network

import "github.com/landwaiter/landwaiter/internal/review"

var serviceExternalIPs = review.Rule{
	ID: "service-external-ips", Level: review.Error, Guidelines: []string{"G17"},
	Summary: "A service claims addresses outside the cluster for itself",
	Kinds:   []string{"Service"},
	Check:   checkServiceExternalIPs,
}

func checkServiceExternalIPs(p *review.Pass) {
	at := p.Object.Field().Get("spec", "externalIPs")
	if !isService(p.Object) || len(at.Items()) == 0 {
		return
	}
	p.Report(at, "service %s claims external addresses", p.Object.Name).
		Detail("Every node then sends what is meant for these addresses to the service's pods, whoever they belong to: traffic of others can be read that way (CVE-2020-8554). Use a load balancer, which is given addresses that are its own.")
}
