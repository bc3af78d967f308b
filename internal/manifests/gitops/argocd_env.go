package gitops

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// environment are the build variables of Argo CD that follow from an Application (user guide, "Build Environment").
type environment map[string]string

// environmentOf are those of one source. What only Argo CD knows, the revision that it renders, is not among them.
func environmentOf(o *manifests.Object, s manifests.Field) environment {
	spec := o.Field().Get("spec")
	project := spec.Get("project").Text()
	if project == "" {
		project = "default"
	}
	return environment{
		"ARGOCD_APP_NAME":                   o.Name,
		"ARGOCD_APP_NAMESPACE":              spec.Get("destination", "namespace").Text(),
		"ARGOCD_APP_PROJECT_NAME":           project,
		"ARGOCD_APP_SOURCE_PATH":            s.Get("path").Text(),
		"ARGOCD_APP_SOURCE_REPO_URL":        s.Get("repoURL").Text(),
		"ARGOCD_APP_SOURCE_TARGET_REVISION": s.Get("targetRevision").Text(),
	}
}

// unknown are the variables that Argo CD sets, and nothing in the repository says.
func (e environment) unknown(name string) bool {
	return strings.HasPrefix(name, "ARGOCD_APP_REVISION") || strings.HasPrefix(name, "ARGOCD_APP_PARAMETERS") || name == "KUBE_VERSION" || name == "KUBE_API_VERSIONS"
}

// expand replaces $NAME and ${NAME}, and "$$" by "$". Variables that there are not become empty, as in Argo CD; those that
// only it knows stay as they are written.
func (e environment) expand(text string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, after := cutVariable(rest)
		switch {
		case name == "$":
			out.WriteByte('$')
		case name == "", e.unknown(name):
			out.WriteString("$" + rest[:len(rest)-len(after)])
		default:
			out.WriteString(e[name])
		}
		text = after
	}
}

// cutVariable cuts the name of a variable off what follows a dollar sign.
func cutVariable(text string) (name, after string) {
	if strings.HasPrefix(text, "$") {
		return "$", text[1:]
	}
	if strings.HasPrefix(text, "{") {
		if name, after, ok := strings.Cut(text[1:], "}"); ok && name != "" {
			return name, after
		}
		return "", text
	}
	rest := strings.TrimLeft(text, "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
	return text[:len(text)-len(rest)], rest
}
