package controlplane

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/review"
)

var apiserverAuthorization = review.Rule{
	ID: "apiserver-authorization", Level: review.Error, Guidelines: []string{"G6", "G22"},
	Summary:   "The API server does not decide by RBAC who may do what",
	CheckRoot: checkAuthorization,
}

const (
	allowsAll = "Whoever has signed in, every pod with a token included, may do everything in the cluster."
	byFile    = "Rights come from a file that only a restart reads again, and no role, binding or review of them says what it grants."
)

func checkAuthorization(p *review.Pass) {
	for _, c := range of(p, apiServer) {
		f, written := c.get("authorization-mode")
		modes := c.list("authorization-mode")
		if _, byConfig := c.get("authorization-config"); byConfig || !written && c.open || hasVariable(modes) {
			continue
		}
		at := c.where("authorization-mode")
		d := judgeModes(p, at, modes)
		if d != nil && written && f.set != nil {
			d.Fix("Use Node and RBAC", f.set("Node,RBAC")...).Unsafe()
		}
	}
	for _, config := range configs(p.Root, "AuthorizationConfiguration", "apiserver.config.k8s.io") {
		judgeAuthorizers(p, config)
	}
}

// judgeModes reports the worst that a list of modes does.
func judgeModes(p *review.Pass, at place, modes []string) *review.Draft {
	switch {
	case slices.Contains(modes, "AlwaysAllow"):
		return at.report(p, "the API server allows every request (authorization mode AlwaysAllow)").Detail("%s", allowsAll)
	case slices.Contains(modes, "ABAC"):
		return at.report(p, "the API server grants rights by a file (authorization mode ABAC)").Detail("%s", byFile)
	case !slices.Contains(modes, "RBAC"):
		return at.report(p, "the API server does not use RBAC").Detail("Roles and bindings in the cluster then grant and bound nothing.")
	case !slices.Contains(modes, "Node"):
		return at.report(p, "the API server does not use the node authorizer").Lower(review.Warning).
			Detail("Kubelets then need rights by RBAC, which cannot hold one to the Secrets and pods of its own node.")
	}
	return nil
}

func judgeAuthorizers(p *review.Pass, config document) {
	authorizers := config.Get("authorizers")
	var modes []string
	for _, item := range authorizers.Items() {
		modes = append(modes, item.Get("type").Text())
	}
	at := authorizers
	if i := slices.IndexFunc(modes, func(mode string) bool { return mode == "AlwaysAllow" || mode == "ABAC" }); i >= 0 {
		at = authorizers.At(i).Get("type")
	}
	judgeModes(p, config.place(at), modes)
	for _, item := range authorizers.Items() {
		policy := item.Get("webhook", "failurePolicy")
		if policy.Text() == "NoOpinion" && item.Get("webhook", "matchConditions").IsSet() {
			config.place(policy).report(p, "requests that authorizer %s is to deny pass when it does not answer", item.Get("name").Text()).
				Lower(review.Warning).Detail("An authorizer for some requests only is mostly there to refuse them. While it is down the next one decides.")
		}
	}
}
