package kops

import "github.com/landwaiter/landwaiter/internal/review"

var kopsAPIAccess = review.Rule{
	ID: "kops-api-access", Level: review.Error, Guidelines: []string{"G17"},
	Summary: "The API server of a cluster can be reached from everywhere",
	Kinds:   []string{cluster},
	Check:   checkKopsAPIAccess,
}

func checkKopsAPIAccess(p *review.Pass) {
	accessRule(p, apiAccess(p), "the API server",
		"A leaked credential, or a flaw in the API server itself, is then all that somebody on the internet needs.")
	if at := spec(p).Get("api", "loadBalancer", "type"); at.Text() == "Public" {
		p.Report(at, "cluster %s has its API server behind a public load balancer", p.Object.Name).
			Detail("An internal one is reached through a VPN or a bastion, and nobody scans it.")
	}
}
