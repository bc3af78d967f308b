package network

import (
	"net/netip"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var metadataEgress = review.Rule{
	ID: "metadata-egress", Level: review.Error, Guidelines: []string{"G10", "G16"},
	Summary: "A network policy lets pods reach the cloud's metadata service",
	Kinds:   slices.Concat(policyKinds, adminKinds),
	Check:   checkMetadataEgress,
}

// The addresses of the metadata service, and its port.
const (
	metadataIPv4 = "169.254.169.254" // of most clouds
	metadataIPv6 = "fd00:ec2::254"   // of AWS
	metadataPort = 80
)

func checkMetadataEgress(p *review.Pass) {
	e := enforcedOn(p)
	for _, policy := range readPolicies(p.Object, landing(p.Root, p.Object)) {
		said := map[string]bool{} // one place may reach both
		for _, address := range []string{metadataIPv4, metadataIPv6} {
			addr := netip.MustParseAddr(address)
			if e.blocked(policy, addr) {
				continue
			}
			for _, found := range policy.lets(egress, addr, metadataPort) {
				if !said[found.at.Path()] {
					said[found.at.Path()] = true
					reportMetadata(p, policy, found, addr)
				}
			}
		}
	}
}

func reportMetadata(p *review.Pass, policy *policy, at place, addr netip.Addr) {
	d := p.Report(at.at, "network policy %s lets pods reach the metadata service at %s", p.Object.Name, addr).
		Related(policy.chosen).
		Detail("It hands out the credentials of the node's role to whoever asks from a pod, unless the node refuses. Leave the address out of what the policy allows.")
	if at.block.IsMap() && at.net.Bits() < addr.BitLen() {
		d.Fix("except the metadata service", exception(at.block, addr)).Unsafe()
	}
}

// exception adds an address to what a block of addresses leaves out.
func exception(block manifests.Field, addr netip.Addr) review.Op {
	except, single := block.Get("except"), netip.PrefixFrom(addr, addr.BitLen()).String()
	if n := len(except.Items()); n > 0 {
		return review.Set(except.At(n), single)
	}
	return review.Set(except, []any{single})
}

// blocked reports whether a policy for all namespaces, or one of the administrators that goes before, forbids the address to
// the pods that another is for, whatever that one allows. It has to be for pods that nothing is known of, or be chosen by the
// label that the other is.
func (e *enforced) blocked(judged *policy, addr netip.Addr) bool {
	return slices.ContainsFunc(slices.Concat(e.wide, e.admin), func(other *policy) bool {
		if other.rest == no || !other.blocks(egress, addr, metadataPort) {
			return false
		}
		return other.selects(e.bare[judged.space]) != no || other.pods.need.key != "" && other.pods.need == judged.pods.need
	})
}
