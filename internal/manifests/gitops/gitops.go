// Package gitops knows what Argo CD and Flux do with a repository: which parts of it their objects have rendered, and with
// what settings. An object becomes a root whose Deployment says how; Renderer renders such roots with the renderers of
// kustomizations, charts and plain YAML, over the tree and the texts that stand in objects.
//
// It follows Flux 2.8 (github.com/fluxcd/pkg/kustomize, the API of helm-controller) and Argo CD 3.3 (its documentation of
// Application and ApplicationSet).
package gitops

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Kinds are the kinds of objects that make roots, or say where those find what they render.
func Kinds() []string {
	return []string{"Application", "ApplicationSet", "Kustomization", "HelmRelease"}
}

var apiVersion = regexp.MustCompile(`apiVersion["']?\s*:\s*["']?(argoproj\.io|[a-z]+\.toolkit\.fluxcd\.io|source\.extensions\.fluxcd\.io)/`)

// Mentioned reports whether a text may hold objects of Argo CD or Flux, rather than others whose kinds have the same names.
func Mentioned(text []byte) bool { return apiVersion.Match(text) }

// Repository is a repository at one commit.
type Repository struct {
	Tree source.Tree
	// URLs are the addresses of the repository. Without any, a source counts as this repository when what it names is there.
	URLs []string
	// Fetch gets what lies elsewhere; nil where nothing is fetched. Tree must have nothing of its own in manifests.ElsewhereDir then.
	Fetch Fetcher
	// Ended says why nobody waits for the roots any more, else nil; nil where somebody always does. What is looked up after that is worth nothing.
	Ended func() error
}

// World is what is known of a repository's objects: the roots that objects make are looked up in it.
type World struct {
	repository Repository
	urls       map[string]bool
	byName     map[name]*manifests.Object
	order      []*manifests.Object // as they became known
	named      map[string]bool     // addresses at which objects name what is here; nil when that has to be found again
	spent      int                 // steps of work so far
	taken      int                 // bytes that objects took from others so far
	cluster    []string            // custom kinds that live in no namespace; nil when they have to be found again

	fetched      map[string]had               // by the directories where it lies
	sourceIgnore map[string]ignoring          // by the tops of sources, when they were asked for
	restrictions map[*manifests.Object]string // digests of what AppProjects restrict, when they were asked for
}

// name finds an object.
type name struct{ group, kind, namespace, name string }

// NewWorld makes a world of a repository and of objects that are known of it. Of two that have one name the first counts.
func NewWorld(repository Repository, objects []*manifests.Object) *World {
	w := &World{repository: repository, urls: make(map[string]bool), byName: make(map[name]*manifests.Object),
		fetched: make(map[string]had), sourceIgnore: make(map[string]ignoring), restrictions: make(map[*manifests.Object]string)}
	for _, url := range repository.URLs {
		w.urls[plainURL(url)] = true
	}
	w.Add(objects)
	return w
}

// Add makes more objects known.
func (w *World) Add(objects []*manifests.Object) {
	for _, o := range objects {
		key := name{o.Group(), o.Kind, o.Namespace, o.Name}
		if w.byName[key] == nil {
			w.byName[key] = o
			w.order, w.named, w.cluster = append(w.order, o), nil, nil
		}
	}
}

// object finds an object; nil when it is not known. Where objects in the repository have no namespace, what applies them
// gives them one.
func (w *World) object(group, kind, namespace, called string) *manifests.Object {
	if o := w.byName[name{group, kind, namespace, called}]; o != nil {
		return o
	}
	return w.byName[name{group, kind, "", called}]
}

// Roots returns the roots that objects make, which parent rendered to. They are named after the directory that parent
// renders, and the object.
func (w *World) Roots(parent manifests.Root, objects []*manifests.Object) []manifests.Root {
	var roots []manifests.Root
	set := ofSet(parent)
	named := make(map[string]bool)
	for _, o := range objects {
		if w.ended() != nil {
			return nil
		}
		if o.Hook != "" || o.Name == "" {
			continue
		}
		for _, made := range w.rootsOf(o) {
			made.root.Path = place(parent) + "#" + oneWord(made.name)
			d := made.root.Deployment
			d.By, d.Effect = o.Identity, effectOf(o, d.Effect.Follows)
			if unresolved(parent, o) {
				d.Guessed, d.Elsewhere = true, d.Skip != ""
			}
			if o.Group() == argo && o.Kind == "Application" {
				d.Effect.Applied += w.windows(o)
			}
			if set != nil {
				d.Effect = under(set.Effect, d.Effect)
				d.Elsewhere = d.Elsewhere || set.Guessed && d.Skip != "" // what it names may be a parameter's name
				if named[o.Kind+"/"+o.Name] {
					d.Notes = append(d.Notes, fmt.Sprintf("%s makes several Applications of the name %s: Argo CD makes none of them then", set.By, oneWord(o.Name)))
				}
			}
			roots = append(roots, made.root)
		}
		named[o.Kind+"/"+o.Name] = true
	}
	slices.SortStableFunc(roots, func(a, b manifests.Root) int { return cmp.Compare(a.Path, b.Path) })
	return unlike(roots)
}

// unresolved reports whether an object has variables in it whose values nobody knows here.
func unresolved(parent manifests.Root, o *manifests.Object) bool {
	d := parent.Deployment
	return d != nil && len(d.After.Unknown) > 0 && bytes.Contains(o.Raw, []byte("${"))
}

// ofSet is the deployment of an ApplicationSet, nil for any other root.
func ofSet(parent manifests.Root) *manifests.Deployment {
	if d := parent.Deployment; d != nil && d.By.Kind == "ApplicationSet" && d.By.Group() == argo {
		return d
	}
	return nil
}

// place is the directory that a root renders; for a chart with values its path, which tells it from others.
func place(parent manifests.Root) string {
	if d := parent.Deployment; d != nil {
		return cmp.Or(d.Under, below(parent))
	}
	return parent.Path
}

// oneWord is a name as Kubernetes would take it, near enough to be shown on one line: names in files may be anything.
func oneWord(name string) string {
	const longest = 300
	name = strings.Map(func(r rune) rune {
		if r <= ' ' || r == '#' || r == utf8.RuneError || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, name)
	return strings.ToValidUTF8(name[:min(len(name), longest)], "")
}

// unlike gives roots of one path names that tell them apart: by the namespaces of their objects, then by number. roots are
// sorted by path.
func unlike(roots []manifests.Root) []manifests.Root {
	count := make(map[string]int, len(roots))
	for i := range roots {
		count[roots[i].Path]++
	}
	taken := make(map[string]int, len(roots))
	for i := range roots {
		root := &roots[i]
		if by := root.Deployment.By; count[root.Path] > 1 && by.Namespace != "" {
			root.Path += "." + oneWord(by.Namespace)
		}
		taken[root.Path]++
		if n := taken[root.Path]; n > 1 {
			root.Path += "-" + strconv.Itoa(n)
		}
	}
	return roots
}

// made is a root under its own name.
type made struct {
	name string
	root manifests.Root
}

func (w *World) rootsOf(o *manifests.Object) []made {
	switch group, kind := o.Group(), o.Kind; {
	case group == fluxKustomize && kind == "Kustomization":
		return []made{{"Kustomization/" + o.Name, w.kustomization(o)}}
	case group == fluxHelm && kind == "HelmRelease":
		return []made{{"HelmRelease/" + o.Name, w.release(o)}}
	case group == argo && kind == "Application":
		return w.application(o)
	case group == argo && kind == "ApplicationSet":
		return w.applicationSet(o)
	}
	return nil
}

// skipped is a root of something that lies elsewhere.
func skipped(kind manifests.RootKind, at manifests.Origin, why string) manifests.Root {
	return manifests.Root{Kind: kind, Dir: ".", Deployment: &manifests.Deployment{At: at, Skip: why, Elsewhere: true}}
}

// broken is a root that cannot be rendered, and why.
func broken(kind manifests.RootKind, at manifests.Origin, why string) manifests.Root {
	return manifests.Root{Kind: kind, Dir: ".", Deployment: &manifests.Deployment{At: at, Skip: why}}
}

// originOf is where a field is written; where it is absent, what would hold it.
func originOf(o *manifests.Object, f manifests.Field) manifests.Origin {
	origin, _ := o.OriginAt(f.Path())
	return origin
}

// plainURL is the address of a repository without what makes no difference: scheme, user, ".git", letters' case.
func plainURL(url string) string {
	url = strings.ToLower(strings.TrimSpace(url))
	if _, rest, ok := strings.Cut(url, "://"); ok {
		url = rest
	} else if host, rest, ok := strings.Cut(url, ":"); ok && !strings.Contains(host, "/") {
		url = host + "/" + rest
	}
	host, rest, _ := strings.Cut(url, "/")
	if _, after, ok := strings.Cut(host, "@"); ok { // of a path it is a part
		host = after
	}
	host, _, _ = strings.Cut(host, ":")
	return host + "/" + strings.TrimSuffix(strings.Trim(rest, "/"), ".git")
}

// ours reports whether the address of a Git repository is that of this one. Where nobody knows that, one counts as this
// when what it names is there, or what another object names at the same address.
func (w *World) ours(url, dir string) bool {
	if len(w.urls) > 0 {
		return w.urls[plainURL(url)]
	}
	if w.isDir(dir) {
		return true
	}
	if w.named == nil {
		w.named = make(map[string]bool)
		for _, o := range w.order {
			w.noteNamed(o)
		}
	}
	return w.named[plainURL(url)]
}

// noteNamed notes the addresses at which an object names directories that are here.
func (w *World) noteNamed(o *manifests.Object) {
	spec := o.Field().Get("spec")
	note := func(url, dir string) {
		if p, ok := inside(dir); ok && p != "." && url != "" && w.isDir(p) {
			w.named[plainURL(url)] = true
		}
	}
	switch o.Group() {
	case argo:
		for _, s := range append(spec.Get("sources").Items(), spec.Get("source")) {
			note(s.Get("repoURL").Text(), s.Get("path").Text())
		}
	case fluxKustomize:
		ref := spec.Get("sourceRef")
		if holder := w.object(fluxSource, ref.Get("kind").Text(), cmp.Or(ref.Get("namespace").Text(), o.Namespace), ref.Get("name").Text()); holder != nil {
			note(holder.Field().Get("spec", "url").Text(), spec.Get("path").Text())
		}
	}
}

// inside cleans a path of the repository. False when it leads out of it.
func inside(elements ...string) (string, bool) {
	p := path.Clean(strings.TrimLeft(path.Join(elements...), "/"))
	return p, p != ".." && !strings.HasPrefix(p, "../")
}

// isFile reports whether a path of the tree is a file.
func (w *World) isFile(p string) bool { return w.is(p, source.File) }

// isDir reports whether a path of the tree is a directory.
func (w *World) isDir(p string) bool { return w.is(p, source.Dir) }

// is reports whether a path of the tree is of a kind. What lies where texts are laid is hidden by them, and is none.
func (w *World) is(p string, kind source.Kind) bool {
	info, err := w.repository.Tree.Stat(p)
	return err == nil && info.Kind == kind && !reserved(p)
}

// reserved reports whether a path is where texts are laid.
func reserved(p string) bool { return p == laidDir || strings.HasPrefix(p, laidDir+"/") }

// Sources are the kinds of objects that say where others find what they render.
func Sources() []string {
	return []string{"GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket", "ArtifactGenerator"}
}
