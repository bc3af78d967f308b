package controlplane

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var authenticationJWT = review.Rule{
	ID: "authentication-jwt", Level: review.Warning, Guidelines: []string{"G9", "G7"},
	Summary:   "An identity provider may say that somebody is in a group of the cluster's own",
	CheckRoot: checkAuthenticationJWT,
}

const jwtDetail = "Whoever may make a group there, or name themselves, calls it system:masters and is administrator of the cluster. With a prefix the provider's names and the cluster's own are kept apart."

func checkAuthenticationJWT(p *review.Pass) {
	for _, c := range of(p, apiServer) {
		claim, written := c.get("oidc-groups-claim")
		if written && claim.value != "" && !c.open && c.value("oidc-groups-prefix") == "" {
			c.where("oidc-groups-prefix").report(p, "groups of the identity provider count as the cluster's own: there is no --oidc-groups-prefix").Detail("%s", jwtDetail)
		}
	}
	for _, config := range configs(p.Root, "AuthenticationConfiguration", "apiserver.config.k8s.io") {
		for _, provider := range config.Get("jwt").Items() {
			checkProvider(p, config, provider)
		}
	}
}

func checkProvider(p *review.Pass, config document, provider manifests.Field) {
	mappings := provider.Get("claimMappings")
	if refusesSystem(provider) {
		return
	}
	for key, what := range map[string]string{"groups": "groups", "username": "names"} {
		claim, prefix := mappings.Get(key, "claim"), mappings.Get(key, "prefix")
		if claim.Text() != "" && prefix.Text() == "" {
			config.place(prefix).report(p, "%s of the identity provider count as the cluster's own: they get no prefix", what).Detail("%s", jwtDetail)
		}
	}
}

// refusesSystem reports whether the provider's users and groups are held against the names of the cluster.
func refusesSystem(provider manifests.Field) bool {
	found := false
	for _, rule := range append(provider.Get("userValidationRules").Items(), provider.Get("claimValidationRules").Items()...) {
		found = found || strings.Contains(rule.Get("expression").Text(), "system:")
	}
	return found
}
