package gitops

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// argoKustomize puts an Application's options into the kustomization, as Argo CD does with "kustomize edit".
func (w *World) argoKustomize(o *manifests.Object, options manifests.Field, root *manifests.Root) *manifests.RenderError {
	d := root.Deployment
	if !w.hasKustomization(root.Dir) {
		return failureAt(d.At, fmt.Sprintf("%s holds no kustomization", root.Dir), nil)
	}
	if len(options.Entries()) == 0 {
		return nil
	}
	a, _, failed := w.kustomizationIn(root.Dir, "")
	if failed != nil {
		return failed
	}
	for _, step := range []func(*amendment, *manifests.Object, manifests.Field) error{argoNames, argoImages, argoLabels, w.patches, w.argoComponents} {
		if err := step(a, o, options); err != nil {
			return failureAt(originOf(o, options), manifests.Discreet(err.Error()), err)
		}
	}
	d.Laid, d.Components = append(d.Laid, a.laid()), a.components
	return nil
}

func argoNames(a *amendment, o *manifests.Object, options manifests.Field) error {
	for _, key := range []string{"namePrefix", "nameSuffix", "namespace"} {
		if value := options.Get(key); value.Text() != "" {
			if err := a.set(key, value.Text(), originOf(o, value)); err != nil {
				return err
			}
		}
	}
	replicas := &page{}
	for _, r := range options.Get("replicas").Items() {
		count, err := strconv.Atoi(r.Get("count").Text())
		if err != nil {
			return fmt.Errorf("the count of replicas of %s is no number", r.Get("name").Text())
		}
		text, err := jsonText(map[string]any{"name": r.Get("name").Text(), "count": count})
		if err != nil {
			return err
		}
		replicas.add("- "+text, originOf(o, r))
	}
	return a.extend("replicas", replicas)
}

// argoImages adds images, which are written as "kustomize edit set image" takes them: NAME=NEWNAME:TAG, NAME:TAG,
// NAME@DIGEST. An entry of the same name gives way; "*" keeps what it said.
func argoImages(a *amendment, o *manifests.Object, options manifests.Field) error {
	images := options.Get("images").Items()
	if len(images) == 0 {
		return nil
	}
	env := environmentOf(o, sourceOf(o, options))
	said := make(map[string]map[string]string)
	for _, f := range images {
		image := imageOf(env.expand(f.Text()))
		said[image["name"]] = image
	}
	if err := a.dropImages(said); err != nil {
		return err
	}
	p := &page{}
	for _, f := range images {
		name := imageOf(env.expand(f.Text()))["name"]
		image, ok := said[name]
		if !ok {
			continue // said again above
		}
		delete(said, name)
		text, err := jsonText(image)
		if err != nil {
			return err
		}
		p.add("- "+text, originOf(o, f))
	}
	return a.extend("images", p)
}

// dropImages takes the entries of the kustomization's images that others replace out of it. "*" in those becomes what the
// entry said.
func (a *amendment) dropImages(said map[string]map[string]string) error {
	k := a.key("images")
	if k == nil {
		return nil
	}
	was := manifests.NewField(k.value, "").Items()
	if err := a.block(k); err != nil {
		return err
	}
	for i, item := range slices.Backward(was) {
		image, ok := said[item.Get("name").Text()]
		if !ok {
			continue
		}
		for key, value := range image {
			if image[key] = strings.Replace(value, "*", item.Get(key).Text(), 1); value == "*" && image[key] == "" {
				delete(image, key)
			}
		}
		a.replace(k.first+1+i, k.first+2+i, &page{})
	}
	return nil
}

// imageOf reads an image as Argo CD writes it.
func imageOf(text string) map[string]string {
	name, image, renamed := strings.Cut(text, "=")
	if !renamed {
		name, image = "", text
	}
	says := map[string]string{}
	if at, digest, ok := strings.Cut(image, "@"); ok {
		image, says["digest"] = at, digest
	} else if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image, says["newTag"] = image[:i], image[i+1:]
	}
	says["name"] = image
	if image == "" {
		says["name"] = name
	}
	if renamed {
		says["name"], says["newName"] = name, image
	}
	return says
}

// argoLabels adds the common labels and annotations, as "kustomize edit add label" and "add annotation" do: without force
// none may be there already.
func argoLabels(a *amendment, o *manifests.Object, options manifests.Field) error {
	env := environmentOf(o, sourceOf(o, options))
	if labels := options.Get("commonLabels"); len(labels.Entries()) > 0 {
		pairs := env.expandAll(texts(labels))
		if options.Get("labelWithoutSelector").True() {
			item, err := jsonText(map[string]any{"pairs": pairs, "includeSelectors": false, "includeTemplates": options.Get("labelIncludeTemplates").True()})
			if err != nil {
				return err
			}
			p := &page{}
			p.add("- "+item, originOf(o, labels))
			if err := a.extend("labels", p); err != nil {
				return err
			}
		} else if err := a.merge("commonLabels", pairs, options.Get("forceCommonLabels").True(), originOf(o, labels)); err != nil {
			return err
		}
	}
	annotations := options.Get("commonAnnotations")
	if len(annotations.Entries()) == 0 {
		return nil
	}
	pairs := texts(annotations)
	if options.Get("commonAnnotationsEnvsubst").True() {
		pairs = env.expandAll(pairs)
	}
	return a.merge("commonAnnotations", pairs, options.Get("forceCommonAnnotations").True(), originOf(o, annotations))
}

// sourceOf is the source of an Application that holds the options of a tool.
func sourceOf(o *manifests.Object, options manifests.Field) manifests.Field {
	return o.Lookup(strings.TrimSuffix(options.Path(), ".kustomize"))
}

// expandAll replaces variables in values.
func (e environment) expandAll(pairs map[string]string) map[string]string {
	for name, value := range pairs {
		pairs[name] = e.expand(value)
	}
	return pairs
}

// merge adds pairs to the mapping under key. Without force none of them may be there.
func (a *amendment) merge(key string, pairs map[string]string, force bool, at manifests.Origin) error {
	all := map[string]string{}
	if k := a.key(key); k != nil && k.value != nil {
		for _, e := range manifests.NewField(k.value, "").Entries() {
			all[e.Key] = e.Value.Text()
		}
	}
	for name, value := range pairs {
		if _, there := all[name]; there && !force {
			return fmt.Errorf("%s of the kustomization has %s already, and Argo CD does not replace it unless it is told to", key, name)
		}
		all[name] = value
	}
	return a.set(key, all, at)
}

// argoComponents adds components. Those that are not there are left out where that is said.
func (w *World) argoComponents(a *amendment, o *manifests.Object, options manifests.Field) error {
	items := &page{}
	for _, c := range options.Get("components").Items() {
		p, ok := inside(path.Dir(a.file), c.Text())
		if options.Get("ignoreMissingComponents").True() && !(ok && (w.isDir(p) || w.isFile(p))) {
			continue
		}
		text, err := jsonText(c.Text())
		if err != nil {
			return err
		}
		items.add("- "+text, originOf(o, c))
		if ok {
			a.components = append(a.components, p)
		}
	}
	return a.extend("components", items)
}

// argoDirectory lists the files of a directory that Argo CD applies: YAML and JSON, below it too where that is said, and
// what include and exclude leave. Jsonnet is not evaluated.
func (w *World) argoDirectory(o *manifests.Object, options manifests.Field, root *manifests.Root) *manifests.RenderError {
	d := root.Deployment
	recurse := options.Get("recurse").True()
	include, err := braces(options.Get("include").Text())
	if err != nil {
		return failureAt(originOf(o, options.Get("include")), err.Error(), err)
	}
	exclude, err := braces(options.Get("exclude").Text())
	if err != nil {
		return failureAt(originOf(o, options.Get("exclude")), err.Error(), err)
	}
	var jsonnet []string
	err = w.walk(root.Dir, cost(slices.Concat(include, exclude)...), func(f source.Info) error {
		relative := strings.TrimPrefix(strings.TrimPrefix(f.Path, root.Dir), "/")
		switch {
		case f.Kind == source.Dir && !recurse:
			return fs.SkipDir
		case f.Kind != source.File:
			return nil
		}
		if include[0] != "" && !matchesAny(include, relative) || exclude[0] != "" && matchesAny(exclude, relative) {
			return nil
		}
		switch path.Ext(f.Name) {
		case ".yaml", ".yml", ".json":
			root.Files = append(root.Files, f.Path)
		case ".jsonnet":
			jsonnet = append(jsonnet, f.Path)
		}
		return nil
	})
	if err != nil {
		return failureAt(d.At, err.Error(), err)
	}
	d.Below = w.dirsOf(".", root.Files)
	switch {
	case len(jsonnet) == 0:
	case len(root.Files) == 0:
		e := failureAt(originOf(o, options), fmt.Sprintf("%s is Jsonnet, which is not evaluated", strings.Join(jsonnet, ", ")), nil)
		e.Elsewhere = true
		return e
	default:
		d.Notes = append(d.Notes, fmt.Sprintf("%s is Jsonnet, which is not evaluated", strings.Join(jsonnet, ", ")))
	}
	return nil
}
