package review

import (
	"maps"
	"slices"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// TestProposed holds that no entry is proposed for a policy that shows a password, or allows more than what is named.
func TestProposed(t *testing.T) {
	t.Parallel()
	lack := func(kind manifests.LackKind, address, name string) manifests.Lack {
		return manifests.Lack{Kind: kind, Address: address, Name: name}
	}
	p := &pair{RootPair: RootPair{Head: &manifests.Root{}}, head: rendered{err: &manifests.RenderError{Lacks: []manifests.Lack{
		lack(manifests.LackChart, "https://charts.example/stable", "web"), lack(manifests.LackChart, "oci://ghcr.io/acme/charts", "web"),
		lack(manifests.LackBase, "https://github.com/acme/base?ref=v1", ""), lack(manifests.LackFile, "https://raw.example/acme/x/a.yaml?token=hidden/x", ""),
		lack(manifests.LackChart, "https://me:hidden@charts.example/stable", "web"), lack(manifests.LackChart, "https://charts.example/x?token=hidden", "web"),
		lack(manifests.LackChart, "https://*/**", "web"), lack(manifests.LackChart, "oci://**", "web"), lack(manifests.LackChart, "oci://ghcr.io/\n- '**'", "web"),
		lack(manifests.LackChart, "https://ch\u0430rts.example/x", "web"), lack(manifests.LackFile, "https://raw.example/?x=/acme/hidden/y", ""),
	}}}}
	charts, bases := map[string]bool{}, map[string]bool{}
	p.elsewhere(charts, bases)
	if got := slices.Sorted(maps.Keys(charts)); !slices.Equal(got, []string{"ghcr.io/acme/charts/**", "https://charts.example/stable"}) {
		t.Errorf("%q", got)
	}
	if got := slices.Sorted(maps.Keys(bases)); !slices.Equal(got, []string{"github.com/acme/**", "raw.example/acme/**"}) {
		t.Errorf("%q", got)
	}
}
