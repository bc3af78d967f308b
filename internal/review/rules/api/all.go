// Package api holds the rules on what an API server takes and what objects expect of each other: versions that are
// served, schemas, and references that lead somewhere.
package api

import (
	"embed"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	return review.Area("api", docs,
		apiRemoved, apiDeprecated, schema, duplicateObject, selectorMismatch,
		serviceSelectorDangling, serviceTargetPort, ingressBackendMissing, configMissing, serviceAccountMissing, hpaTargetMissing,
		pdbDangling, serviceMonitorDangling, webhookServiceMissing, networkPolicyPeerDangling, persistentVolumeClaimMissing, storageClassMissing,
		roleRef, removedInUse, envDuplicate, labelInvalid,
	)
}
