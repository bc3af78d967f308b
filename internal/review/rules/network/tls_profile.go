package network

import (
	"fmt"
	"slices"
	"strings"
)

// profileVersion is the version of Mozilla's server-side TLS guidelines that the profiles are from. Later ones have no
// old profile any more.
const profileVersion = "5.8"

// tlsProfile is one of Mozilla's configurations: the oldest version of TLS, and the suites for those before 1.3 in the
// names of OpenSSL. The suites of TLS 1.3 are all in it.
type tlsProfile struct {
	oldest  tlsVersion
	ciphers []string
}

var tlsProfiles = map[string]tlsProfile{
	"modern":       {tls13, nil},
	"intermediate": {tls12, forwardCiphers},
	"old":          {tls10, slices.Concat(forwardCiphers, olderCiphers)},
}

// forwardCiphers are the suites with forward secrecy and authenticated encryption.
var forwardCiphers = []string{
	"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
	"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
	"DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES256-GCM-SHA384", "DHE-RSA-CHACHA20-POLY1305",
}

var olderCiphers = []string{
	"ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA",
	"ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA",
	"DHE-RSA-AES128-SHA256", "DHE-RSA-AES256-SHA256", "AES128-GCM-SHA256", "AES256-GCM-SHA384",
	"AES128-SHA256", "AES256-SHA256", "AES128-SHA", "AES256-SHA", "DES-CBC3-SHA",
}

// newestCiphers are the suites of TLS 1.3.
var newestCiphers = []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}

// tlsParams chooses a profile.
type tlsParams struct {
	Profile profileName `yaml:"profile"`
}

func defaultTLS() any { return &tlsParams{Profile: "intermediate"} }

// profileName is the name of one of tlsProfiles.
type profileName string

// UnmarshalText reads a profile's name. The error names those there are.
func (n *profileName) UnmarshalText(text []byte) error {
	*n = profileName(text)
	if _, ok := tlsProfiles[string(text)]; !ok {
		return fmt.Errorf("profile %q is none of modern, intermediate, old", text)
	}
	return nil
}

// has reports whether a suite, or an alias of OpenSSL's for several, is in the profile with all that it stands for.
func (p tlsProfile) has(cipher string) bool {
	name := strings.ToUpper(cipher)
	if slices.Contains(newestCiphers, name) {
		return true
	}
	if alias := strings.Split(name, "+"); len(alias) > 1 {
		return p.oldest <= tls12 && forwardAlias(alias)
	}
	return slices.ContainsFunc(p.ciphers, func(known string) bool { return name == known || name == iana(known) || name+"_SHA256" == iana(known) })
}

// forwardAlias reports whether an alias such as EECDH+AESGCM stands for suites of forwardCiphers only.
func forwardAlias(parts []string) bool {
	ephemeral := func(part string) bool {
		return slices.Contains([]string{"ECDHE", "EECDH", "KECDHE", "KEECDH", "DHE", "EDH", "KDHE", "KEDH"}, part)
	}
	sealed := func(part string) bool { return slices.Contains([]string{"AESGCM", "CHACHA20"}, part) }
	return slices.ContainsFunc(parts, ephemeral) && slices.ContainsFunc(parts, sealed)
}

// iana returns the registered name of a suite that OpenSSL calls name: ECDHE-RSA-AES128-GCM-SHA256 is
// TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256.
func iana(name string) string {
	exchange, rest := "RSA", name
	for _, prefix := range []string{"ECDHE-ECDSA", "ECDHE-RSA", "DHE-RSA"} {
		if after, ok := strings.CutPrefix(name, prefix+"-"); ok {
			exchange, rest = strings.ReplaceAll(prefix, "-", "_"), after
		}
	}
	rest = strings.NewReplacer("AES128-", "AES_128-", "AES256-", "AES_256-", "DES-CBC3", "3DES_EDE_CBC").Replace(rest)
	switch {
	case rest == "CHACHA20-POLY1305":
		rest += "-SHA256"
	case strings.HasPrefix(rest, "AES_") && !strings.Contains(rest, "GCM"):
		rest = strings.Replace(rest, "-", "_CBC_", 1)
	}
	return "TLS_" + exchange + "_WITH_" + strings.ReplaceAll(rest, "-", "_")
}

// tlsVersion is a version of SSL or TLS, in order.
type tlsVersion int

const (
	sslv2 tlsVersion = iota + 1
	sslv3
	tls10
	tls11
	tls12
	tls13
)

func (v tlsVersion) String() string {
	return [...]string{"", "SSL 2", "SSL 3", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"}[v]
}

// versionNames are the ways to write versions, without what is no letter or digit.
var versionNames = map[string]tlsVersion{
	"SSLV2": sslv2, "SSLV3": sslv3, "SSL3": sslv3, "SSL30": sslv3, "TLSV1": tls10, "TLS1": tls10, "TLSV10": tls10, "TLS10": tls10, "10": tls10,
	"TLSV11": tls11, "TLS11": tls11, "11": tls11, "TLSV12": tls12, "TLS12": tls12, "12": tls12, "TLSV13": tls13, "TLS13": tls13, "13": tls13,
}

// parseTLSVersion reads a version as controllers, flags and load balancers write it: TLSv1.2, VersionTLS12, TLSV1_2, 1.2.
func parseTLSVersion(text string) (tlsVersion, bool) {
	name := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToUpper(strings.TrimSpace(text)))
	v, ok := versionNames[strings.TrimPrefix(name, "VERSION")]
	return v, ok
}

// rewriteVersion writes version to in the style of text: "VersionTLS10" becomes "VersionTLS12".
func rewriteVersion(text string, from, to tlsVersion) string {
	for _, style := range []string{"1.%d", "1_%d", "1%d"} {
		if from >= tls10 {
			old := fmt.Sprintf(style, from-tls10)
			if i := strings.LastIndex(text, old); i >= 0 {
				return text[:i] + fmt.Sprintf(style, to-tls10) + text[i+len(old):]
			}
		}
	}
	return fmt.Sprintf("TLSv1.%d", to-tls10)
}
