package kops

import (
	"net/netip"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// The kinds that the rules are about.
const (
	cluster       = "Cluster.kops.k8s.io"
	instanceGroup = "InstanceGroup.kops.k8s.io"
)

// spec is the spec of the pass's object.
func spec(p *review.Pass) manifests.Field { return p.Object.Field().Get("spec") }

// isAlpha3 reports whether the object is written in v1alpha3.
func isAlpha3(p *review.Pass) bool { return strings.HasSuffix(p.Object.APIVersion, "/v1alpha3") }

// moved is a field of the spec that v1alpha3 has in another place.
func moved(p *review.Pass, alpha2, alpha3 []string) manifests.Field {
	if isAlpha3(p) {
		return spec(p).Get(alpha3...)
	}
	return spec(p).Get(alpha2...)
}

func apiAccess(p *review.Pass) manifests.Field {
	return moved(p, []string{"kubernetesApiAccess"}, []string{"api", "access"})
}

func subnets(p *review.Pass) []manifests.Field {
	return moved(p, []string{"subnets"}, []string{"networking", "subnets"}).Items()
}

func topology(p *review.Pass) manifests.Field {
	return moved(p, []string{"topology"}, []string{"networking", "topology"})
}

// onAWS reports whether the cluster's cloud is AWS, as far as the object says.
func onAWS(p *review.Pass) bool { return isAWS(spec(p)) }

func isAWS(cluster manifests.Field) bool {
	provider := cluster.Get("cloudProvider")
	return provider.Text() == "aws" || provider.Get("aws").Exists()
}

// kubelets are the settings of kubelets that a Cluster or InstanceGroup holds.
func kubelets(p *review.Pass) []manifests.Field {
	var found []manifests.Field
	for _, key := range []string{"kubelet", "masterKubelet", "controlPlaneKubelet"} {
		if f := spec(p).Get(key); f.IsMap() {
			found = append(found, f)
		}
	}
	return found
}

// role is what an InstanceGroup is for: Node, Bastion, ControlPlane (Master before v1alpha3) or APIServer.
func role(p *review.Pass) string {
	if r := spec(p).Get("role").Text(); r != "Master" {
		return r
	}
	return "ControlPlane"
}

// open returns the first addresses of a list, of each IP version, that are everybody, or half of that, which two then join.
func open(list manifests.Field) (found []manifests.Field) {
	seen := make(map[int]bool) // by the length of addresses
	for _, item := range list.Items() {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(item.Text()))
		if err == nil && prefix.Bits() <= 1 && !seen[prefix.Addr().BitLen()] {
			seen[prefix.Addr().BitLen()] = true
			found = append(found, item)
		}
	}
	return found
}

// accessRule reports addresses that everybody has, and a list that was left out: "kops create cluster" then writes
// everybody, and other ways to apply a specification open nothing, or what the cloud's default is.
func accessRule(p *review.Pass, list manifests.Field, what, why string) {
	if len(list.Items()) == 0 {
		p.Report(list, "cluster %s leaves out who may reach %s", p.Object.Name, what).
			Detail("To kops create cluster that is everybody; what else is made of it hangs on the cloud and the version. %s", why)
		return
	}
	for _, at := range open(list) {
		p.Report(at, "cluster %s lets %s reach %s", p.Object.Name, at.Text(), what).Detail("%s", why)
	}
}

// minorOf is a version's first two numbers: "1.34" of "v1.34.2".
func minorOf(version string) string {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 {
		return version
	}
	return parts[0] + "." + parts[1]
}
