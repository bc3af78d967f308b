package kustomize

import (
	"net/url"
	"regexp"
	"strings"
)

var gitUser = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9-]*)@`)

// isURL reports whether kustomize would fetch path over HTTP instead of reading a file. It decides as kustomize's
// loader does.
func isURL(path string) bool {
	u, err := url.Parse(path)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https")
}

// isRemote reports whether kustomize would fetch path, over HTTP or by cloning a repository, where a directory
// may stand. It knows the forms of https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/resource
// and takes for remote a little more than kustomize clones.
func isRemote(path string) bool {
	if isURL(path) {
		return true
	}
	if strings.HasPrefix(path, "/") {
		return false
	}
	path, _, _ = strings.Cut(path, "?")
	lower := strings.TrimPrefix(strings.ToLower(path), "git::")
	for _, scheme := range []string{"ssh://", "https://", "http://", "file://"} {
		if strings.HasPrefix(lower, scheme) {
			return true
		}
	}
	rest := gitUser.ReplaceAllString(lower, "")
	github := strings.HasPrefix(rest, "github.com/") || strings.HasPrefix(rest, "github.com:")
	if rest == lower && !github {
		return false
	}
	return hasRepository(rest)
}

// hasRepository reports whether a host and more is followed by the path of a repository: one that is marked as
// such, or two elements.
func hasRepository(rest string) bool {
	at := strings.IndexAny(rest, "/:")
	if at < 0 {
		return false
	}
	path := rest[at+1:]
	for _, marker := range []string{"_git/", "//", ".git"} {
		if strings.Contains(path, marker) {
			return true
		}
	}
	return strings.Contains(path, "/")
}
