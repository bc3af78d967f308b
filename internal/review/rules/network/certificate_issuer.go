package network

import (
	"net/url"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var certificateIssuer = review.Rule{
	ID: "certificate-issuer", Level: review.Warning, Guidelines: []string{"G19"},
	Summary: "A certificate for a public name is not from one of the public authorities that the policy names",
	Kinds:   []string{"Certificate", "Issuer", "ClusterIssuer", "Ingress"},
	Params:  func() any { return &issuerParams{Authorities: []string{"letsencrypt.org", "digicert.com"}} },
	Check:   checkCertificateIssuer,
}

// issuerParams names the domains of the authorities whose ACME servers may be asked.
type issuerParams struct {
	Authorities []string `yaml:"authorities"`
}

func checkCertificateIssuer(p *review.Pass) {
	switch o := p.Object; {
	case isIngress(o):
		checkIngressIssuer(p)
	case !isCertManager(o):
	case o.Kind == "Certificate":
		ref := o.Field().Get("spec", "issuerRef")
		if name := publicName(certificateNames(o)); name != "" && !o.Field().Get("spec", "isCA").True() {
			reportIssuer(p, ref.Get("name"), name, findIssuer(p, o, ref.Get("kind").Text(), ref.Get("name").Text()))
		} else if name == "" {
			checkInsideName(p, ref)
		}
	default:
		checkACMEServer(p)
	}
}

// checkInsideName reports a Certificate for names of the inside only that a public authority is asked for.
func checkInsideName(p *review.Pass, ref manifests.Field) {
	names := slices.DeleteFunc(certificateNames(p.Object), func(name string) bool { return name == "" || strings.ContainsAny(name, "${}") })
	issuer := findIssuer(p, p.Object, ref.Get("kind").Text(), ref.Get("name").Text())
	if len(names) == 0 || issuer == nil {
		return
	}
	if host := acmeHost(issuer.Field().Get("spec", "acme", "server").Text()); host != "" && !isPrivateName(host) {
		p.Report(ref.Get("name"), "certificate %s asks a public authority for %s, a name of the inside", p.Object.Name, names[0]).
			Detail("No public authority signs for names that the internet does not know; had it one, every name would stand in its public log. Take it from an authority of your own.")
	}
}

// checkACMEServer looks at the server that an issuer asks. One for tests may be there beside that for use, by its name.
func checkACMEServer(p *review.Pass) {
	at := p.Object.Field().Get("spec", "acme", "server")
	host := acmeHost(at.Text())
	switch {
	case host == "" || isPrivateName(host):
	case isStaging(host) && !forTests(p.Object.Name):
		d := p.Report(at, "issuer %s asks an ACME server for tests", p.Object.Name).
			Detail("No browser trusts its certificates, so people learn to click the warning away.")
		if strings.HasSuffix(host, ".letsencrypt.org") {
			d.Fix("ask the server for use", review.Set(at, "https://acme-v02.api.letsencrypt.org/directory")).Unsafe()
		}
	case !isStaging(host) && !listed(p, host):
		p.Report(at, "issuer %s asks %s, which is none of the policy's authorities", p.Object.Name, host).
			Detail("Whoever runs the authority can vouch for others under these names. The list is a parameter of the rule.")
	}
}

func acmeHost(server string) string {
	u, err := url.Parse(strings.TrimSpace(server))
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

func isStaging(host string) bool {
	return strings.Contains(host, "staging") || strings.Contains(host, "sandbox")
}

// forTests reports whether an issuer's name says that it is not for use.
func forTests(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"stag", "stg", "test", "dev", "sandbox", "fake"}, func(word string) bool { return strings.Contains(name, word) })
}

func listed(p *review.Pass, host string) bool {
	return slices.ContainsFunc(review.Params[issuerParams](p).Authorities, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

// reportIssuer reports an issuer that is not fit for a public name. Of one that is not known only the name can tell.
func reportIssuer(p *review.Pass, at manifests.Field, name string, issuer *manifests.Object) {
	what := ""
	if issuer == nil {
		if strings.Contains(strings.ToLower(at.Text()), "staging") {
			what = "an authority for tests"
		}
	} else if spec := issuer.Field().Get("spec"); isStaging(acmeHost(spec.Get("acme", "server").Text())) {
		what = "an authority for tests"
	} else if spec.Get("ca").IsMap() || spec.Get("vault").IsMap() {
		what = "a private authority"
	}
	if what != "" {
		p.Report(at, "%s %s has its certificate for %s from %s", p.Object.Kind, p.Object.Name, name, what).
			Detail("Clients outside do not trust it: they fail, or are taught not to look.")
	}
}

// checkIngressIssuer looks at the issuer that an Ingress asks by annotation.
func checkIngressIssuer(p *review.Pass) {
	name, issuers := askedIssuers(p)
	for _, asked := range issuers {
		reportIssuer(p, asked.at, name, asked.issuer)
	}
}

// askedIssuer is an issuer of cert-manager that an annotation names; nil when it is not known.
type askedIssuer struct {
	at     manifests.Field
	issuer *manifests.Object
}

// askedIssuers are the issuers that the pass's Ingress has its certificate from, and the first public name that it is for.
func askedIssuers(p *review.Pass) (name string, asked []askedIssuer) {
	var hosts []string
	for _, f := range fieldsAt(p.Object.Field(), "spec.tls.*.hosts.*") {
		hosts = append(hosts, f.Text())
	}
	if name = publicName(hosts); name == "" {
		return "", nil
	}
	group := annotation(p.Object, "cert-manager.io/issuer-group").Text()
	for _, by := range [][2]string{{"cert-manager.io/cluster-issuer", "ClusterIssuer"}, {"cert-manager.io/issuer", "Issuer"}} {
		if at := annotation(p.Object, by[0]); at.Text() != "" && (group == "" || group == "cert-manager.io") {
			asked = append(asked, askedIssuer{at, findIssuer(p, p.Object, by[1], at.Text())})
		}
	}
	return name, asked
}
