// Package kops holds the rules on clusters that kops makes: Cluster and InstanceGroup, in v1alpha2 and v1alpha3, which put
// some fields in other places.
//
// kops fills in what is left out, and what it fills in is mostly what is safe today. A rule fires on a field that is left
// out only where kops leaves it open: sshAccess and kubernetesApiAccess are any address, the kubelet answers anybody, and
// nothing is logged.
package kops

import (
	"embed"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	return review.Area("kops", docs,
		kopsAuthorization, kopsAnonymousAuth, kopsAPIAccess, kopsSSHAccess, kopsMetadata, kopsEtcd, kopsEncryption, kopsAudit, kopsOIDC,
		kopsStaticAuth, kopsServiceAccountIssuer, kopsTopology, kopsAdmission, kopsKubelet, kopsTLS, kopsBurstable, kopsRootVolume,
		kopsEdgeGroup, kopsIAMPolicy, kopsVersion, kopsStateStore, kopsNode, kopsImage, kopsAddonMissing, kopsHook,
	)
}
