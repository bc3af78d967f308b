package image

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var ingressControllerOutdated = review.Rule{
	ID: "ingress-controller-outdated", Level: review.Warning, Guidelines: []string{"G17"},
	Summary: "An ingress controller that is retired, or has a known critical flaw",
	Kinds:   []string{review.Workloads},
	Check:   checkIngressControllerOutdated,
}

// version is major, minor and patch of a tag.
type version [3]int

// flaw is a known critical flaw of a controller: versions from From up to, without, Fixed have it.
type flaw struct {
	from, fixed version
	name        string
}

var ingressNginxFlaws = []flaw{
	{version{}, version{1, 11, 5}, "CVE-2025-1974"},
	{version{1, 12, 0}, version{1, 12, 1}, "CVE-2025-1974"},
}

var traefikFlaws = []flaw{
	{version{2}, version{2, 11, 9}, "CVE-2024-45410"},
	{version{3}, version{3, 1, 3}, "CVE-2024-45410"},
}

func checkIngressControllerOutdated(p *review.Pass) {
	each(p, func(u review.ImageField, ref images.Reference) {
		at, whole := parseVersion(ref.Tag)
		switch {
		case isIngressNginx(ref.Name()):
			if f, found := findFlaw(ingressNginxFlaws, at); found && whole {
				p.Report(u.Field, "%s runs ingress-nginx %s, which has %s", u.Title, ref.Tag, f).Part(ref.Tag).
					Detail("Whoever reaches its admission webhook from a pod can run code in the controller, which reads every Secret. The project ended in March 2026, so there will be no further fixes either: move to a maintained controller or a Gateway.")
				return
			}
			p.Report(u.Field, "%s runs ingress-nginx, which is retired", u.Title).Part(path.Base(ref.Name())).
				Detail("The project ended in March 2026. The next flaw in what faces the internet will not be fixed: move to a maintained controller or a Gateway.")
		case isTraefik(ref.Name()):
			if f, found := findFlaw(traefikFlaws, at); found && whole {
				p.Report(u.Field, "%s runs Traefik %s, which has %s", u.Title, ref.Tag, f).Part(ref.Tag).
					Detail("Clients can remove or forge the headers by which applications behind it know who is asking. It is fixed in 2.11.9 and 3.1.3.")
			} else if at[0] == 1 {
				p.Report(u.Field, "%s runs Traefik 1, which is retired", u.Title).Part(path.Base(ref.Name())).
					Detail("Traefik 1 ended in 2021 and gets no fixes; what faces the internet needs them.")
			}
		}
	})
}

func isIngressNginx(name string) bool {
	return strings.HasSuffix(name, "/ingress-nginx/controller") || strings.HasSuffix(name, "/ingress-nginx/controller-chroot") ||
		strings.HasPrefix(name, "quay.io/kubernetes-ingress-controller/nginx-ingress-controller")
}

func isTraefik(name string) bool {
	return name == "docker.io/library/traefik" || name == "docker.io/traefik/traefik" || name == "ghcr.io/traefik/traefik"
}

var versionTag = regexp.MustCompile(`^v?(\d{1,4})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?(?:$|[^0-9.])`)

// parseVersion reads a tag such as "v1.11.3", and reports whether it has all three numbers, so that it does not
// follow fixes by itself.
func parseVersion(tag string) (v version, whole bool) {
	match := versionTag.FindStringSubmatch(tag)
	if match == nil {
		return v, false
	}
	for i := range v {
		v[i], _ = strconv.Atoi(match[i+1]) // absent numbers are 0
	}
	return v, match[3] != ""
}

func findFlaw(flaws []flaw, v version) (name string, found bool) {
	for _, f := range flaws {
		if !v.before(f.from) && v.before(f.fixed) {
			return f.name, true
		}
	}
	return "", false
}

func (v version) before(other version) bool {
	for i := range v {
		if v[i] != other[i] {
			return v[i] < other[i]
		}
	}
	return false
}
