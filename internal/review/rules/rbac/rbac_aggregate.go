package rbac

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var aggregate = review.Rule{
	ID: "rbac-aggregate", Level: review.Warning, Guidelines: []string{"G7"},
	Summary: "A ClusterRole adds more to the roles admin, edit or view than they are for",
	Kinds:   []string{"ClusterRole." + group},
	Check:   checkAggregate,
}

// changeRoles is what edit leaves to admin.
var changeRoles = power{
	can: "change who may do what (%s)", verbs: []string{"create", "update", "patch", "delete", "deletecollection"}, named: review.Warning,
	on: []resources{{group: group, names: []string{"roles", "rolebindings"}}},
}

// beyond are powers that neither admin nor edit has.
func beyond(role string) []power {
	powers := []power{
		escalateRoles, bindRoles, useKubelets, approveCertificates, changeAdmission, createVolumes,
		{can: "act as others (%s)", verbs: []string{"impersonate"}, verbal: true, named: review.Warning,
			on: []resources{{group: "", names: []string{"users", "groups"}}}},
		{can: "change what holds everywhere (%s)", verbs: []string{"create", "update", "patch", "delete", "deletecollection"}, named: review.Warning,
			on: []resources{
				{group: group, names: []string{"clusterroles", "clusterrolebindings"}},
				{group: "", names: []string{"nodes"}},
				{group: "apiextensions.k8s.io", names: []string{"customresourcedefinitions"}},
			}},
	}
	if role == "edit" {
		powers = append(powers, changeRoles)
	}
	return powers
}

func checkAggregate(p *review.Pass) {
	target, label := aggregatesInto(p.Object)
	if target == "" {
		return
	}
	for _, g := range grantsOf(p.Object) {
		if target == "view" {
			reportBeyondView(p, g, label)
			continue
		}
		for _, w := range beyond(target) {
			if hits := w.hits(g); len(hits) > 0 {
				d := p.Report(w.place(hits), "ClusterRole %s lets everyone with the role %s %s", p.Object.Name, target, w.phrase(hits))
				explain(d.Related(label).Detail("%s", tooMuch), p.Object, g, w, hits)
				break
			}
		}
	}
}

const tooMuch = "The label adds the rules to the role, and to every binding of it that there is: whoever got the role for what it usually allows has this too. Bind a role of its own to those who need it."

// aggregatesInto returns the least of the roles admin, edit and view that a ClusterRole becomes part of, and the label
// that says so. What is in view is in edit too, and what is in edit is in admin.
func aggregatesInto(o *manifests.Object) (role string, label manifests.Field) {
	for _, role := range []string{"view", "edit", "admin"} {
		label := o.Field().Get("metadata", "labels", group+"/aggregate-to-"+role)
		if label.Text() == "true" {
			return role, label
		}
	}
	return "", manifests.Field{}
}

// reportBeyondView reports what a role for looking should not allow: other verbs, and Secrets.
func reportBeyondView(p *review.Pass, g grant, label manifests.Field) {
	says := func(at manifests.Field, what string) *review.Draft {
		return p.Report(at, "ClusterRole %s lets everyone with the role view %s", p.Object.Name, what).Related(label).Detail("%s", tooMuch)
	}
	if hits := readSecrets.hits(g); len(hits) > 0 {
		explain(says(readSecrets.place(hits), "read Secrets"), p.Object, g, readSecrets, hits)
		return
	}
	var more []string
	for _, verb := range g.verbs {
		if !slices.Contains([]string{"get", "list", "watch", "proxy"}, verb.Text()) {
			more = append(more, verb.Text())
		}
	}
	if len(more) == 0 || len(g.resources) == 0 {
		return
	}
	at, _ := wordFor(g.verbs, more[0])
	d := says(at, titles([]manifests.Field{at}, "do everything with")+" "+titles(g.resources, "every resource"))
	for _, verb := range g.verbs {
		d.Related(verb)
	}
}
