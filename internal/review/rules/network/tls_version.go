package network

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var tlsVersionRule = review.Rule{
	ID: "tls-version", Level: review.Error, Guidelines: []string{"G19"},
	Summary: "A server takes versions of TLS that are broken",
	Kinds:   tlsKinds,
	Params:  defaultTLS,
	Check:   checkTLSVersion,
}

func checkTLSVersion(p *review.Pass) {
	profile := tlsProfiles[string(review.Params[tlsParams](p).Profile)]
	for _, s := range tlsSettings(p) {
		oldest, ok := s.oldest()
		if !ok || oldest >= profile.oldest {
			continue
		}
		d := p.Report(s.at, "%s takes %s, older than %s", s.name, oldest, profile.oldest).Line(s.line).
			Detail("Mozilla's guidelines (%s) ask for %s at least. TLS 1.0 and 1.1 are withdrawn by RFC 8996, and what was before them can be read by others on the way.", profileVersion, profile.oldest)
		if !s.fixed && s.kind != cipherList {
			d.Fix("take "+profile.oldest.String()+" and later", review.Set(s.at, s.from(oldest, profile.oldest))).Unsafe()
		}
	}
}

// oldest returns the oldest version that a setting takes, or leaves as the newest.
func (s tlsSetting) oldest() (oldest tlsVersion, ok bool) {
	switch s.kind {
	case oldestVersion, newestVersion:
		return parseTLSVersion(s.value)
	case versionList:
		for _, word := range splitList(s.value) {
			if v, known := parseTLSVersion(word); known && (!ok || v < oldest) {
				oldest, ok = v, true
			}
		}
	}
	return oldest, ok
}

// from writes the setting's value so that nothing older than oldest is taken.
func (s tlsSetting) from(now, oldest tlsVersion) string {
	if s.kind == versionList {
		var kept []string
		for _, word := range splitList(s.value) {
			if v, known := parseTLSVersion(word); !known || v >= oldest {
				kept = append(kept, word)
			}
		}
		if len(kept) == 0 {
			kept = []string{"TLSv1.2", "TLSv1.3"}
		}
		return strings.Join(kept, " ")
	}
	prefix := ""
	if flag, value, joined := strings.Cut(s.at.Text(), "="); joined && value == s.value {
		prefix = flag + "="
	}
	return prefix + rewriteVersion(s.value, now, oldest)
}
