package controlplane

import (
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var webhookCA = review.Rule{
	ID: "webhook-ca", Level: review.Warning, Guidelines: []string{"G26"},
	Summary: "The API server has no authority to check a webhook's server by",
	Kinds:   webhookKinds,
	Check:   checkWebhookCA,
}

func checkWebhookCA(p *review.Pass) {
	filled := isFilledIn(p)
	for _, w := range webhooksOf(p.Object) {
		client := w.Get("clientConfig")
		url, bundle := client.Get("url"), client.Get("caBundle")
		switch {
		case strings.HasPrefix(url.Text(), "http://"):
			p.Report(url, "webhook %s is asked without TLS", w.name).
				Detail("The API server refuses such an address.")
		case filled || url.IsSet() && bundle.Text() == "" || bundle.Text() != "" && isStandIn(bundle.Text()):
			// a controller or a script writes the bundle, or a public authority signed for the address
		case bundle.Text() == "":
			p.Report(bundle, "webhook %s has no authority to be checked by", w.name).
				Detail("The API server then trusts the authorities of its own node, which have not signed for a Service of the cluster: calls fail, or somebody else's certificate passes.")
		case !holdsCertificate(bundle.Text()):
			p.Report(bundle, "the authority of webhook %s is no certificate", w.name).
				Detail("It has to be certificates in PEM, in base64. The API server refuses the object, or cannot call the webhook.")
		}
	}
}

// injectors are annotations by which a controller writes the authority into the object.
var injectors = []string{"cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret", "cert-manager.io/inject-apiserver-ca",
	"certmanager.k8s.io/inject-ca-from", "service.beta.openshift.io/inject-cabundle", "service.alpha.openshift.io/inject-cabundle"}

// isFilledIn reports whether something writes the authority into the object once it is in the cluster: a controller that
// an annotation asks to, or whoever may update such objects by a role that is applied with it.
func isFilledIn(p *review.Pass) bool {
	for _, e := range p.Object.Field().Get("metadata", "annotations").Entries() {
		if slices.Contains(injectors, e.Key) {
			return true
		}
	}
	resource := strings.ToLower(p.Object.Kind) + "s"
	for _, role := range p.Root.OfKind("ClusterRole") {
		if slices.ContainsFunc(role.Field().Get("rules").Items(), func(rule manifests.Field) bool { return mayUpdate(rule, resource, p.Object.Name) }) {
			return true
		}
	}
	return false
}

func mayUpdate(rule manifests.Field, resource, name string) bool {
	groups, resources, verbs, names := strs(rule.Get("apiGroups")), strs(rule.Get("resources")), strs(rule.Get("verbs")), strs(rule.Get("resourceNames"))
	return slices.Contains(groups, "admissionregistration.k8s.io") && (slices.Contains(resources, resource) || slices.Contains(resources, "*")) &&
		(slices.Contains(verbs, "update") || slices.Contains(verbs, "patch") || slices.Contains(verbs, "*")) && (len(names) == 0 || slices.Contains(names, name))
}

// holdsCertificate reports whether a caBundle has a certificate in it. What is in that is not looked at.
func holdsCertificate(text string) bool {
	decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return false
	}
	block, _ := pem.Decode(decoded)
	return block != nil
}
