package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// RefusedError tells that something was not asked, because the policy or common prudence forbids it.
type RefusedError struct {
	Host   string
	Reason string
}

// Error returns "HOST is not contacted: reason".
func (e *RefusedError) Error() string { return e.Host + " is not contacted: " + e.Reason }

// Network is how registries are reached. The zero value reaches them directly, by the system's resolver.
type Network struct {
	Lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	Proxy   func(*url.URL) (*url.URL, error) // the proxy for an address; nil for none
	RootCAs *x509.CertPool                   // nil for the system's
}

func (n Network) withDefaults() Network {
	if n.Lookup == nil {
		n.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if n.Dial == nil {
		n.Dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	if n.Proxy == nil {
		n.Proxy = func(*url.URL) (*url.URL, error) { return nil, nil }
	}
	return n
}

// transports are the connection pools of one run: one that reaches public addresses only, one that reaches what the
// policy lists as private, and one that talks to the proxy.
type transports struct {
	network                  Network
	public, private, proxied *http.Transport
}

func newTransports(n Network) *transports {
	t := &transports{network: n.withDefaults()}
	t.public = t.transport(t.dialPublic)
	t.private = t.transport(t.network.Dial)
	t.proxied = t.transport(t.network.Dial)
	t.proxied.Proxy = func(r *http.Request) (*url.URL, error) { return t.network.Proxy(r.URL) }
	return t
}

func (t *transports) transport(dial func(context.Context, string, string) (net.Conn, error)) *http.Transport {
	return &http.Transport{
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{RootCAs: t.network.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    16,
		MaxConnsPerHost:        16,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
	}
}

func (t *transports) close() {
	for _, each := range []*http.Transport{t.public, t.private, t.proxied} {
		each.CloseIdleConnections()
	}
}

// dialPublic resolves the name once, refuses it when any of its addresses is not public, and connects to an address that
// it has seen: a name that changes its answer between check and use gains nothing.
func (t *transports) dialPublic(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses, err := t.publicAddresses(ctx, host)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, ip := range addresses {
		conn, err := t.network.Dial(ctx, network, net.JoinHostPort(ip.String(), port))
		if err == nil {
			return conn, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

func (t *transports) publicAddresses(ctx context.Context, host string) ([]netip.Addr, error) {
	addresses := []netip.Addr{}
	if ip, err := netip.ParseAddr(host); err == nil {
		addresses = append(addresses, ip)
	} else if addresses, err = t.network.Lookup(ctx, host); err != nil {
		return nil, err
	}
	if len(addresses) == 0 {
		return nil, fmt.Errorf("%s has no address", host)
	}
	for _, ip := range addresses {
		if !isPublic(ip) {
			return nil, &RefusedError{host, fmt.Sprintf("its address %s is not public; if it is yours, list it under images.registries with private: true", ip)}
		}
	}
	return addresses, nil
}

// notPublic are the ranges that the IANA special-purpose address registries (RFC 6890) keep from the Internet, beside
// those that netip knows by name, and those that embed an IPv4 address which could be one of them.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

func isPublic(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() { // loopback, link-local, multicast and unspecified are none
		return false
	}
	return !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// guard lets requests of one registry go where they may: to the registry itself, to the token servers that are known for
// it, and, for the contents of blobs, to where it redirects. Credentials go to the first two only.
type guard struct {
	*transports
	host      string   // as requests name it
	realms    []string // hosts of token servers
	private   bool
	plainHTTP bool
}

// maxHops is how many redirects are followed.
const maxHops = 5

// RoundTrip sends a request where it may go; the error is a *RefusedError where it may not.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	own := strings.EqualFold(req.URL.Host, g.host)
	switch {
	case own:
	case slices.Contains(g.realms, strings.ToLower(req.URL.Host)):
		own = g.private
	case !isBlobRedirect(req):
		return nil, &RefusedError{req.URL.Host, fmt.Sprintf("%s leads there, and it is not listed as a token server (realms) of that registry", g.host)}
	case req.Header.Get("Authorization") != "":
		return nil, &RefusedError{req.URL.Host, "credentials are for " + g.host + " only"}
	}
	if req.URL.Scheme != "https" && (!own || !g.plainHTTP) {
		return nil, &RefusedError{req.URL.Host, "it would be asked without encryption; list it under images.registries with plainHTTP: true if that is meant"}
	}
	inner, err := g.route(req, own && g.private)
	if err != nil {
		return nil, err
	}
	return inner.RoundTrip(req)
}

// route chooses the connection pool. Behind a proxy the name is checked here, since the proxy resolves it again.
func (g *guard) route(req *http.Request, private bool) (http.RoundTripper, error) {
	proxy, err := g.network.Proxy(req.URL)
	if err != nil {
		return nil, err
	}
	var refused *RefusedError
	switch {
	case proxy == nil && private:
		return g.transports.private, nil
	case proxy == nil:
		return g.public, nil
	case !private:
		if _, err := g.publicAddresses(req.Context(), req.URL.Hostname()); errors.As(err, &refused) {
			return nil, err // a name that only the proxy can resolve is the proxy's to judge
		}
	}
	return g.proxied, nil
}

// isBlobRedirect reports whether a request follows a redirect of a blob's address.
func isBlobRedirect(req *http.Request) bool {
	first := req
	for hops := 0; first.Response != nil && first.Response.Request != nil; hops++ {
		if hops == maxHops {
			return false
		}
		first = first.Response.Request
	}
	return first != req && path.Base(path.Dir(first.URL.Path)) == "blobs" // a repository may be called so too
}
