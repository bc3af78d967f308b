package controlplane

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Audit is what an audit policy does with a sample of requests that have to be recorded.
type Audit struct {
	By, Request  string          // who asks for what, as in "create pods/exec"
	Level        string          // "None" where it is not recorded
	Confidential bool            // what it holds should not be recorded, only that it was made
	Rule         manifests.Field // that decides; the list of rules where none does
}

// Audited asks a Policy of audit.k8s.io about samples of requests that have to be recorded, whoever makes them.
func Audited(policy manifests.Field) (all []Audit) {
	rules := readAuditRules(policy)
	for _, who := range people {
		for _, r := range weighty {
			r.user, r.groups, r.name = who.user, who.groups, "sample"
			sample := Audit{By: who.user, Request: r.verb + " " + strings.TrimSuffix(r.resource+"/"+r.sub, "/"), Level: "None", Rule: policy.Get("rules"),
				Confidential: r.resource == "secrets" || r.resource == "configmaps" || r.sub == "token"}
			if i := decide(rules, r); i >= 0 {
				sample.Rule = rules[i].Field
				if rules[i].records() {
					sample.Level = rules[i].level
				}
			}
			all = append(all, sample)
		}
	}
	return all
}
