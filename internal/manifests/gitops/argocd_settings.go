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
	for _, step := range []func(*amendment, *manifests.Object, manifests.Field) error{argoNames, argoImages, argoLabels, w.patches, argoComponents} {
		if err := step(a, o, options); err != nil {
			return failureAt(originOf(o, options), manifests.Discreet(err.Error()), err)
		}
	}
	d.Laid = append(d.Laid, a.laid())
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

// argoImages adds images, which are written as "kustomize edit set image" takes them: NAME=NEWNAME:TAG, NAME@DIGEST …
func argoImages(a *amendment, o *manifests.Object, options manifests.Field) error {
	images := options.Get("images").Items()
	p := &page{}
	for _, f := range images {
		text, err := jsonText(imageOf(f.Text()))
		if err != nil {
			return err
		}
		p.add("- "+text, originOf(o, f))
	}
	if len(images) == 0 {
		return nil
	}
	if k := a.key("images"); k != nil { // entries of the same name give way
		if err := dropImages(a, k, images); err != nil {
			return err
		}
	}
	return a.extend("images", p)
}

// dropImages takes the entries of a list that images replace out of it.
func dropImages(a *amendment, k *topKey, images []manifests.Field) error {
	replaced := make(map[string]bool)
	for _, f := range images {
		replaced[imageOf(f.Text())["name"]] = true
	}
	if err := a.block(k); err != nil {
		return err
	}
	for i := k.next - 1; i > k.first; i-- {
		for name := range replaced {
			quoted, err := jsonText(name)
			if err != nil {
				return err
			}
			if strings.Contains(a.lines[i], `"name":`+quoted) {
				a.replace(i, i+1, &page{})
				break
			}
		}
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
	if renamed {
		says["name"], says["newName"] = name, image
	}
	return says
}

func argoLabels(a *amendment, o *manifests.Object, options manifests.Field) error {
	if labels := options.Get("commonLabels"); len(labels.Entries()) > 0 {
		key := "commonLabels"
		if options.Get("labelWithoutSelector").True() {
			item, err := jsonText(map[string]any{"pairs": texts(labels), "includeSelectors": false, "includeTemplates": options.Get("labelIncludeTemplates").True()})
			if err != nil {
				return err
			}
			p := &page{}
			p.add("- "+item, originOf(o, labels))
			if err := a.extend("labels", p); err != nil {
				return err
			}
		} else if err := a.merge(key, texts(labels), originOf(o, labels)); err != nil {
			return err
		}
	}
	if annotations := options.Get("commonAnnotations"); len(annotations.Entries()) > 0 {
		return a.merge("commonAnnotations", texts(annotations), originOf(o, annotations))
	}
	return nil
}

// merge adds pairs to the mapping under key.
func (a *amendment) merge(key string, pairs map[string]string, at manifests.Origin) error {
	all := map[string]string{}
	if k := a.key(key); k != nil && k.value != nil {
		for _, e := range manifests.NewField(k.value, "").Entries() {
			all[e.Key] = e.Value.Text()
		}
	}
	for name, value := range pairs {
		all[name] = value
	}
	return a.set(key, all, at)
}

func argoComponents(a *amendment, o *manifests.Object, options manifests.Field) error {
	items := &page{}
	for _, c := range options.Get("components").Items() {
		text, err := jsonText(c.Text())
		if err != nil {
			return err
		}
		items.add("- "+text, originOf(o, c))
	}
	return a.extend("components", items)
}

// argoDirectory lists the files of a directory that Argo CD applies: YAML and JSON, below it too where that is said, and
// what include and exclude leave. Jsonnet is not evaluated.
func (w *World) argoDirectory(o *manifests.Object, options manifests.Field, root *manifests.Root) *manifests.RenderError {
	d := root.Deployment
	recurse := options.Get("recurse").True()
	include, exclude := patterns(options.Get("include")), patterns(options.Get("exclude"))
	var jsonnet string
	err := w.walk(root.Dir, cost(slices.Concat(include, exclude)...), func(f source.Info) error {
		relative := strings.TrimPrefix(strings.TrimPrefix(f.Path, root.Dir), "/")
		switch {
		case f.Kind == source.Dir && !recurse:
			return fs.SkipDir
		case f.Kind != source.File:
			return nil
		}
		if len(include) > 0 && !matches(include, relative) || matches(exclude, relative) {
			return nil
		}
		switch path.Ext(f.Name) {
		case ".yaml", ".yml", ".json":
			root.Files = append(root.Files, f.Path)
		case ".jsonnet":
			jsonnet = f.Path
		}
		return nil
	})
	if err != nil {
		return failureAt(d.At, err.Error(), err)
	}
	d.Below = w.dirsOf(".", root.Files)
	if jsonnet != "" {
		e := failureAt(originOf(o, options), fmt.Sprintf("%s is Jsonnet, which is not evaluated", jsonnet), nil)
		e.Elsewhere = true
		return e
	}
	return nil
}

// patterns are the globs that a field holds: one, or several in braces.
func patterns(f manifests.Field) []string {
	text := f.Text()
	inner, ok := strings.CutPrefix(text, "{")
	if !ok || !strings.HasSuffix(inner, "}") {
		if text == "" {
			return nil
		}
		return []string{text}
	}
	return strings.Split(strings.TrimSuffix(inner, "}"), ",")
}

// matches reports whether a pattern matches a path, in which "*" also stands for what is below directories.
func matches(globs []string, p string) bool {
	for _, g := range globs {
		if g = strings.TrimSpace(g); matchPath(strings.Split(g, "/"), strings.Split(p, "/")) {
			return true
		}
		if ok, err := path.Match(g, strings.ReplaceAll(p, "/", "\x00")); err == nil && ok {
			return true
		}
	}
	return false
}

// setPath writes the values that "name=value" of Helm's --set says, as a document: nested mappings. Items of lists by
// their numbers have no such document, and are refused.
func (p *page) setPath(called, value string, asText bool, at manifests.Origin) error {
	keys := splitKeys(called)
	var said any = value
	if !asText {
		said = typed(value)
	}
	for i := len(keys) - 1; i >= 0; i-- {
		if keys[i] == "" || strings.ContainsAny(keys[i], "[]{}") {
			return fmt.Errorf("the parameter %s sets an item of a list, which is not evaluated: set the whole list in values", called)
		}
		said = map[string]any{keys[i]: said}
	}
	text, err := jsonText(said)
	if err != nil {
		return err
	}
	p.add(text, at)
	return nil
}

// splitKeys cuts a path at its dots, but for those behind a backslash.
func splitKeys(called string) (keys []string) {
	var key strings.Builder
	for i := 0; i < len(called); i++ {
		switch c := called[i]; {
		case c == '\\' && i+1 < len(called):
			i++
			key.WriteByte(called[i])
		case c == '.':
			keys = append(keys, key.String())
			key.Reset()
		default:
			key.WriteByte(c)
		}
	}
	return append(keys, key.String())
}

// typed is a value as --set reads it: null, a boolean, a whole number, or a text.
func typed(value string) any {
	switch value {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && (value == "0" || !strings.HasPrefix(value, "0")) {
		return n
	}
	return value
}
