package controlplane

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/review"
)

var apiserverAdmission = review.Rule{
	ID: "apiserver-admission", Level: review.Warning, Guidelines: []string{"G22", "G26"},
	Summary:   "Admission control lacks a plugin that bounds nodes or pods",
	CheckRoot: checkAdmission,
}

// guards are plugins that are on by default and hold something up when they are switched off.
var guards = map[string]string{
	"NodeRestriction":            "a kubelet may change other nodes and their pods",
	"PodSecurity":                "no namespace's Pod Security level counts",
	"ServiceAccount":             "pods may take any token they name",
	"NamespaceLifecycle":         "objects are made in namespaces that are being deleted",
	"ValidatingAdmissionWebhook": "no validating webhook is asked",
	"ValidatingAdmissionPolicy":  "no validating policy is asked",
	"MutatingAdmissionWebhook":   "no mutating webhook is asked",
	"ResourceQuota":              "no quota counts",
	"LimitRanger":                "no limit range counts",
}

func checkAdmission(p *review.Pass) {
	for _, c := range of(p, apiServer) {
		enabled := c.list("enable-admission-plugins")
		enabled = append(enabled, c.list("admission-control")...)
		if slices.Contains(enabled, "AlwaysAdmit") {
			c.where("enable-admission-plugins").report(p, "the API server enables AlwaysAdmit").
				Detail("It admits whatever comes; it is deprecated, and there is no use for it.")
		}
		if !slices.Contains(enabled, "NodeRestriction") && !c.open && !hasVariable(enabled) {
			checkNodeRestriction(p, c, enabled)
		}
		for _, name := range c.list("disable-admission-plugins") {
			if effect, known := guards[name]; known {
				c.where("disable-admission-plugins").report(p, "admission plugin %s is switched off: %s", name, effect).
					Detail("It is on by default, and what it refuses is mostly not meant.")
			}
		}
	}
}

func checkNodeRestriction(p *review.Pass, c component, enabled []string) {
	d := c.where("enable-admission-plugins").report(p, "admission plugin NodeRestriction is not enabled").
		Detail("A kubelet may then change labels and status of every node, and pods of all of them: who takes one node over gets at the rest.")
	all := "NodeRestriction"
	for _, name := range enabled {
		all += "," + name
	}
	if ops := c.ops("enable-admission-plugins", all); len(ops) > 0 {
		d.Fix("Enable NodeRestriction", ops...).Unsafe()
	}
}

func hasVariable(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return !flag{value: v}.known() })
}
