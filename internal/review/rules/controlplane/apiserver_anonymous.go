package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var apiserverAnonymous = review.Rule{
	ID: "apiserver-anonymous", Level: review.Error, Guidelines: []string{"G22"},
	Summary:   "The API server takes requests of nobody in particular",
	CheckRoot: checkAnonymous,
}

const anonymousDetail = "They run as system:anonymous, in the group system:unauthenticated, and one wrong binding opens the cluster to everybody who reaches the API. Where health checks need it, an AuthenticationConfiguration lets in those paths only."

func checkAnonymous(p *review.Pass) {
	rule := expectation{
		component: apiServer, flag: "anonymous-auth", good: is("false"),
		bad:     "the API server takes anonymous requests",
		missing: "the API server takes anonymous requests, which it does unless --anonymous-auth is false",
		detail:  anonymousDetail, want: false, title: "Take no anonymous requests", mild: review.Warning,
	}
	for _, c := range of(p, apiServer) {
		_, byConfig := c.get("authentication-config")
		if _, written := c.get("anonymous-auth"); byConfig || c.kubeadm && !written {
			continue // kubeadm's own probes and its joining nodes ask without credentials
		}
		rule.judge(p, c)
	}
	for _, config := range configs(p.Root, "AuthenticationConfiguration", "apiserver.config.k8s.io") {
		at := config.Get("anonymous", "enabled")
		if at.True() && len(config.Get("anonymous", "conditions").Items()) == 0 {
			d := config.place(at).report(p, "the API server takes anonymous requests for every path").Detail("%s", anonymousDetail)
			if ops := config.set(at, false); len(ops) > 0 {
				d.Fix("Take no anonymous requests", ops...).Unsafe()
			}
		}
	}
}
