package gitops

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// The groups of Flux' APIs.
const (
	fluxKustomize = "kustomize.toolkit.fluxcd.io"
	fluxHelm      = "helm.toolkit.fluxcd.io"
	fluxSource    = "source.toolkit.fluxcd.io"
	fluxArtifacts = "source.extensions.fluxcd.io"
)

// source finds what a sourceRef names, seen from an object, and where dir lies in it.
func (w *World) source(o *manifests.Object, ref manifests.Field, dir string) location {
	kind, called := ref.Get("kind").Text(), ref.Get("name").Text()
	namespace := ref.Get("namespace").Text()
	if namespace == "" {
		namespace = o.Namespace
	}
	switch kind {
	case "GitRepository":
		return w.gitSource(namespace, called, dir)
	case "ExternalArtifact":
		return w.artifact(namespace, called, dir)
	case "OCIRepository", "Bucket":
		return location{why: fmt.Sprintf("its source is %s %s, which is not this repository", kind, called)}
	}
	return location{why: fmt.Sprintf("its source is of the kind %q, which is not known", kind)}
}

func (w *World) gitSource(namespace, called, dir string) location {
	o := w.object(fluxSource, "GitRepository", namespace, called)
	if o == nil {
		if p, ok := inside(dir); ok && w.isDir(p) {
			return location{dir: "."}
		}
		return location{why: fmt.Sprintf("its source GitRepository %s is not in the repository, and neither is %s", called, dir)}
	}
	spec := o.Field().Get("spec")
	p, _ := inside(dir)
	where := location{dir: "."}
	if url, pinned := spec.Get("url").Text(), pin(spec.Get("ref")); !w.ours(url, p) {
		where = w.elsewhere(revisionOf(o), fmt.Sprintf("its source GitRepository %s is another repository, %s", called, manifests.ShownAddress(url)))
	} else if pinned != "" {
		where = w.elsewhere(revisionOf(o), fmt.Sprintf("its source GitRepository %s is at %s, and not at what is reviewed", called, pinned))
	}
	if where.mount != nil && len(spec.Get("include").Items()) > 0 {
		return location{why: fmt.Sprintf("its source GitRepository %s includes others, which are not put together here", called), at: originOf(o, spec.Get("include"))}
	}
	where.ignore, where.branch = spec.Get("ignore").Text(), spec.Get("ref", "branch").Text()
	return where
}

// pin is the fixed point at which a GitRepository stands, "" for a branch.
func pin(ref manifests.Field) string {
	for _, key := range []string{"commit", "tag", "semver", "name"} {
		if text := ref.Get(key).Text(); text != "" && !strings.HasPrefix(text, "refs/heads/") {
			return key + " " + text
		}
	}
	return ""
}

// artifact finds an ExternalArtifact that an ArtifactGenerator copies from this repository. The copy has to keep the
// places that files have to each other, so that what they name is found here too.
func (w *World) artifact(namespace, called, dir string) location {
	for _, o := range w.order {
		if o.Group() != fluxArtifacts || o.Kind != "ArtifactGenerator" || o.Namespace != namespace && o.Namespace != "" {
			continue
		}
		for _, made := range o.Field().Get("spec", "artifacts").Items() {
			if made.Get("name").Text() == called {
				return w.copied(o, made, dir)
			}
		}
	}
	return location{why: fmt.Sprintf("its source ExternalArtifact %s is made by nothing in the repository", called)}
}

func (w *World) copied(generator *manifests.Object, made manifests.Field, dir string) location {
	called := made.Get("name").Text()
	shift, found := "", false
	for _, rule := range made.Get("copy").Items() {
		from, to := rule.Get("from").Text(), strings.TrimPrefix(rule.Get("to").Text(), "@artifact/")
		alias, from, _ := strings.Cut(strings.TrimPrefix(from, "@"), "/")
		switch where := w.aliased(generator, alias); {
		case where.why != "":
			return where
		case where.mount != nil:
			return location{why: fmt.Sprintf("its source ExternalArtifact %s is copied from another repository, %s", called, where.mount.Address)}
		}
		from = path.Clean(strings.TrimRight(strings.TrimSuffix(from, "**"), "/"))
		kept, ok := strings.CutSuffix("/"+from, strings.TrimRight("/"+path.Clean("/" + to)[1:], "/"))
		kept = strings.TrimPrefix(kept, "/")
		if !ok || found && kept != shift {
			return location{why: fmt.Sprintf("its source ExternalArtifact %s is put together of parts of the repository in another order", called)}
		}
		shift, found = kept, true
	}
	if !found {
		return location{why: fmt.Sprintf("its source ExternalArtifact %s copies nothing", called)}
	}
	return location{dir: path.Clean("./" + shift)}
}

// aliased finds a source of an ArtifactGenerator.
func (w *World) aliased(generator *manifests.Object, alias string) location {
	for _, s := range generator.Field().Get("spec", "sources").Items() {
		if s.Get("alias").Text() != alias {
			continue
		}
		if s.Get("kind").Text() == "ExternalArtifact" { // which may lead back to this one
			return location{why: fmt.Sprintf("its ArtifactGenerator %s copies from another artifact", generator.Name)}
		}
		return w.source(generator, s, ".")
	}
	return location{why: fmt.Sprintf("its ArtifactGenerator %s names no source %s", generator.Name, alias)}
}

// kustomization is what a Kustomization of Flux has rendered.
func (w *World) kustomization(o *manifests.Object) manifests.Root {
	spec := o.Field().Get("spec")
	at := originOf(o, spec.Get("path"))
	named := path.Clean("/" + spec.Get("path").Text()) // Flux lets nothing lead out of the source
	where := w.source(o, spec.Get("sourceRef"), named)
	if where.why != "" {
		return where.skipped(originOf(o, spec.Get("sourceRef")))
	}
	dir, ok := within(where.dir, named)
	if !ok || !w.isDir(dir) {
		return broken(manifests.Flux, at, fmt.Sprintf("the directory %s is not in the repository", where.called(dir)))
	}
	root := manifests.Root{Kind: manifests.Flux, Dir: dir, Free: true}
	d := &manifests.Deployment{At: at, Render: manifests.Kustomize, Free: true, After: w.postBuild(o)}
	where.lay(d)
	d.Effect.Follows = where.branch
	root.Deployment = d
	text, reason := w.amended(o, dir, where.ignore, d)
	if reason != nil {
		d.At, d.Skip = failureOrigin(reason, at), reason.Reason
		return root
	}
	d.Laid = []manifests.Laid{text}
	return root
}

func failureOrigin(e *manifests.RenderError, at manifests.Origin) manifests.Origin {
	if e.Span.File == "" {
		return at
	}
	return manifests.Origin{{Span: e.Span, Role: manifests.RoleResource, Precision: manifests.Exact}}
}

// amended is the kustomization of dir, or one over its manifests, with what the object adds.
func (w *World) amended(o *manifests.Object, dir, ignore string, d *manifests.Deployment) (manifests.Laid, *manifests.RenderError) {
	a, below, err := w.kustomizationIn(dir, ignore)
	d.Below = below
	if err != nil {
		return manifests.Laid{}, err
	}
	spec := o.Field().Get("spec")
	for _, f := range []struct{ from, to string }{{"targetNamespace", "namespace"}, {"namePrefix", "namePrefix"}, {"nameSuffix", "nameSuffix"}} {
		if value := spec.Get(f.from); value.Text() != "" {
			if err := a.set(f.to, value.Text(), originOf(o, value)); err != nil {
				return manifests.Laid{}, failureAt(originOf(o, value), err.Error(), err)
			}
		}
	}
	if metadata := spec.Get("buildMetadata"); len(metadata.Items()) > 0 {
		var said []string
		for _, m := range metadata.Items() {
			said = append(said, m.Text())
		}
		if err := a.set("buildMetadata", said, originOf(o, metadata)); err != nil {
			return manifests.Laid{}, failureAt(originOf(o, metadata), err.Error(), err)
		}
	}
	for _, step := range []func(*amendment, *manifests.Object, string) error{w.addPatches, w.addComponents, w.addImages} {
		if err := step(a, o, dir); err != nil {
			return manifests.Laid{}, failureAt(originOf(o, spec), manifests.Discreet(err.Error()), err)
		}
	}
	d.Components = a.components
	return a.laid(), nil
}

// addPatches adds the patches of a Kustomization, or of a post-renderer.
func (w *World) addPatches(a *amendment, o *manifests.Object, _ string) error {
	return w.patches(a, o, o.Field().Get("spec"))
}

// patches adds the patches that a field holds, in each of kustomize's three forms.
func (w *World) patches(a *amendment, o *manifests.Object, of manifests.Field) error {
	items := &page{}
	for _, p := range of.Get("patches").Items() {
		items.literal("- ", "patch", w.textPage(o, p.Get("patch")), originOf(o, p))
		if target := p.Get("target"); target.IsMap() {
			text, err := inline(target.Node())
			if err != nil {
				return err
			}
			items.add("  target: "+text, originOf(o, target))
		}
	}
	if err := a.extend("patches", items); err != nil {
		return err
	}
	for _, key := range []string{"patchesStrategicMerge", "patchesJson6902"} {
		items := &page{}
		for _, p := range of.Get(key).Items() {
			text, err := inlinePatch(p)
			if err != nil {
				return err
			}
			items.add("- "+text, originOf(o, p))
		}
		if err := a.extend(key, items); err != nil {
			return err
		}
	}
	return nil
}

// inlinePatch writes a patch of the older forms: what Flux takes as YAML, kustomize takes as a text.
func inlinePatch(p manifests.Field) (string, error) {
	var value any
	if err := p.Decode(&value); err != nil {
		return "", err
	}
	if m, ok := value.(map[string]any); ok && m["target"] != nil && m["patch"] != nil {
		patch, err := jsonText(m["patch"])
		if err != nil {
			return "", err
		}
		m["patch"] = patch
		return jsonText(m)
	}
	text, err := jsonText(value)
	if err != nil {
		return "", err
	}
	return jsonText(text)
}

func (w *World) addComponents(a *amendment, o *manifests.Object, dir string) error {
	spec := o.Field().Get("spec")
	items := &page{}
	for _, c := range spec.Get("components").Items() {
		p, ok := inside(dir, c.Text())
		if !ok || path.IsAbs(c.Text()) || strings.Contains(c.Text(), "://") {
			return fmt.Errorf("the component %s is no path in the repository", c.Text())
		}
		if spec.Get("ignoreMissingComponents").True() && !w.isDir(p) && !w.isFile(p) {
			continue
		}
		text, err := jsonText(c.Text())
		if err != nil {
			return err
		}
		items.add("- "+text, originOf(o, c))
		a.components = append(a.components, p)
	}
	return a.extend("components", items)
}

func (w *World) addImages(a *amendment, o *manifests.Object, _ string) error {
	return mergeImages(a, o, o.Field().Get("spec", "images").Items())
}

// imageKeys are what an entry of images may say besides its name.
func imageKeys() []string { return []string{"newName", "newTag", "digest", "tagSuffix"} }

// mergeImages adds entries to a kustomization's images. One that is there by its name keeps what the new one does not say;
// a tag takes away a digest, and the other way round, since both say the version.
func mergeImages(a *amendment, o *manifests.Object, images []manifests.Field) error {
	if len(images) == 0 {
		return nil
	}
	type entry struct {
		says map[string]string
		at   manifests.Origin
	}
	var all []*entry
	if k := a.key("images"); k != nil && k.value != nil {
		for _, item := range manifests.NewField(k.value, "").Items() {
			e := &entry{says: map[string]string{}, at: a.from[min(max(item.Node().Line-1, 0), len(a.from)-1)]}
			for _, said := range item.Entries() {
				e.says[said.Key] = said.Value.Text()
			}
			all = append(all, e)
		}
	}
	for _, image := range images {
		name := image.Get("name").Text()
		i := slices.IndexFunc(all, func(e *entry) bool { return e.says["name"] == name })
		if i < 0 {
			i, all = len(all), append(all, &entry{says: map[string]string{"name": name}})
		}
		known := all[i]
		known.at = originOf(o, image)
		if image.Get("newTag").Text() != "" || image.Get("digest").Text() != "" {
			delete(known.says, "newTag")
			delete(known.says, "digest")
		}
		for _, key := range imageKeys() {
			if value := image.Get(key).Text(); value != "" {
				known.says[key] = value
			}
		}
	}
	p := &page{}
	p.add("images:", all[0].at)
	for _, e := range all {
		text, err := jsonText(e.says)
		if err != nil {
			return err
		}
		p.add("- "+text, e.at)
	}
	if k := a.key("images"); k != nil {
		a.replace(k.first, k.next, p)
	} else {
		a.end("images", p)
	}
	return nil
}
