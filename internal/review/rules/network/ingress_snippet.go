package network

import (
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var ingressSnippet = review.Rule{
	ID: "ingress-snippet", Level: review.Error, Guidelines: []string{"G17"},
	Summary: "An Ingress writes into its controller's configuration",
	Kinds:   []string{"Ingress", "ConfigMap"},
	Check:   checkIngressSnippet,
}

func checkIngressSnippet(p *review.Pass) {
	switch {
	case p.Object.Kind == "ConfigMap":
		checkSnippetsAllowed(p)
	case isIngress(p.Object):
		checkSnippetAnnotations(p)
		for _, r := range routes(p.Object) {
			if injects(r.path) {
				p.Report(r.at, "ingress %s has a path that reads as configuration", p.Object.Name).Detail("%s", injectionDetail)
			}
		}
	}
}

const injectionDetail = "The controller copies it into the configuration of the whole proxy, where it ends one directive and begins others. Whoever may write it can read the controller's files, the cluster's Secrets among them."

// checkSnippetsAllowed reports a controller's ConfigMap by which every Ingress may bring snippets.
func checkSnippetsAllowed(p *review.Pass) {
	data := p.Object.Field().Get("data")
	if at := data.Get("allow-snippet-annotations"); at.Text() == "true" {
		p.Report(at, "every Ingress may write snippets into the controller's configuration").
			Detail("Whoever may create an Ingress in one namespace can then read the Secrets of all (CVE-2021-25742).").
			Fix("refuse snippets", review.Set(at, "false")).Unsafe()
	}
	if at := data.Get("annotations-risk-level"); at.Text() == "Critical" && data.Get("allow-snippet-annotations").Text() != "true" {
		p.Report(at, "annotations of critical risk are let through, snippets among them").
			Detail("Whoever may create an Ingress in one namespace can then write directives that hold for all.").
			Fix("let annotations of high risk through at most", review.Set(at, "High")).Unsafe()
	}
}

// snippetBy are the annotations that hold directives, by the controllers' prefixes.
var snippetBy = regexp.MustCompile(`^(nginx\.ingress\.kubernetes\.io/((configuration|server|stream|auth|modsecurity)-snippet)|nginx\.(org|com)/(location|server|stream)-snippets|` +
	`haproxy\.org/(backend|frontend|global|stats|defaults)-config-snippet|haproxy-ingress\.github\.io/config-(backend|frontend|global|defaults)[a-z-]*)$`)

func checkSnippetAnnotations(p *review.Pass) {
	for _, e := range p.Object.Field().Get("metadata", "annotations").Entries() {
		_, name, _ := strings.Cut(e.Key, "/")
		switch {
		case snippetBy.MatchString(e.Key) && e.Value.Text() != "":
			p.Report(e.Value, "ingress %s writes into the controller's configuration by %s", p.Object.Name, name).
				Detail("Directives in it hold for the whole proxy: who may write them can read the cluster's Secrets, lead requests of others elsewhere or run code in the controller.").
				Fix("remove the snippet", review.Remove(e.Value)).Unsafe()
		case slices.Contains(copied, e.Key) && injects(e.Value.Text()):
			p.Report(e.Value, "ingress %s has %s read as configuration", p.Object.Name, name).Detail("%s", injectionDetail)
		}
	}
}

// copied are annotations of ingress-nginx with one value, which it copies into its configuration.
var copied = []string{
	"nginx.ingress.kubernetes.io/auth-url", "nginx.ingress.kubernetes.io/auth-tls-match-cn", "nginx.ingress.kubernetes.io/mirror-target",
	"nginx.ingress.kubernetes.io/mirror-host", "nginx.ingress.kubernetes.io/permanent-redirect", "nginx.ingress.kubernetes.io/temporal-redirect",
	"nginx.ingress.kubernetes.io/rewrite-target", "nginx.ingress.kubernetes.io/app-root", "nginx.ingress.kubernetes.io/upstream-hash-by",
	"nginx.ingress.kubernetes.io/upstream-vhost", "nginx.ingress.kubernetes.io/auth-proxy-set-headers", "nginx.ingress.kubernetes.io/server-alias",
	"nginx.ingress.kubernetes.io/proxy-redirect-to", "nginx.ingress.kubernetes.io/proxy-redirect-from",
}

// opensBlock matches a brace that opens or ends a block of directives, not one of a regular expression or placeholder.
var opensBlock = regexp.MustCompile(`\s\{|\{\s|\s\}|\}\s|\}\}`)

// injects reports whether a value ends the directive that it is copied into: it has a line end, a semicolon or the brace
// of a block.
func injects(value string) bool {
	value = strings.TrimSpace(value)
	return strings.ContainsAny(value, ";\n\r") || opensBlock.MatchString(value)
}
