package controlplane

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// request is what an audit policy decides on.
type request struct {
	user      string
	groups    []string
	verb      string
	namespace string
	group     string // API group
	resource  string
	sub       string // subresource
	name      string
}

// auditRule is one rule of an audit Policy, read.
type auditRule struct {
	manifests.Field
	level                                     string
	users, groups, verbs, namespaces, nonPath []string
	resources                                 []auditResources
	silent                                    bool // the stages at which requests are recorded are all omitted
}

type auditResources struct {
	group            string
	resources, names []string
}

// maxAuditRules is how many rules of a policy are looked at; real ones have some dozens.
const maxAuditRules = 300

// readAuditRules reads a Policy of audit.k8s.io.
func readAuditRules(policy manifests.Field) []auditRule {
	var rules []auditRule
	for _, item := range policy.Get("rules").Items() {
		if len(rules) == maxAuditRules {
			break
		}
		r := auditRule{Field: item, level: item.Get("level").Text(), users: strs(item.Get("users")), groups: strs(item.Get("userGroups")),
			verbs: strs(item.Get("verbs")), namespaces: strs(item.Get("namespaces")), nonPath: strs(item.Get("nonResourceURLs"))}
		for _, res := range item.Get("resources").Items() {
			r.resources = append(r.resources, auditResources{res.Get("group").Text(), strs(res.Get("resources")), strs(res.Get("resourceNames"))})
		}
		stages := append(strs(policy.Get("omitStages")), strs(item.Get("omitStages"))...)
		r.silent = slices.Contains(stages, "RequestReceived") && slices.Contains(stages, "ResponseComplete")
		rules = append(rules, r)
	}
	return rules
}

func strs(f manifests.Field) []string {
	var values []string
	for _, item := range f.Items() {
		values = append(values, item.Text())
	}
	return values
}

// decide returns the rule that decides on a request, the first that matches; -1 when none does, and nothing is recorded.
func decide(rules []auditRule, r request) int {
	return slices.IndexFunc(rules, func(rule auditRule) bool { return rule.matches(r) })
}

// matches follows the API server (k8s.io/apiserver, pkg/audit/policy): an empty list of a rule matches everything, but
// rules for paths match no requests for resources.
func (rule auditRule) matches(r request) bool {
	switch {
	case len(rule.users) > 0 && !slices.Contains(rule.users, r.user),
		len(rule.groups) > 0 && !slices.ContainsFunc(r.groups, func(g string) bool { return slices.Contains(rule.groups, g) }),
		len(rule.verbs) > 0 && !slices.Contains(rule.verbs, r.verb),
		len(rule.namespaces) > 0 && !slices.Contains(rule.namespaces, r.namespace):
		return false
	case len(rule.resources) > 0:
		return slices.ContainsFunc(rule.resources, func(a auditResources) bool { return a.matches(r) })
	case len(rule.namespaces) > 0:
		return true
	}
	return len(rule.nonPath) == 0
}

func (a auditResources) matches(r request) bool {
	if a.group != r.group {
		return false
	}
	if len(a.resources) == 0 {
		return true
	}
	if len(a.names) > 0 && !slices.Contains(a.names, r.name) {
		return false
	}
	full := r.resource
	if r.sub != "" {
		full += "/" + r.sub
	}
	return slices.ContainsFunc(a.resources, func(want string) bool {
		head, tail, _ := strings.Cut(want, "/")
		return want == full || want == "*" || r.sub != "" && head == "*" && tail == r.sub || tail == "*" && head == r.resource
	})
}

// records reports whether a rule records requests at all, and showsBodies whether with what they hold.
func (rule auditRule) records() bool { return rule.level != "None" && !rule.silent }

func (rule auditRule) showsBodies(r request) bool {
	switch rule.level {
	case "RequestResponse":
		return !rule.silent
	case "Request":
		return !rule.silent && r.sub != "token" && slices.Contains([]string{"create", "update", "patch"}, r.verb) // a token is in the response
	}
	return false
}
