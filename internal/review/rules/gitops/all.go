// Package gitops holds the rules on what delivers the manifests: Argo CD's and Flux's own objects.
//
// An Application or a HelmRelease names a source, and whatever the source holds runs in the cluster. So a source that
// anyone can change, or that is fetched so that anyone can change it on the way, is as much as a role for everybody.
package gitops

import (
	"embed"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	return review.Area("gitops", docs,
		argoProjectWildcard, argoDefaultProject, argoUnpinned, argoInsecure,
		fluxUnverified, fluxCrossNamespace, fluxImpersonation, helmSourceInsecure,
	)
}
