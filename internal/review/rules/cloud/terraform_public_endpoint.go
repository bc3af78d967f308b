package cloud

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var terraformPublicEndpoint = review.Rule{
	ID: "terraform-public-endpoint", Level: review.Error, Guidelines: []string{"G17"},
	Summary:   "Terraform makes a cluster whose API server the whole internet reaches",
	Kinds:     append(resources("aws_eks_cluster", "google_container_cluster", "azurerm_kubernetes_cluster"), "module."+ofModule),
	Terraform: true,
	Check:     checkPublicEndpoint,
}

const publicEndpoint = "Every flaw of the API server and every lost credential can be used from anywhere. Make the endpoint private, or name the networks that may reach it."

func checkPublicEndpoint(p *review.Pass) {
	switch p.Object.Kind {
	case "aws_eks_cluster":
		for _, config := range blocks(body(p.Object).Get("vpc_config")) {
			checkEKSEndpoint(p, config)
		}
	case "google_container_cluster":
		checkGKEEndpoint(p, body(p.Object))
	case "azurerm_kubernetes_cluster":
		checkAKSEndpoint(p, body(p.Object))
	case "module":
		checkEKSModule(p, body(p.Object))
	}
}

// checkEKSEndpoint judges vpc_config: the endpoint is public unless it is said not to be, and for everybody unless
// addresses are named.
func checkEKSEndpoint(p *review.Pass, config manifests.Field) {
	public, addresses := config.Get("endpoint_public_access"), config.Get("public_access_cidrs")
	if public.IsSet() && !isTrue(public) {
		return
	}
	switch open := everybody(addresses); {
	case len(open) > 0:
		p.Report(open[0], "everybody reaches the API server of %s", title(p.Object)).Detail(publicEndpoint)
	case !addresses.IsSet():
		p.Report(public, "everybody reaches the API server of %s: it names no addresses", title(p.Object)).Detail(publicEndpoint)
	}
}

// checkEKSModule judges what the common module for EKS is given. Since its version 19 the endpoint is private unless it is
// said to be public, and then for everybody unless addresses are named; version 21 leaves the prefix out.
func checkEKSModule(p *review.Pass, given manifests.Field) {
	if source := given.Get("source").Text(); !strings.Contains(source, "terraform-aws-modules/eks") && !strings.Contains(source, "terraform-aws-modules/terraform-aws-eks") {
		return
	}
	for _, prefix := range []string{"cluster_", ""} {
		public, addresses := given.Get(prefix+"endpoint_public_access"), given.Get(prefix+"endpoint_public_access_cidrs")
		switch open := everybody(addresses); {
		case !isTrue(public):
		case len(open) > 0:
			p.Report(open[0], "everybody reaches the API server of %s", title(p.Object)).Detail(publicEndpoint)
		case !addresses.IsSet():
			p.Report(public, "everybody reaches the API server of %s: it names no addresses", title(p.Object)).Detail(publicEndpoint)
		}
	}
}

// checkGKEEndpoint judges a cluster of Google's: its endpoint is public, for all unless networks are authorized.
func checkGKEEndpoint(p *review.Pass, cluster manifests.Field) {
	for _, private := range blocks(cluster.Get("private_cluster_config")) {
		if at := private.Get("enable_private_endpoint"); at.IsSet() && !isFalse(at) {
			return
		}
	}
	for _, control := range blocks(cluster.Get("control_plane_endpoints_config")) {
		for _, ip := range blocks(control.Get("ip_endpoints_config")) {
			if isFalse(ip.Get("enabled")) {
				return
			}
		}
	}
	networks := cluster.Get("master_authorized_networks_config")
	if !networks.IsSet() {
		p.Report(networks, "everybody reaches the API server of %s: it authorizes no networks", title(p.Object)).Detail(publicEndpoint)
		return
	}
	for _, config := range blocks(networks) {
		for _, network := range blocks(config.Get("cidr_blocks")) {
			for _, at := range everybody(network.Get("cidr_block")) {
				p.Report(at, "everybody reaches the API server of %s", title(p.Object)).Detail(publicEndpoint)
			}
		}
	}
}

// checkAKSEndpoint judges a cluster of Azure's, in the provider's present and former forms.
func checkAKSEndpoint(p *review.Pass, cluster manifests.Field) {
	private, ranges := cluster.Get("private_cluster_enabled"), cluster.Get("api_server_authorized_ip_ranges")
	if private.IsSet() && !isFalse(private) {
		return
	}
	for _, profile := range blocks(cluster.Get("api_server_access_profile")) {
		if at := profile.Get("authorized_ip_ranges"); at.IsSet() {
			ranges = at
		}
	}
	switch open := everybody(ranges); {
	case len(open) > 0:
		p.Report(open[0], "everybody reaches the API server of %s", title(p.Object)).Detail(publicEndpoint)
	case !ranges.IsSet():
		p.Report(ranges, "everybody reaches the API server of %s: it names no addresses", title(p.Object)).Detail(publicEndpoint)
	}
}
