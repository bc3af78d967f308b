package gitops

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Around are the kinds of objects that decide how others are rendered, though they have nothing rendered themselves.
func Around() []string {
	return []string{"ConfigMap", "Namespace", "AppProject", "CustomResourceDefinition"}
}

// generatePaths names the annotation with what an Application is made of, where that is not its source's directory alone
// (operator manual, "High Availability", "Manifest Paths Annotation").
const generatePaths = "argocd.argoproj.io/manifest-generate-paths"

// watched are the paths of that annotation: from the top of the repository with "/", else below the source's directory. What
// is in front of a pattern stands for it.
func watched(o *manifests.Object, s manifests.Field) (paths []string) {
	for _, said := range strings.Split(o.Field().Get("metadata", "annotations", generatePaths).Text(), ";") {
		if said = strings.TrimSpace(said); said == "" {
			continue
		}
		from := s.Get("path").Text()
		if strings.HasPrefix(said, "/") {
			from = "."
		}
		if i := strings.IndexAny(said, "*?["); i >= 0 {
			said = path.Dir(said[:i] + "x")
		}
		if p, ok := inside(from, said); ok {
			paths = append(paths, p)
		}
	}
	return paths
}

// project finds the AppProject of an Application; nil when it is not in the repository. It is in the namespace of Argo CD, where
// not all Applications have to be: of several with one name that of the same namespace is meant, or nobody knows which.
func (w *World) project(o *manifests.Object) (found *manifests.Object) {
	called := cmp.Or(o.Field().Get("spec", "project").Text(), "default")
	if own := w.object(argo, "AppProject", o.Namespace, called); own != nil {
		return own
	}
	for _, other := range w.order {
		if other.Group() != argo || other.Kind != "AppProject" || other.Name != called {
			continue
		}
		if found != nil {
			return nil
		}
		found = other
	}
	return found
}

// windows says when the project of an Application lets it be synced, in words that follow others; "" for always (user guide,
// "Sync Windows").
func (w *World) windows(o *manifests.Object) (text string) {
	project := w.project(o)
	if project == nil {
		return ""
	}
	said := 0
	for _, window := range project.Field().Get("spec", "syncWindows").Items() {
		if w.spend(perWindow*(1+len(window.Get("applications").Items())+len(window.Get("namespaces").Items())+len(window.Get("clusters").Items()))) != nil || said == maxWindows {
			return text + ", and there are more windows"
		}
		if !windowOf(window, o) {
			continue
		}
		said++
		when := "in"
		if window.Get("kind").Text() == "deny" {
			when = "not in"
		}
		text += fmt.Sprintf(", %s the window %s for %s", when, inWords(window.Get("schedule")), inWords(window.Get("duration")))
		if window.Get("manualSync").True() {
			text += " but by hand"
		}
	}
	return text
}

// Limits of what is said of windows, and what it takes.
const (
	maxWindows = 10
	perWindow  = 8 // steps of work for each of their patterns
)

// inWords is a text of a window as it is said: a schedule is not long.
func inWords(f manifests.Field) string { return fmt.Sprintf("%.80s", oneLine(f.Text())) }

// windowOf reports whether a window is about an Application: by its name, its namespace or its cluster, or by all of these that
// the window names.
func windowOf(window manifests.Field, o *manifests.Object) bool {
	to := o.Field().Get("spec", "destination")
	some, every := false, true
	for key, texts := range map[string][]string{"applications": {o.Name}, "namespaces": {to.Get("namespace").Text()}, "clusters": {to.Get("server").Text(), to.Get("name").Text()}} {
		items := window.Get(key).Items()
		matches := slices.ContainsFunc(items, func(f manifests.Field) bool {
			return slices.ContainsFunc(texts, func(text string) bool { return text != "" && globMatches(f.Text(), text) })
		})
		some, every = some || matches, every && (matches || len(items) == 0)
	}
	return some && (every || !window.Get("andOperator").True())
}

// permitted reports whether an entry allows something, and none denies it.
func permitted(entries []manifests.Field, matches func(manifests.Field) (is, denied bool)) (allowed bool) {
	for _, f := range entries {
		is, denied := matches(f)
		if is && denied {
			return false
		}
		allowed = allowed || is
	}
	return allowed
}

// ownCluster is the address of the cluster in which Argo CD runs.
const ownCluster = "https://kubernetes.default.svc"

// plainGlob is the address of a repository, or a pattern of such, without what makes no difference.
func plainGlob(url string) string {
	return strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(url), "/"), ".git")
}

// maxGlobText caps the addresses and names that are held against a project's patterns, in bytes, and these.
const maxGlobText = 2048

// globMatches reports whether a pattern with "*" and braces matches a text. One that is too long to be an address does not.
func globMatches(pattern, text string) bool {
	if len(pattern) > maxGlobText || len(text) > maxGlobText {
		return false
	}
	patterns, err := braces(pattern)
	return err == nil && matchesAny(patterns, text)
}
