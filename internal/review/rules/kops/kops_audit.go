package kops

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsAudit = review.Rule{
	ID: "kops-audit", Level: review.Error, Guidelines: []string{"G25"},
	Summary: "Nobody can find out later who asked the API server for what",
	Kinds:   []string{cluster},
	Check:   checkKopsAudit,
}

func checkKopsAudit(p *review.Pass) {
	api := spec(p).Get("kubeAPIServer")
	policy := api.Get("auditPolicyFile")
	log, webhook := api.Get("auditLogPath"), api.Get("auditWebhookConfigFile")
	const why = "After an incident nobody can tell which account did what, and from where."
	switch {
	case !log.IsSet() && !webhook.IsSet():
		p.Report(log, "the API server of cluster %s keeps no audit log", p.Object.Name).Detail(why)
	case !policy.IsSet():
		p.Report(policy, "the API server of cluster %s has an audit log and no audit policy, so that nothing is logged", p.Object.Name).Detail(why)
	case log.IsSet() && !webhook.IsSet() && log.Text() != "-" && !limits(api.Get("auditLogMaxAge")) && !limits(api.Get("auditLogMaxBackups")):
		p.Report(log, "the audit log of cluster %s has no retention", p.Object.Name).
			Detail("It grows until the disk of the control plane is full. Say how many days (auditLogMaxAge) and files (auditLogMaxBackups) are kept, and ship it elsewhere.")
	}
}

// limits reports whether a number of days or files is a limit; to the API server 0 is none.
func limits(at manifests.Field) bool { return at.IsSet() && at.Text() != "0" }
