package kops

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsTLS = review.Rule{
	ID: "kops-tls", Level: review.Warning, Guidelines: []string{"G19"},
	Summary: "The API server or a kubelet takes TLS versions or ciphers that are broken",
	Kinds:   []string{cluster, instanceGroup},
	Check:   checkKopsTLS,
}

func checkKopsTLS(p *review.Pass) {
	for _, part := range append(kubelets(p), spec(p).Get("kubeAPIServer")) {
		if at := part.Get("tlsMinVersion"); at.Text() == "VersionTLS10" || at.Text() == "VersionTLS11" {
			p.Report(at, "%s %s still speaks %s", p.Object.Kind, p.Object.Name, strings.TrimPrefix(at.Text(), "Version")).
				Detail("TLS 1.0 and 1.1 are withdrawn (RFC 8996). Nothing that talks to a current cluster needs them.").
				Fix("Ask for TLS 1.2", review.Set(at, "VersionTLS12")).Unsafe()
		}
		for _, item := range part.Get("tlsCipherSuites").Items() {
			if weak(item) {
				p.Report(item, "%s %s takes the cipher suite %s", p.Object.Kind, p.Object.Name, item.Text()).
					Detail("Mozilla's intermediate list has only suites with forward secrecy and authenticated encryption. Clients that need this one are years out of date.")
			}
		}
	}
}

// weak reports whether a suite of TLS 1.2 is outside Mozilla's intermediate list (server-side TLS 5.7): one without
// ephemeral keys, or not of AES-GCM or ChaCha20-Poly1305. The suites of TLS 1.3 are all in it.
func weak(suite manifests.Field) bool {
	name := suite.Text()
	if strings.HasPrefix(name, "TLS_AES_") || strings.HasPrefix(name, "TLS_CHACHA20_") {
		return false
	}
	ephemeral := strings.HasPrefix(name, "TLS_ECDHE_") || strings.HasPrefix(name, "TLS_DHE_")
	return !ephemeral || !strings.Contains(name, "_GCM_") && !strings.Contains(name, "CHACHA20_POLY1305")
}
