// Package rules lists every rule there is.
package rules

import (
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/admission"
	"github.com/landwaiter/landwaiter/internal/review/rules/api"
	"github.com/landwaiter/landwaiter/internal/review/rules/change"
	"github.com/landwaiter/landwaiter/internal/review/rules/cloud"
	"github.com/landwaiter/landwaiter/internal/review/rules/controlplane"
	"github.com/landwaiter/landwaiter/internal/review/rules/gitops"
	"github.com/landwaiter/landwaiter/internal/review/rules/image"
	"github.com/landwaiter/landwaiter/internal/review/rules/kops"
	"github.com/landwaiter/landwaiter/internal/review/rules/namespace"
	"github.com/landwaiter/landwaiter/internal/review/rules/network"
	"github.com/landwaiter/landwaiter/internal/review/rules/pod"
	"github.com/landwaiter/landwaiter/internal/review/rules/protection"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss"
	"github.com/landwaiter/landwaiter/internal/review/rules/rbac"
	"github.com/landwaiter/landwaiter/internal/review/rules/reliability"
	"github.com/landwaiter/landwaiter/internal/review/rules/rendering"
	"github.com/landwaiter/landwaiter/internal/review/rules/resources"
	"github.com/landwaiter/landwaiter/internal/review/rules/secret"
)

// All returns the rules in the order of the catalogue. Each call makes a list of its own.
func All() []*review.Rule {
	var all []*review.Rule
	for _, area := range [][]review.Rule{
		pod.Rules(), pss.Rules(), image.Rules(),
		namespace.Rules(), resources.Rules(), reliability.Rules(), rbac.Rules(), network.Rules(), secret.Rules(), api.Rules(), kops.Rules(), controlplane.Rules(), admission.Rules(), cloud.Rules(), gitops.Rules(), protection.Rules(), change.Rules(), rendering.Rules(),
	} {
		for i := range area {
			all = append(all, &area[i])
		}
	}
	return all
}
