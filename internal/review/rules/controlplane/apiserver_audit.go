package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var apiserverAudit = review.Rule{
	ID: "apiserver-audit", Level: review.Warning, Guidelines: []string{"G25"},
	Summary: "The API server keeps no record of what was asked of it",
	CheckRoot: func(p *review.Pass) {
		for _, c := range of(p, apiServer) {
			const detail = "Nobody can find out later who read a Secret, or who let themselves in."
			nowhere := !c.has("audit-log-path") && !c.has("audit-webhook-config-file")
			switch {
			case nowhere && !c.has("audit-policy-file"):
				reportMissing(p, c, []string{"audit-policy-file", "audit-log-path"}, "the API server records no requests: it has no audit policy, and nowhere to write", detail)
			case nowhere:
				reportMissing(p, c, []string{"audit-log-path"}, "the API server's audit records go nowhere", detail)
			default:
				reportMissing(p, c, []string{"audit-policy-file"}, "the API server records no requests: it has no audit policy", detail)
			}
		}
	},
}
