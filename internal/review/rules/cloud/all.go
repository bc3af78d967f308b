// Package cloud holds the rules on how pods come by the rights of a cloud's roles.
package cloud

import (
	"embed"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	return review.Area("cloud", docs, podCloudRole, kube2iamIptables,
		terraformOpenCIDR, terraformClusterTags, terraformPublicEndpoint, terraformNodeGroup, terraformRegistry, terraformIAMWildcard,
		terraformKeyInState, terraformRouteGained,
	)
}
