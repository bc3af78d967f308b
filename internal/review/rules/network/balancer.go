package network

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// isService reports whether o is a Service of Kubernetes, not one of Knative.
func isService(o *manifests.Object) bool { return o.Kind == "Service" && o.Group() == "" }

func isBalancer(o *manifests.Object) bool {
	return isService(o) && o.Field().Get("spec", "type").Text() == "LoadBalancer"
}

func annotation(o *manifests.Object, key string) manifests.Field {
	return o.Field().Get("metadata", "annotations", key)
}

// internalBy are the annotations by which clouds make a load balancer that only their own network reaches, with the
// values that do; with none every value but "false" does.
var internalBy = map[string][]string{
	"service.beta.kubernetes.io/aws-load-balancer-internal":              nil,
	"service.beta.kubernetes.io/aws-load-balancer-scheme":                {"internal"},
	"networking.gke.io/load-balancer-type":                               {"internal"},
	"cloud.google.com/load-balancer-type":                                {"internal"},
	"service.beta.kubernetes.io/azure-load-balancer-internal":            {"true"},
	"service.beta.kubernetes.io/openstack-internal-load-balancer":        {"true"},
	"service.beta.kubernetes.io/cce-load-balancer-internal-vpc":          {"true"},
	"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": {"intranet"},
	"service.beta.kubernetes.io/alicloud-loadbalancer-address-type":      {"intranet"},
	"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid":        nil,
	"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type":     {"private"},
	"service.beta.kubernetes.io/oci-load-balancer-internal":              {"true"},
	"oci-network-load-balancer.oraclecloud.com/internal":                 {"true"},
	"service.beta.kubernetes.io/do-loadbalancer-network":                 {"internal"},
	"load-balancer.hetzner.cloud/disable-public-network":                 {"true"},
	"service.beta.kubernetes.io/scw-loadbalancer-private":                {"true"},
	"yandex.cloud/load-balancer-type":                                    {"internal"},
}

// addressesBy are the annotations that give a load balancer its addresses.
var addressesBy = []string{
	"metallb.universe.tf/loadBalancerIPs", "metallb.io/loadBalancerIPs", "io.cilium/lb-ipam-ips", "lbipam.cilium.io/ips",
	"kube-vip.io/loadbalancerIPs", "purelb.io/addresses",
}

// isInternal reports whether a load balancer is only reached from a network of one's own.
func isInternal(p *review.Pass, o *manifests.Object) bool {
	for key, values := range internalBy {
		value := strings.ToLower(annotation(o, key).Text())
		if slices.Contains(values, value) || values == nil && value != "" && value != "false" {
			return true
		}
	}
	class := o.Field().Get("spec", "loadBalancerClass").Text()
	return class == "tailscale" || internalByDefault(o, class) || privateAddresses(o) || privatePools(p)
}

// poolFields are the fields by which MetalLB's and Cilium's pools say what addresses load balancers get.
var poolFields = map[string][]string{
	"IPAddressPool":            {"spec.addresses.*"},
	"CiliumLoadBalancerIPPool": {"spec.blocks.*.cidr", "spec.blocks.*.start", "spec.cidrs.*.cidr"},
}

// privatePools reports whether the repository has pools of addresses for load balancers, and the internet knows none of
// them.
func privatePools(p *review.Pass) bool {
	return review.OnceOf(p.Index, "network/pools", func(x *review.Index) bool {
		var given []string
		for kind, fields := range poolFields {
			for _, o := range x.OfKind(kind) {
				for _, at := range fields {
					for _, f := range fieldsAt(o.Field(), at) {
						if first, _, _ := strings.Cut(f.Text(), "-"); first != "" {
							given = append(given, strings.TrimSpace(first))
						}
					}
				}
			}
		}
		return len(given) > 0 && !slices.ContainsFunc(given, func(text string) bool { return !isPrivateAddress(text) })
	})
}

// isPrivateAddress reports whether an address, or a block of them, is one that the internet does not know.
func isPrivateAddress(text string) bool {
	addr, err := netip.ParseAddr(text)
	if net, isNet := parseNet(text); err != nil && isNet {
		addr, err = net.Addr(), nil
	}
	return err == nil && (addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsLoopback())
}

// internalByDefault reports whether AWS's own controller makes the load balancer, which is internal unless it is said
// to face the internet.
func internalByDefault(o *manifests.Object, class string) bool {
	kind := annotation(o, "service.beta.kubernetes.io/aws-load-balancer-type").Text()
	byController := kind == "external" || kind == "nlb-ip" || strings.HasPrefix(class, "service.k8s.aws/") || class == "eks.amazonaws.com/nlb"
	return byController && annotation(o, "service.beta.kubernetes.io/aws-load-balancer-scheme").Text() != "internet-facing"
}

// privateAddresses reports whether a load balancer is given addresses, none of which the internet knows.
func privateAddresses(o *manifests.Object) bool {
	given := strings.Fields(o.Field().Get("spec", "loadBalancerIP").Text())
	for _, key := range addressesBy {
		given = append(given, splitList(annotation(o, key).Text())...)
	}
	return len(given) > 0 && !slices.ContainsFunc(given, func(text string) bool { return !isPrivateAddress(text) })
}

// limitedBy are the annotations by which clouds let only some addresses reach a load balancer.
var limitedBy = []string{
	"service.beta.kubernetes.io/load-balancer-source-ranges",
	"service.beta.kubernetes.io/aws-load-balancer-security-groups",
	"service.beta.kubernetes.io/azure-allowed-service-tags",
	"service.beta.kubernetes.io/azure-allowed-ip-ranges",
	"service.beta.kubernetes.io/do-loadbalancer-allow-rules",
	"service.beta.kubernetes.io/linode-loadbalancer-firewall-id",
	"service.beta.kubernetes.io/linode-loadbalancer-firewall-acl",
	"router.deis.io/whitelist",
}

// isLimited reports whether a load balancer takes connections from some addresses only.
func isLimited(o *manifests.Object) bool {
	return len(o.Field().Get("spec", "loadBalancerSourceRanges").Items()) > 0 ||
		slices.ContainsFunc(limitedBy, func(key string) bool { return annotation(o, key).Text() != "" })
}

// splitList parts a text that lists things with commas, semicolons or spaces between them.
func splitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) })
}
