package network

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var serviceExternalName = review.Rule{
	ID: "service-external-name", Level: review.Warning,
	Summary: "A service is another name for localhost, the metadata service or a bare address",
	Kinds:   []string{"Service"},
	Check:   checkServiceExternalName,
}

func checkServiceExternalName(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	at := spec.Get("externalName")
	if !isService(p.Object) || spec.Get("type").Text() != "ExternalName" {
		return
	}
	if what := namedBy(at.Text()); what != "" {
		p.Report(at, "service %s is another name for %s", p.Object.Name, what).
			Detail("Whatever follows the service's name, such as an Ingress controller, is led there and connects with its own rights, past checks that look at names.")
	}
}

// metadataNames are names of the clouds' metadata services.
var metadataNames = []string{"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal", "metadata.azure.internal"}

// addressNames are domains whose names resolve to the address that they begin with.
var addressNames = []string{".nip.io", ".sslip.io", ".xip.io"}

// namedBy says what an external name leads to where it should not; "" when there is nothing to say.
func namedBy(name string) string {
	name = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
	addr, err := netip.ParseAddr(strings.Trim(name, "[]"))
	switch {
	case name == "localhost" || strings.HasSuffix(name, ".localhost") || name == "localhost.localdomain" || err == nil && addr.IsLoopback():
		return "localhost"
	case slices.Contains(metadataNames, name) || err == nil && (addr.String() == metadataIPv4 || addr.String() == metadataIPv6):
		return "the metadata service"
	case err == nil || slices.ContainsFunc(addressNames, func(domain string) bool { return strings.HasSuffix(name, domain) }):
		return "a bare address"
	}
	return ""
}
