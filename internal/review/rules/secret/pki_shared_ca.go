package secret

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var pkiSharedCA = review.Rule{
	ID: "pki-shared-ca", Level: review.Warning, Guidelines: []string{"G23", "G27"},
	Summary: "One CA signs for components that should not trust each other",
	Kinds:   []string{"Cluster.kops.k8s.io"},
	Check:   checkKopsCA, CheckRoot: checkSharedCA,
}

const sharedCA = "Each of them takes a client certificate of the CA for one of its own: what holds the key of a kubelet could then read and write etcd, past all that the API server forbids. Give each a CA of its own."

// checkKopsCA finds etcd that kops runs as it did before etcd-manager, when its certificates came from the cluster's CA.
func checkKopsCA(p *review.Pass) {
	for _, etcd := range p.Object.Field().Get("spec", "etcdClusters").Items() {
		if at := etcd.Get("provider"); at.Text() == "Legacy" && (etcd.Get("enableEtcdTLS").True() || etcd.Get("enableTLSAuth").True()) {
			p.Report(at, "etcd %s has its certificates from the CA of the cluster", etcd.Get("name").Text()).Detail(sharedCA)
		}
	}
}

// component is a part of the control plane that trusts a CA, known by how its certificates are called.
type component struct {
	name    string
	pattern func() *regexp.Regexp
}

// components: etcd's peers and clients trust its CA, the aggregation layer one for front proxies (Kubernetes, PKI
// certificates and requirements), and everything else the cluster's.
var components = []component{
	{"etcd", pattern(`(?i)(^|[-_.:])etcd([-_.:]|$)`)},
	{"the front proxy", pattern(`(?i)front-?proxy|aggregator|requestheader`)},
	{"Kubernetes", pattern(`(?i)(^|[-_.:])(kube-?apiserver|apiserver-kubelet-client|kubelet|kube-controller-manager|kube-scheduler|system:node)([-_.:]|$)`)},
	{"Vault", pattern(`(?i)(^|[-_.:])vault(-server)?([-_.:]|$)`)},
}

// signer is a CA of cert-manager's.
type signer struct{ kind, namespace, name string }

// checkSharedCA finds CAs of cert-manager's whose certificates are for several components. Issuers that ask a public
// authority are none.
func checkSharedCA(p *review.Pass) {
	first := map[signer]string{}
	said := map[signer][]string{}
	for _, o := range p.Root.OfKind("Certificate") {
		ref := o.Field().Get("spec", "issuerRef")
		by := signer{cmp.Or(ref.Get("kind").Text(), "Issuer"), p.Root.Namespace(o), ref.Get("name").Text()}
		if by.kind == "ClusterIssuer" {
			by.namespace = ""
		}
		what := componentOf(o)
		if o.Group() != "cert-manager.io" || by.name == "" || what == "" || !signs(p, by) {
			continue
		}
		if first[by] == "" {
			first[by] = what
		}
		if first[by] != what && !slices.Contains(said[by], what) {
			said[by] = append(said[by], what)
			p.ReportOn(o, ref.Get("name"), "CA %s signs for %s and for %s", by.name, first[by], what).Detail(sharedCA)
		}
	}
}

// componentOf tells whose certificate it is, by its names; "" for any other. A certificate for a CA is of no component.
func componentOf(o *manifests.Object) string {
	spec := o.Field().Get("spec")
	if spec.Get("isCA").True() {
		return ""
	}
	names := []string{o.Name, spec.Get("commonName").Text(), spec.Get("secretName").Text()}
	for _, c := range components {
		if slices.ContainsFunc(names, c.pattern().MatchString) {
			return c.name
		}
	}
	return ""
}

// signs reports whether an issuer, as far as the root has it, signs by a key of its own.
func signs(p *review.Pass, by signer) bool {
	for _, o := range p.Root.OfKind(by.kind) {
		if o.Group() != "cert-manager.io" || o.Name != by.name || by.namespace != "" && p.Root.Namespace(o) != by.namespace {
			continue
		}
		spec := o.Field().Get("spec")
		return !slices.ContainsFunc([]string{"acme", "selfSigned", "venafi"}, func(kind string) bool { return spec.Get(kind).Exists() })
	}
	return !strings.Contains(by.name, "selfsigned") && !strings.Contains(by.name, "letsencrypt")
}
