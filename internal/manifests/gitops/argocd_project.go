package gitops

import (
	"cmp"
	"fmt"
	"path"
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

// project finds the AppProject of an Application; nil when it is not in the repository.
func (w *World) project(o *manifests.Object) *manifests.Object {
	called := cmp.Or(o.Field().Get("spec", "project").Text(), "default")
	if found := w.object(argo, "AppProject", o.Namespace, called); found != nil || o.Namespace != "" {
		return found
	}
	for _, other := range w.order {
		if other.Group() == argo && other.Kind == "AppProject" && other.Name == called {
			return other
		}
	}
	return nil
}

// forbidden says why the project of an Application does not let it have a source applied, "" when it does or is not known
// (user guide, "Projects").
func (w *World) forbidden(o *manifests.Object, s manifests.Field) string {
	project := w.project(o)
	if project == nil {
		return ""
	}
	spec := project.Field().Get("spec")
	if url := s.Get("repoURL").Text(); !permitted(spec.Get("sourceRepos").Items(), func(f manifests.Field) (bool, bool) {
		pattern, denied := strings.CutPrefix(f.Text(), "!")
		return pattern == "*" || globMatches(plainGlob(pattern), plainGlob(url)), denied
	}) {
		return fmt.Sprintf("AppProject %s does not permit its source %s: Argo CD refuses it", project.Name, url)
	}
	to := o.Field().Get("spec", "destination")
	if !permitted(spec.Get("destinations").Items(), func(f manifests.Field) (bool, bool) { return destined(f, to) }) {
		return fmt.Sprintf("AppProject %s does not permit its destination, %s in namespace %s: Argo CD refuses it", project.Name,
			cmp.Or(to.Get("name").Text(), to.Get("server").Text(), "no cluster"), cmp.Or(to.Get("namespace").Text(), "none"))
	}
	return ""
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

// destined reports whether an entry of a project's destinations is about a destination, and whether it denies it.
func destined(f, to manifests.Field) (is, denied bool) {
	part := func(key string) (matches bool) {
		pattern, not := strings.CutPrefix(f.Get(key).Text(), "!")
		denied = denied || not
		return globMatches(pattern, to.Get(key).Text())
	}
	inNamespace := part("namespace")
	cluster := "server"
	if to.Get("server").Text() == "" {
		cluster = "name"
	}
	switch {
	case f.Get(cluster).Text() != "":
		return part(cluster) && inNamespace, denied
	case cluster == "server" && f.Get("name").Text() == "in-cluster":
		return to.Get("server").Text() == ownCluster && inNamespace, denied
	case cluster == "name" && to.Get("name").Text() == "in-cluster":
		return globMatches(f.Get("server").Text(), ownCluster) && inNamespace, denied
	}
	return cluster == "name" && f.Get("name").Text() == "" && inNamespace, denied // by its address, which nobody here knows
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
