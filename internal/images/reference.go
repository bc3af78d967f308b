// Package images knows container images: how they are named, which of them a policy allows, what their registries
// hold and what proves where they are from.
package images

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
)

// DockerHub is the one host by which references name Docker Hub after normalisation.
const DockerHub = "docker.io"

// maxReference is more than host, repository, tag and digest can have together.
const maxReference = 1024

// maxRepository is how long a repository's name may be, by the distribution project.
const maxRepository = 255

// isNumber finds labels that resolvers may take for a number, whatever its size.
var isNumber = regexp.MustCompile(`^([0-9]+|0[xob][0-9a-f]*)$`)

// Reference is an image reference in its one normal form: the host is lower-cased, without the default port, and
// Docker Hub is "docker.io" with its implicit "library/" spelled out.
type Reference struct {
	Host       string // "ghcr.io", "registry.internal:5000", "[::1]:5000"
	Repository string // "acme/web"
	Tag        string // as written; "" for none
	Digest     string // "sha256:…"; "" for none
}

// Name returns host and repository: "docker.io/library/nginx".
func (r Reference) Name() string { return r.Host + "/" + r.Repository }

// String returns the whole reference in its normal form.
func (r Reference) String() string {
	s := r.Name()
	if r.Tag != "" {
		s += ":" + r.Tag
	}
	if r.Digest != "" {
		s += "@" + r.Digest
	}
	return s
}

// ParseReference reads an image reference as container runtimes do (the grammar of the distribution project, with
// Docker's short names). What two independent parsers read in different ways is refused, because the one that
// decides would not be the one that pulls. The error is a *ReferenceError.
func ParseReference(s string) (Reference, error) {
	if err := screen(s); err != nil {
		return Reference{}, err
	}
	first, err := parseDistribution(s)
	if err != nil {
		return Reference{}, err
	}
	second, err := parseRegistryClient(s)
	if err != nil {
		return Reference{}, err
	}
	if second.Tag = first.Tag; first != second {
		return Reference{}, &ReferenceError{Disputed, "is read as " + first.Name() + " and as " + second.Name()}
	}
	return first, nil
}

// ParseHost reads the host of a registry, "registry.internal:5000", and returns it as references have it: lower-cased, without
// the port of HTTPS, Docker Hub as "docker.io". The error says what is wrong with it.
func ParseHost(s string) (string, error) {
	if strings.Contains(s, "/") {
		return "", fmt.Errorf("%q is an address; write the host alone, with its port", s)
	}
	ref, err := ParseReference(s + "/x/x")
	if err != nil || ref.Repository != "x/x" {
		return "", fmt.Errorf("%q is no host of a registry; write it as references have it, as ghcr.io or registry.internal:5000", s)
	}
	return ref.Host, nil
}

func parseDistribution(s string) (Reference, error) {
	named, err := reference.ParseNormalizedNamed(s)
	if err != nil {
		return Reference{}, classify(s)
	}
	ref, err := normal(reference.Domain(named), reference.Path(named))
	if err != nil {
		return Reference{}, err
	}
	if tagged, ok := named.(reference.Tagged); ok {
		ref.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		ref.Digest = digested.Digest().String()
	}
	return ref, nil
}

func parseRegistryClient(s string) (Reference, error) {
	parsed, err := name.ParseReference(s)
	if err != nil {
		return Reference{}, classify(s)
	}
	repository := parsed.Context()
	ref, err := normal(repository.RegistryStr(), repository.RepositoryStr())
	if digest, ok := parsed.(name.Digest); ok {
		ref.Digest = digest.DigestStr()
	}
	return ref, err
}

// normal folds the spellings of one repository into one.
func normal(host, repository string) (Reference, error) {
	host, err := normalHost(host)
	if err != nil {
		return Reference{}, err
	}
	if host == DockerHub && !strings.Contains(repository, "/") {
		repository = "library/" + repository
	}
	if len(repository) > maxRepository {
		return Reference{}, &ReferenceError{TooLong, "has a repository that is longer than any registry takes"}
	}
	return Reference{Host: host, Repository: repository}, nil
}

// normalHost folds case, the port of HTTPS and the names of Docker Hub.
func normalHost(host string) (string, error) {
	host, port, err := splitPort(strings.ToLower(host))
	if err != nil {
		return "", err
	}
	if err := checkHost(host); err != nil {
		return "", err
	}
	if port == "" || port == "443" {
		switch host {
		case "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com":
			return DockerHub, nil
		}
		return host, nil
	}
	return host + ":" + port, nil
}

func splitPort(host string) (name, port string, err error) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.HasSuffix(host, "]") {
		return host, "", nil
	}
	name, port = host[:i], host[i+1:]
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || port[0] == '0' {
		return "", "", &ReferenceError{BadHost, "has no valid port after its host"}
	}
	return name, port, nil
}

// checkHost refuses hosts that programs disagree on: names with a final dot, and numbers that only some resolvers
// take for addresses ("0x7f.1").
func checkHost(host string) error {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]")); err != nil || addr.Is4In6() {
			return &ReferenceError{BadHost, "has no valid address in brackets"}
		}
		return nil
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 {
			return &ReferenceError{BadHost, "has a host with an empty or overlong label"}
		}
	}
	if isNumber.MatchString(labels[len(labels)-1]) && net.ParseIP(host) == nil {
		return &ReferenceError{BadHost, "has a number for a host that is no plain address"}
	}
	return nil
}
