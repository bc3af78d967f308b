package server

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// Secret is text that must not be seen. Whatever prints it prints stars; a conversion to string gives the text.
type Secret string

const masked = "***"

// String returns stars, or nothing when there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return masked
}

// GoString returns stars, for %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue returns stars.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns stars: JSON and YAML have no secrets either.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Settings are all that an operator decides. LoadSettings makes them; printing them shows no secret.
type Settings struct {
	Listen        string // address and port
	MetricsListen string // "" for the same as Listen
	PublicURL     string // without "/" at its end; "" when not known
	GitHub        GitHubSettings
	Database      Secret // sqlite:FILE or postgres://…, which may hold a password
	Data          string // the directory of everything that is kept on disk
	Policy        string // a file, "" for none
	Workers       int
	CAFile        string   // PEM, "" for none
	Authorities   []string // the certificates of CAFile, PEM
	Cache         CacheSettings
	Log           LogSettings
	Proxy         ProxySettings
	Tracing       TracingSettings
}

// GitHubSettings say which GitHub it is and who we are there.
type GitHubSettings struct {
	URL            string // of the site: https://github.com or that of an Enterprise Server, without "/" at its end
	AppID          int64  // 0 when no App is configured here
	PrivateKey     Secret // PEM
	WebhookSecrets []Secret
}

// CacheSettings bound what is kept on disk, in bytes.
type CacheSettings struct {
	Mirrors    int64         // of the copies of repositories
	MirrorAge  time.Duration // of a copy that nobody uses
	MaxFetch   int64         // that one fetch may bring
	Renderings int64         // of what was rendered
}

// LogSettings say what is logged, and how.
type LogSettings struct {
	Level  slog.Level
	Format string // text or json
}

// ProxySettings are the standard variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY. The addresses may hold passwords.
type ProxySettings struct {
	HTTP, HTTPS Secret
	No          string
}

// For returns the proxy to use for a request, nil for none. It fits http.Transport.Proxy.
func (p ProxySettings) For(r *http.Request) (*url.URL, error) {
	config := httpproxy.Config{HTTPProxy: string(p.HTTP), HTTPSProxy: string(p.HTTPS), NoProxy: p.No}
	return config.ProxyFunc()(r.URL)
}

// TracingSettings are the standard variables of OpenTelemetry that say whether and where to. The others (headers, time
// limits, certificates, sampling, resource attributes) are read by OpenTelemetry itself.
type TracingSettings struct {
	URL string // of the collector's traces endpoint, "" for no tracing
}

// Roots returns who may vouch for GitHub: the system's authorities and those of CAFile.
func (s Settings) Roots() (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the system's certificate authorities: %w", err)
	}
	for _, certificate := range s.Authorities {
		if !pool.AppendCertsFromPEM([]byte(certificate)) {
			return nil, fmt.Errorf("%s: a certificate cannot be used", s.CAFile)
		}
	}
	return pool, nil
}

// HasApp says that an App is configured by the settings, not by /setup.
func (s Settings) HasApp() bool { return s.GitHub.AppID != 0 }

// secrets returns every secret of the settings, for the log to hide.
func (s Settings) secrets() []string {
	all := []string{string(s.GitHub.PrivateKey)}
	for _, secret := range s.GitHub.WebhookSecrets {
		all = append(all, string(secret))
	}
	for _, address := range []Secret{s.Database, s.Proxy.HTTP, s.Proxy.HTTPS} {
		if at, err := url.Parse(string(address)); err == nil && at.User != nil {
			if password, ok := at.User.Password(); ok {
				all = append(all, password)
			}
		}
	}
	return all
}

func trimURL(s string) string { return strings.TrimRight(s, "/") }
