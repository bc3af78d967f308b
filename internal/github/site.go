package github

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Site is where a GitHub is: github.com, an Enterprise Server, or Enterprise Cloud under ghe.com. Its zero value is
// not usable; NewSite makes one.
type Site struct {
	web, rest, graphql *url.URL
}

// NewSite reads the setting github.url: "" and https://github.com are github.com; HOST.ghe.com has its programming
// interface at api.HOST.ghe.com; any other host is an Enterprise Server with REST under /api/v3 and GraphQL at
// /api/graphql. Plain HTTP is accepted for loopback addresses only, since tokens travel with every request.
//
// https://docs.github.com/en/enterprise-server/rest/using-the-rest-api/getting-started-with-the-rest-api
func NewSite(address string) (Site, error) {
	if address == "" {
		address = "https://github.com"
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return Site{}, fmt.Errorf("github.url %q is no address: write https://HOST", Redact(address))
	}
	u.Host = strings.ToLower(u.Host)
	switch {
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return Site{}, fmt.Errorf("github.url must be a scheme and a host and nothing else: write %s://%s", u.Scheme, u.Host)
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return Site{}, fmt.Errorf("github.url %s://%s: only https is accepted, since tokens travel with every request", u.Scheme, u.Host)
	}
	at := func(host, path string) *url.URL { return &url.URL{Scheme: u.Scheme, Host: host, Path: path} }
	host := strings.TrimPrefix(u.Host, "www.")
	if host == "github.com" || strings.HasSuffix(host, ".ghe.com") {
		return Site{web: at(host, ""), rest: at("api."+host, "/"), graphql: at("api."+host, "/graphql")}, nil
	}
	return Site{web: at(u.Host, ""), rest: at(u.Host, "/api/v3/"), graphql: at(u.Host, "/api/graphql")}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Web is the address that people use, without a slash at its end.
func (s Site) Web() string { return s.web.String() }

// Git is the address that a repository is cloned from.
func (s Site) Git(owner, name string) string { return s.web.JoinPath(owner, name).String() + ".git" }

// NewApp is the page that a manifest is posted to in order to create an App: of an organisation, or of the person who
// is signed in when organisation is "".
//
// https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
func (s Site) NewApp(organisation string) string {
	if organisation == "" {
		return s.web.JoinPath("settings", "apps", "new").String()
	}
	return s.web.JoinPath("organizations", url.PathEscape(organisation), "settings", "apps", "new").String()
}

// asks reports whether an address is one that credentials may be sent to.
func (s Site) asks(u *url.URL) bool { return u.Scheme == s.rest.Scheme && u.Host == s.rest.Host }
