// Package network holds the rules on who can reach what: network policies, what faces the internet, and how TLS, SSH
// and VPNs are set up.
package network

import (
	"embed"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	return review.Area("network", docs,
		networkPolicyMissing, defaultDenyIngress, defaultDenyEgress, networkPolicyAllowAll, metadataEgress, networkPolicyDangling,
		serviceLoadBalancer, openCIDR, serviceLoadBalancerEdge, serviceNodePort, serviceExternalIPs, serviceExternalName,
		ingressControllerEdge, ingressTLS, tlsVersionRule, tlsCiphersRule, tlsPlaintextBackend, certificateWeak,
		ingressHost, ingressHostDuplicate, ingressSnippet, ingressDefaultBackend, routeTLS, adminConsoleOpen, sshdConfigRule,
		openVPNMFA, hstsMissing, certificateIssuer, wafMissing, networkPolicyUnenforced, overlayEtcdTLS, controlPlaneFirewall,
		privilegedPort,
	)
}
