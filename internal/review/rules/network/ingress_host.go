package network

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var ingressHost = review.Rule{
	ID: "ingress-host", Level: review.Warning, Guidelines: []string{"G17"},
	Summary: "An Ingress answers for hosts that it does not name",
	Kinds:   []string{"Ingress"},
	Check:   checkIngressHost,
}

func checkIngressHost(p *review.Pass) {
	if !isIngress(p.Object) {
		return
	}
	for _, rule := range p.Object.Field().Get("spec", "rules").Items() {
		host := rule.Get("host")
		switch {
		case host.Text() == "" && rule.Get("http", "paths").IsList():
			p.Report(host, "ingress %s answers for every host", p.Object.Name).
				Detail("Requests reach the service under any name that leads to the controller, also under one that somebody else has set up, and past rules that go by the host.")
		case strings.Contains(host.Text(), "*"):
			p.Report(host, "ingress %s answers for all hosts of %s", p.Object.Name, host.Text()).
				Detail("It takes what is meant for names that do not exist yet, and a name left over in DNS leads to it.")
		}
	}
}
