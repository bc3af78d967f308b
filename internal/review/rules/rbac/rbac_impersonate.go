package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var impersonate = review.Rule{
	ID: "rbac-impersonate", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A role can act as other users, groups or service accounts",
	Kinds:   onRoles(),
	Check:   checkImpersonate,
}

var actAsOthers = power{
	can: "act as others (%s)", verbs: []string{"impersonate"}, verbal: true,
	named: review.Warning, worst: []string{"system:masters"},
	on: []resources{
		{group: "", names: []string{"serviceaccounts"}},
		{group: "", names: []string{"users", "groups"}, cluster: true},
	},
}

// actInPart is to act as others as far as further grants name the actions, with verbs such as impersonate-on:user-info:list.
// To act as the node that the holder runs on (impersonate:associated-node) is no power over others.
//
// https://kubernetes.io/docs/reference/access-authn-authz/constrained-impersonation/
var actInPart = power{
	can: "act as others for some actions (%s)", verbal: true, worst: []string{"system:masters"},
	verbs: []string{"impersonate:user-info", "impersonate:serviceaccount", "impersonate:arbitrary-node"},
	on: []resources{
		{group: "authentication.k8s.io", names: []string{"serviceaccounts"}},
		{group: "authentication.k8s.io", names: []string{"users", "groups", "nodes"}, cluster: true},
	},
}

// constrainedImpersonation is the minor version from which the API server knows the verbs of actInPart by default.
const constrainedImpersonation = 36

func checkImpersonate(p *review.Pass) {
	for _, g := range grantsOf(p.Object) {
		if d := reportPower(p, g, actAsOthers, actAsOthers.hits(g)); d != nil {
			d.Detail("%s %s", "Requests in another's name are allowed whatever that one may do, and the group system:masters may do everything.", holdersOf(p))
			continue
		}
		if !p.Kube.AtLeast(constrainedImpersonation) {
			continue
		}
		if d := reportPower(p, g, actInPart, actInPart.hits(g)); d != nil {
			d.Detail("%s %s", "In another's name the holder may do what impersonate-on verbs of its roles name, wherever that one may do it. Name in resourceNames whom it may act as.", holdersOf(p)).
				Lower(review.Warning)
		}
	}
}
