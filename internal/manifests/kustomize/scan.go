package kustomize

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// maxLayers is how many kustomizations one build may accumulate. A base that two others use counts twice, as
// kustomize works through it twice.
const maxLayers = 2000

// scanner finds the layers of a build before kustomize runs, and refuses what must not run.
type scanner struct {
	tree   source.Tree
	layers int
	lacks  []manifests.Lack
	lacked error // what says of the first one that it is not there
}

// scan loads the kustomization in dir and all below it. Where kustomize will fail with a good reason of its own,
// scan says nothing.
func (s *scanner) scan(dir string, parent *layer, component bool) (*layer, error) {
	if s.layers++; s.layers > maxLayers {
		return nil, parent.fail(nil, fmt.Sprintf("kustomizations use each other more than %d times", maxLayers))
	}
	l := &layer{dir: dir, parent: parent, component: component}
	if err := s.load(l); err != nil || l.file == "" {
		return l, err
	}
	for _, check := range []func(*layer) error{s.checkSources, s.checkPatches, s.checkGenerators, s.checkPlugins, s.scanResources, s.scanComponents} {
		if err := check(l); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// load reads and decodes the kustomization file, exactly as kustomize does.
func (s *scanner) load(l *layer) error {
	for _, base := range konfig.RecognizedKustomizationFileNames() {
		file := path.Join(l.dir, base)
		info, err := s.tree.Stat(file)
		if errors.Is(err, source.ErrNotExist) {
			continue
		}
		if err == nil && info.Kind == source.Dir {
			continue
		}
		if l.file != "" {
			return &manifests.RenderError{Reason: "there is a second kustomization file beside it: " + path.Base(l.file), Span: source.Span{File: file}}
		}
		l.file = file
		if l.text, err = s.tree.ReadFile(file); err != nil {
			return &manifests.RenderError{Reason: "cannot be read: " + err.Error(), Span: source.Span{File: file}, Cause: err}
		}
	}
	if l.file == "" {
		return s.missingFile(l)
	}
	if err := checkYAML(l.text); err != nil {
		return &manifests.RenderError{Reason: err.Error(), Span: source.Span{File: l.file}, Cause: err}
	}
	node, err := manifests.ParseYAML(l.text)
	if err != nil {
		return yamlError(l.file, 1, err)
	}
	l.node = node
	if err := l.spec.Unmarshal(l.text); err != nil {
		return decodeError(l, err)
	}
	l.spec.FixKustomization()
	return nil
}

func (s *scanner) missingFile(l *layer) error {
	where := source.Span{File: l.dir}
	if l.parent != nil {
		return nil // the entry that names the directory says it better
	}
	return &manifests.RenderError{Reason: "holds no kustomization.yaml", Span: where, Cause: source.ErrNotExist}
}

// generatorFile is what a file of a generator is called. It is kustomize's own loader that would fetch one.
const generatorFile = "file"

// reference is a path that a kustomization makes kustomize load, and where it stands.
type reference struct {
	what string // "patch", "CRD": for the message
	path string
	keys []key
}

// check refuses references that kustomize would fetch, and those that lead nowhere.
func (s *scanner) check(l *layer, refs []reference) error {
	for _, r := range refs {
		if isURL(r.path) {
			if r.what == generatorFile {
				return remoteError(l, r)
			}
			if _, err := s.elsewhere(l, r, manifests.FileAddress); err != nil {
				return err
			}
			continue
		}
		if r.path == "" || strings.ContainsAny(r.path, "\n{") {
			continue // a patch, not a path; or kustomize's own complaint
		}
		if l.outside(r.path) {
			return outsideError(l, r.path, r.keys)
		}
		if _, err := s.tree.Stat(l.join(r.path)); errors.Is(err, source.ErrNotExist) {
			return l.fail(err, fmt.Sprintf("%s %s is not in the repository (looked for %s)", r.what, r.path, l.join(r.path)), r.keys...)
		}
	}
	return nil
}

func remoteError(l *layer, r reference) error {
	return l.fail(errRemote, fmt.Sprintf("remote %s %s is not in the repository, and nothing is fetched: copy it in", r.what, r.path), r.keys...)
}

func outsideError(l *layer, p string, keys []key) error {
	return l.fail(source.ErrNotExist, p+" leads out of the repository, where nothing is read", keys...)
}

var errRemote = errors.New("remote")

// checkSources looks at what configures kustomize itself.
func (s *scanner) checkSources(l *layer) error {
	var refs []reference
	for i, p := range l.spec.Crds {
		refs = append(refs, reference{"CRD", p, []key{name("crds"), item(i)}})
	}
	for i, p := range l.spec.Configurations {
		refs = append(refs, reference{"configuration", p, []key{name("configurations"), item(i)}})
	}
	for i, r := range l.spec.Replacements {
		refs = append(refs, reference{"replacement", r.Path, []key{name("replacements"), item(i), name("path")}})
	}
	refs = append(refs, reference{"OpenAPI schema", l.spec.OpenAPI["path"], []key{name("openapi"), name("path")}})
	return s.check(l, refs)
}

func (s *scanner) checkPatches(l *layer) error {
	var refs []reference
	for field, list := range map[string][]types.Patch{"patches": l.spec.Patches, "patchesJson6902": l.spec.PatchesJson6902} {
		for i, p := range list {
			refs = append(refs, reference{"patch", p.Path, []key{name(field), item(i), name("path")}})
			if err := checkYAML([]byte(p.Patch)); err != nil {
				return l.fail(err, err.Error(), name(field), item(i), name("patch"))
			}
		}
	}
	for i, p := range l.spec.PatchesStrategicMerge {
		keys := []key{name("patchesStrategicMerge"), item(i)}
		if err := checkYAML([]byte(p)); err != nil {
			return l.fail(err, err.Error(), keys...)
		}
		refs = append(refs, reference{"patch", string(p), keys})
	}
	return s.check(l, refs)
}

func (s *scanner) checkGenerators(l *layer) error {
	var refs []reference
	add := func(field string, i int, sources types.KvPairSources) {
		at := []key{name(field), item(i)}
		for j, f := range sources.FileSources {
			_, p, found := strings.Cut(f, "=")
			if !found {
				p = f
			}
			refs = append(refs, reference{generatorFile, p, append(at[:2:2], name("files"), item(j))})
		}
		for j, p := range sources.EnvSources {
			refs = append(refs, reference{generatorFile, p, append(at[:2:2], name("envs"), item(j))})
		}
	}
	for i, g := range l.spec.ConfigMapGenerator {
		add("configMapGenerator", i, g.KvPairSources)
	}
	for i, g := range l.spec.SecretGenerator {
		add("secretGenerator", i, g.KvPairSources)
	}
	return s.check(l, refs)
}

// scanResources follows resources (and bases) into files and further kustomizations.
func (s *scanner) scanResources(l *layer) error {
	for i, entry := range l.spec.Resources {
		keys := l.resourceKeys(i)
		if isRemote(entry) {
			if here, err := s.elsewhere(l, reference{"base", entry, keys}, manifests.ParseBase); err != nil {
				return err
			} else if !here {
				continue
			}
		}
		info, err := s.stat(l, entry, keys)
		if err != nil {
			return err
		}
		if info.Kind != source.Dir {
			l.resources = append(l.resources, resource{index: i, file: l.join(entry)})
			continue
		}
		below, err := s.descend(l, info.Path, false, keys)
		if err != nil {
			return err
		}
		l.resources = append(l.resources, resource{index: i, layer: below})
	}
	return nil
}

func (s *scanner) scanComponents(l *layer) error {
	for i, entry := range l.spec.Components {
		keys := []key{name("components"), item(i)}
		if isRemote(entry) {
			if here, err := s.elsewhere(l, reference{"component", entry, keys}, manifests.ParseBase); err != nil {
				return err
			} else if !here {
				continue
			}
		}
		info, err := s.stat(l, entry, keys)
		if err != nil {
			return err
		}
		if info.Kind != source.Dir {
			return l.fail(nil, fmt.Sprintf("component %s is a file; it must be a directory with a kustomization", entry), keys...)
		}
		below, err := s.descend(l, info.Path, true, keys)
		if err != nil {
			return err
		}
		l.components = append(l.components, below)
	}
	return nil
}

// stat looks an entry up. An entry that is not there can only fail, and here its line is known.
func (s *scanner) stat(l *layer, entry string, keys []key) (source.Info, error) {
	if entry == "" {
		return source.Info{}, l.fail(nil, "is empty, where a path should be", keys...)
	}
	if l.outside(entry) {
		return source.Info{}, outsideError(l, entry, keys)
	}
	info, err := s.tree.Stat(l.join(entry))
	switch {
	case errors.Is(err, source.ErrNotExist):
		return info, l.fail(err, fmt.Sprintf("%s is not in the repository (looked for %s)", entry, l.join(entry)), keys...)
	case err != nil:
		return info, l.fail(err, fmt.Sprintf("%s: %v", entry, err), keys...)
	case info.Kind == source.Submodule:
		return info, l.fail(source.ErrSubmodule, fmt.Sprintf("%s %v", entry, source.ErrSubmodule), keys...)
	}
	return info, nil
}

// descend scans the kustomization in dir, which must not hold the one that names it, nor any that led there.
func (s *scanner) descend(l *layer, dir string, component bool, keys []key) (*layer, error) {
	var cycle *layer
	l.parents(func(above *layer) bool {
		if holds(dir, above.dir) {
			cycle = above
		}
		return cycle == nil
	})
	if cycle != nil {
		return nil, l.fail(nil, fmt.Sprintf("directory %s holds the kustomization %s, which leads here: a cycle", dir, cycle.file), keys...)
	}
	below, err := s.scan(dir, l, component)
	if err != nil {
		return nil, err
	}
	switch isComponent := below.spec.Kind == types.ComponentKind; {
	case below.file == "":
		return nil, l.fail(source.ErrNotExist, fmt.Sprintf("directory %s holds no kustomization.yaml", dir), keys...)
	case component && !isComponent:
		return nil, l.fail(nil, fmt.Sprintf("%s is used as a component, but its kind is %s: list it under resources", dir, below.spec.Kind), keys...)
	case !component && isComponent:
		return nil, l.fail(nil, fmt.Sprintf("%s is a component: list it under components", dir), keys...)
	}
	return below, nil
}

// holds reports whether dir is inner or above it.
func holds(dir, inner string) bool {
	return dir == "." || dir == inner || strings.HasPrefix(inner, dir+"/")
}
