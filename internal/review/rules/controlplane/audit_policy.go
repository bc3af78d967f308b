package controlplane

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var auditPolicy = review.Rule{
	ID: "audit-policy", Level: review.Error, Guidelines: []string{"G25"},
	Summary:   "An audit policy drops what has to be recorded, or records Secrets",
	CheckRoot: checkAuditPolicy,
}

func checkAuditPolicy(p *review.Pass) {
	for _, policy := range configs(p.Root, "Policy", "audit.k8s.io") {
		rules := readAuditRules(policy.Field)
		reportBodies(p, policy, rules)
		reportDropped(p, policy, rules)
	}
}

// people are who asks in the sample requests: one of the staff, an application, and an administrator.
var people = []request{
	{user: "jane@example.com", groups: []string{"staff", "system:authenticated"}},
	{user: "system:serviceaccount:team:app", groups: []string{"system:serviceaccounts", "system:serviceaccounts:team", "system:authenticated"}},
	{user: "kubernetes-admin", groups: []string{"system:masters", "system:authenticated"}},
}

// confidential are what is asked for in samples of requests whose bodies are not to be recorded.
var confidential = []request{
	{resource: "secrets"}, {resource: "configmaps"}, {group: "authentication.k8s.io", resource: "tokenreviews"},
	{resource: "serviceaccounts", sub: "token"},
}

// verbs are what may be done with them; those of a review and of a token are create alone.
func (r request) verbs() []string {
	if r.sub == "token" || r.resource == "tokenreviews" {
		return []string{"create"}
	}
	return []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
}

// reportBodies asks the policy about requests for what is confidential, and reports the rules that record bodies.
func reportBodies(p *review.Pass, policy document, rules []auditRule) {
	shown := map[int][]string{}
	for _, who := range everybody(rules) {
		for _, what := range confidential {
			for _, verb := range what.verbs() {
				for _, namespace := range namespacesOf(rules) {
					r := request{user: who.user, groups: who.groups, verb: verb, namespace: namespace, group: what.group, resource: what.resource, sub: what.sub, name: "sample"}
					name := strings.TrimSuffix(what.resource+"/"+what.sub, "/")
					if i := decide(rules, r); i >= 0 && rules[i].showsBodies(r) && !slices.Contains(shown[i], name) {
						shown[i] = append(shown[i], name)
					}
				}
			}
		}
	}
	for i, names := range shown {
		slices.Sort(names)
		at := rules[i].Get("level")
		d := policy.place(at).report(p, "rule %d records what %s hold (level %s)", i+1, strings.Join(names, ", "), rules[i].level).
			Detail("Their contents then lie in the audit log as well, and wherever that is sent, readable for whoever reads logs. Name them in a rule of level Metadata before this one.")
		if ops := policy.set(at, "Metadata"); len(ops) > 0 {
			d.Fix("Record who did what, without the contents", ops...).Unsafe()
		}
	}
}

// everybody are the sample users, and those that rules name: a rule for one of them counts as well.
func everybody(rules []auditRule) []request {
	all := slices.Clone(people)
	for _, rule := range rules {
		if len(all) > 3+20 {
			break
		}
		for _, user := range rule.users {
			all = append(all, request{user: user, groups: []string{"system:authenticated"}})
		}
		for _, group := range rule.groups {
			all = append(all, request{user: "sample", groups: []string{group, "system:authenticated"}})
		}
	}
	return all
}

func namespacesOf(rules []auditRule) []string {
	all := []string{"team", "kube-system"}
	for _, rule := range rules {
		if len(all) > 20 {
			break
		}
		for _, namespace := range rule.namespaces {
			if namespace != "" && !slices.Contains(all, namespace) {
				all = append(all, namespace)
			}
		}
	}
	return all
}

// weighty are requests that have to be recorded, whoever makes them.
var weighty = []request{
	{verb: "create", resource: "pods", namespace: "kube-system"}, {verb: "get", resource: "secrets", namespace: "kube-system"},
	{verb: "create", resource: "pods", namespace: "team"}, {verb: "create", resource: "pods", sub: "exec", namespace: "team"},
	{verb: "get", resource: "secrets", namespace: "team"}, {verb: "list", resource: "secrets", namespace: "team"},
	{verb: "update", resource: "secrets", namespace: "team"}, {verb: "delete", resource: "configmaps", namespace: "team"},
	{verb: "create", resource: "serviceaccounts", sub: "token", namespace: "team"}, {verb: "delete", resource: "namespaces"},
	{verb: "patch", group: "apps", resource: "deployments", namespace: "team"}, {verb: "delete", group: "apps", resource: "daemonsets", namespace: "team"},
	{verb: "create", group: "rbac.authorization.k8s.io", resource: "clusterrolebindings"}, {verb: "update", group: "rbac.authorization.k8s.io", resource: "roles", namespace: "team"},
	{verb: "delete", group: "networking.k8s.io", resource: "networkpolicies", namespace: "team"},
	{verb: "create", group: "admissionregistration.k8s.io", resource: "validatingwebhookconfigurations"},
	{verb: "create", group: "certificates.k8s.io", resource: "certificatesigningrequests"}, {verb: "create", group: "example.com", resource: "widgets", namespace: "team"},
}

// reportDropped asks the policy about requests that have to be recorded, and reports the rules that drop them, and that
// no rule takes them.
func reportDropped(p *review.Pass, policy document, rules []auditRule) {
	dropped := map[int][]string{}
	for _, who := range people {
		for _, r := range weighty {
			r.user, r.groups, r.name = who.user, who.groups, "sample"
			i := decide(rules, r)
			if i >= 0 && rules[i].records() {
				continue
			}
			what := strings.TrimSuffix(r.resource+"/"+r.sub, "/")
			if text := r.verb + " " + what; !slices.Contains(dropped[i], text) {
				dropped[i] = append(dropped[i], text)
			}
		}
	}
	for i, requests := range dropped {
		if i < 0 {
			policy.place(policy.Get("rules")).report(p, "no rule of the audit policy takes what is left: %s", someOf(requests)).
				Detail("A request that no rule takes is not recorded. End the policy with a rule of level Metadata that has nothing but its level.")
			continue
		}
		policy.place(rules[i].Get("level")).report(p, "rule %d keeps requests out of the audit log: %s", i+1, someOf(requests)).
			Detail("The first rule that matches decides. Whoever does these things leaves no trace.")
	}
}

// someOf names the first of a list and counts the others.
func someOf(names []string) string {
	const named = 3
	if len(names) <= named {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:named], ", "), len(names)-named)
}
