package change

import (
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// deployer is the Argo CD or Flux object that applies a root to a cluster.
type deployer struct {
	*manifests.Object
	tool   string
	paths  []string        // directories of the repository that it applies
	prunes bool            // deletes what is no longer in them
	held   manifests.Field // the field that keeps it from rolling out what is merged; not set where nothing does
	manual bool            // held by being synchronised by hand only
}

// deployersOf lists the deployers of a root, as far as an index of the repository tells: those that name its directory,
// or, for plain files, the nearest directory above.
func deployersOf(index *review.Index, root manifests.Root) (found []deployer) {
	nearest := 0
	for _, d := range review.OnceOf(index, "change", deployers) {
		for _, at := range d.paths {
			depth := len(strings.Split(at, "/"))
			above := root.Kind == manifests.Plain && strings.HasPrefix(root.Dir, at+"/")
			if !sameDir(at, root.Dir) && !above || depth < nearest {
				continue
			}
			if depth > nearest {
				nearest, found = depth, nil
			}
			if !slices.ContainsFunc(found, func(other deployer) bool { return other.Identity == d.Identity }) {
				found = append(found, d)
			}
		}
	}
	return found
}

// sameDir reports whether a path, in which "*" stands for any part of a name, is the directory.
func sameDir(pattern, dir string) bool {
	ok, err := path.Match(pattern, dir)
	return ok && err == nil
}

// deployers lists everything in an index that applies directories of a repository.
func deployers(index *review.Index) (all []deployer) {
	for _, kind := range []string{"Application", "ApplicationSet", "Kustomization", "HelmRelease"} {
		for _, o := range index.OfKind(kind) {
			if d, ok := newDeployer(index, o); ok {
				all = append(all, d)
			}
		}
	}
	return all
}

// newDeployer reads an object; ok is false when it is none that applies something.
func newDeployer(index *review.Index, o *manifests.Object) (deployer, bool) {
	d := deployer{Object: o}
	spec := o.Field().Get("spec")
	switch o.Kind + "." + o.Group() {
	case "Kustomization.kustomize.toolkit.fluxcd.io":
		d.tool, d.prunes, d.held = "Flux", spec.Get("prune").True(), setTrue(spec.Get("suspend"))
		d.paths = fluxPaths(index, spec)
	case "HelmRelease.helm.toolkit.fluxcd.io":
		d.tool, d.prunes, d.held = "Flux", true, setTrue(spec.Get("suspend"))
		if spec.Get("chart", "spec", "sourceRef", "kind").Text() == "GitRepository" {
			d.paths = []string{clean(spec.Get("chart", "spec", "chart").Text())}
		}
	case "Application.argoproj.io":
		d.argo(spec)
	case "ApplicationSet.argoproj.io":
		d.argo(spec.Get("template", "spec"))
		d.paths = append(d.paths, generated(spec, d.paths)...)
	}
	d.paths = slices.DeleteFunc(d.paths, func(at string) bool { return at == "." || strings.HasPrefix(at, "..") || strings.Contains(at, "{{") })
	return d, d.tool != ""
}

// argo reads the specification of an Application. Its sources lie in this repository or in others, which nobody can
// tell apart here; a directory of the same path is taken to be meant.
func (d *deployer) argo(spec manifests.Field) {
	d.tool = "Argo CD"
	automated := spec.Get("syncPolicy", "automated")
	d.prunes = automated.Get("prune").True()
	if !automated.IsSet() || automated.Get("enabled").False() {
		d.held, d.manual = automated, true
		if !automated.IsSet() {
			d.held = spec.Get("syncPolicy")
		}
		if !d.held.IsSet() {
			d.held = spec
		}
	}
	for _, source := range append(spec.Get("sources").Items(), spec.Get("source"), spec.Get("sourceHydrator", "drySource")) {
		if at := source.Get("path"); at.Text() != "" {
			d.paths = append(d.paths, clean(at.Text()))
		}
	}
}

// generated lists the directories that an ApplicationSet's Git generators find, when its template takes the path from
// them.
func generated(spec manifests.Field, paths []string) (found []string) {
	if !slices.ContainsFunc(paths, func(at string) bool { return strings.Contains(at, "path") && strings.Contains(at, "{{") }) {
		return nil
	}
	spec.Get("generators").Walk(func(f manifests.Field) {
		for _, dir := range f.Get("git", "directories").Items() {
			if !dir.Get("exclude").True() {
				found = append(found, clean(dir.Get("path").Text()))
			}
		}
	})
	return found
}

// fluxPaths lists the directories of the repository that a Kustomization's path stands for. An artifact that is put
// together from parts of it has paths of its own.
func fluxPaths(index *review.Index, spec manifests.Field) []string {
	at := clean(spec.Get("path").Text())
	if spec.Get("sourceRef", "kind").Text() != "ExternalArtifact" {
		return []string{at}
	}
	var found []string
	for _, generator := range index.OfKind("ArtifactGenerator") {
		for _, artifact := range generator.Field().Get("spec", "artifacts").Items() {
			if artifact.Get("name").Text() != spec.Get("sourceRef", "name").Text() {
				continue
			}
			for _, part := range artifact.Get("copy").Items() {
				found = append(found, copiedFrom(part, at)...)
			}
		}
	}
	return found
}

// copiedFrom returns the directory that a path within an artifact was copied from.
func copiedFrom(part manifests.Field, at string) []string {
	_, from, _ := strings.Cut(part.Get("from").Text(), "/")
	to := clean(strings.TrimPrefix(part.Get("to").Text(), "@artifact/"))
	from = clean(strings.TrimSuffix(from, "**"))
	switch rest, below := strings.CutPrefix(at+"/", to+"/"); {
	case to == ".":
		return []string{clean(path.Join(from, at))}
	case below:
		return []string{clean(path.Join(from, rest))}
	}
	return nil
}

func clean(at string) string { return path.Clean(strings.TrimLeft(strings.TrimPrefix(at, "./"), "/")) }

func setTrue(at manifests.Field) manifests.Field {
	if at.True() {
		return at
	}
	return manifests.Field{}
}
