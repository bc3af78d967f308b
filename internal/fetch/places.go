package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Places are where a policy allows charts to be fetched.
type Places struct {
	repositories []images.Pattern // of addresses
	registries   []images.Pattern
	deny         []images.Pattern // of registries
}

// NewPlaces reads charts.allow of a policy: addresses of chart repositories, and patterns of charts in registries with or
// without oci:// before them; "**" is both. What denies images (images.deny) denies charts in registries too. The error
// names the pattern and what is wrong with it.
func NewPlaces(allow, deny []string) (*Places, error) {
	p := &Places{}
	for _, text := range allow {
		if strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") || text == "**" {
			pattern, err := images.ParseNamePattern(lowerHost(strings.TrimRight(text, "/")))
			if err != nil {
				return nil, err
			}
			p.repositories = append(p.repositories, pattern)
			if text != "**" {
				continue
			}
		}
		pattern, err := images.ParsePattern(strings.TrimPrefix(text, "oci://"))
		if err != nil {
			return nil, err
		}
		p.registries = append(p.registries, pattern)
	}
	for _, text := range deny {
		pattern, err := images.ParsePattern(text)
		if err != nil {
			return nil, err
		}
		p.deny = append(p.deny, pattern)
	}
	return p, nil
}

func lowerHost(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	host, path, below := strings.Cut(rest, "/")
	if !ok {
		return address
	}
	address = scheme + "://" + strings.ToLower(host)
	if below {
		address += "/" + path
	}
	return address
}

// Allows reports whether charts of a repository in a registry may be fetched.
func (p *Places) Allows(ref images.Reference) bool {
	matches := func(pattern images.Pattern) bool { return pattern.Match(ref.Name()) }
	return slices.ContainsFunc(p.registries, matches) && !slices.ContainsFunc(p.deny, matches)
}

// place is where a chart lies.
type place struct {
	url  *url.URL // of a chart repository; nil for a registry
	name string   // of the chart there
	ref  images.Reference
}

// String names the place in its normal form.
func (p place) String() string {
	if p.url != nil {
		return p.url.String() + "\n" + p.name
	}
	return "oci://" + p.ref.Name()
}

// named is a name for a version of the chart.
func (p place) named(version string) string { return "chart\n" + p.String() + "\n" + version }

// chartName is how charts are called (Helm's conventions are narrower; this is what no address or path reads otherwise).
var chartName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// find tells where a chart lies, if it may be fetched. The error is a *manifests.RenderError without a place.
func (p *Places) find(chart manifests.RemoteChart) (place, error) {
	if rest, ok := strings.CutPrefix(chart.URL, "oci://"); ok {
		ref, err := images.ParseReference(strings.TrimRight(rest, "/"))
		if err != nil || ref.Tag != "" || ref.Digest != "" {
			return place{}, &manifests.RenderError{Reason: chart.String() + " cannot be fetched: its address is none of a repository in a registry", Cause: err}
		}
		if !p.Allows(ref) {
			return place{}, notAllowed(chart, ref.Host, ref.Name())
		}
		return place{ref: ref}, nil
	}
	address, err := repositoryURL(chart.URL)
	if err == nil && (len(chart.Name) > 250 || !chartName.MatchString(chart.Name)) {
		err = errors.New("its name is none of a chart")
	}
	if err != nil {
		return place{}, &manifests.RenderError{Reason: fmt.Sprintf("%s cannot be fetched: %v", chart.String(), err), Cause: err}
	}
	if !slices.ContainsFunc(p.repositories, func(pattern images.Pattern) bool { return pattern.Match(address.String()) }) {
		return place{}, notAllowed(chart, address.Host, address.String())
	}
	return place{url: address, name: chart.Name}, nil
}

// notAllowed says what would allow it. It is nobody's fault.
func notAllowed(chart manifests.RemoteChart, host, entry string) error {
	return &manifests.RenderError{Elsewhere: true, Reason: fmt.Sprintf("%s is not in the repository, and the policy does not allow to ask %s for it; "+
		"allow it: charts: {allow: [%q]}", chart.String(), host, entry)}
}

// repositoryURL reads the address of a chart repository. One that could be read in two ways is refused.
func repositoryURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	switch {
	case err != nil:
		return nil, errors.New("its address cannot be read")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Opaque != "":
		return nil, errors.New("its address is none of a chart repository over HTTP")
	case u.User != nil:
		return nil, errors.New("its address has credentials in it")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || strings.ContainsAny(text, "%\\#?"):
		return nil, errors.New("its address has more than a host and a path")
	}
	if !manifests.AddressLetters.MatchString(text) {
		return nil, errors.New("its address has characters that none has: write a host in its ASCII form (xn--)")
	}
	for i, part := range strings.Split(u.Path, "/") {
		if part == "." || part == ".." || part == "" && i > 0 {
			return nil, errors.New("its address has an empty or dotted segment")
		}
	}
	u.Host = strings.ToLower(u.Host)
	if port := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]; strings.HasSuffix(u.Host, port) {
		u.Host = strings.TrimSuffix(u.Host, port)
	}
	return u, nil
}
