package controlplane

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

// soundSuites are the cipher suites of Mozilla's intermediate configuration (version 5.7) that Go has, by its names.
var soundSuites = []string{
	"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
	"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
	"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}

// checkProtocol reports versions and cipher suites of TLS that are weaker than Mozilla's intermediate configuration.
func checkProtocol(p *review.Pass, c component, who string) {
	if f, ok := c.get("tls-min-version"); ok && slices.Contains([]string{"VersionTLS10", "VersionTLS11"}, f.value) {
		d := f.at.report(p, "%s speaks TLS older than 1.2 (%s)", who, f.value).
			Detail("Versions 1.0 and 1.1 have known attacks and are withdrawn (RFC 8996).")
		if ops := c.ops("tls-min-version", "VersionTLS12"); len(ops) > 0 {
			d.Fix("Speak TLS 1.2 at least", ops...).Unsafe()
		}
	}
	if weak := weakSuites(c.list("tls-cipher-suites")); len(weak) > 0 {
		c.firstOf("tls-cipher-suites", weak).report(p, "%s accepts weak cipher suites: %s", who, strings.Join(weak, ", ")).
			Detail("They lack forward secrecy or authenticated encryption. Mozilla's intermediate configuration has neither; leaving the list out takes Go's own, which is sound.")
	}
}

func weakSuites(suites []string) []string {
	return slices.DeleteFunc(suites, func(suite string) bool {
		return slices.Contains(soundSuites, suite) || !strings.HasPrefix(suite, "TLS_")
	})
}

// reportMissing reports those of a component's flags that have no value, together. It returns nil where there are none.
func reportMissing(p *review.Pass, c component, flags []string, message, detail string) *review.Draft {
	if c.open {
		return nil
	}
	lacks := slices.DeleteFunc(slices.Clone(flags), c.has)
	if len(lacks) == 0 {
		return nil
	}
	return c.missing(lacks[0]).report(p, message+" (no --%s)", strings.Join(lacks, ", no --")).Detail("%s", detail)
}
