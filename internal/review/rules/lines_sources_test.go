package rules_test

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"go.yaml.in/yaml/v3"
)

// spotsOf finds where in the files that a root reads something can be planted. It knows kustomizations and charts
// only by their documentation, and nothing of how lines are traced.
func spotsOf(tree source.Tree, root manifests.Root, files []string) []lineSpot {
	f := spotFinder{tree: tree, files: files}
	switch root.Kind {
	case manifests.Plain:
		f.plain()
	case manifests.Kustomize:
		for _, file := range files {
			if slices.Contains([]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}, path.Base(file)) {
				f.kustomization(file)
			}
		}
	case manifests.Helm:
		f.chart(root)
	}
	return f.spots
}

type spotFinder struct {
	tree  source.Tree
	files []string
	spots []lineSpot
}

func (f *spotFinder) add(file, class string, spots []lineSpot) {
	for _, s := range spots {
		last := s.keys[strings.LastIndexByte(s.keys, '.')+1:]
		if last == "apiVersion" || last == "kind" {
			continue
		}
		s.file = file
		if s.class == "" || class == "JSON patch" {
			s.class = class
		}
		f.spots = append(f.spots, s)
	}
}

func (f *spotFinder) read(file string) []byte {
	if !slices.Contains(f.files, file) {
		return nil
	}
	data, err := f.tree.ReadFile(file)
	if err != nil || len(data) > 200_000 {
		return nil
	}
	return data
}

func (f *spotFinder) plain() {
	for _, file := range f.files {
		data := f.read(file)
		class := "plain"
		switch {
		case path.Ext(file) == ".json":
			class = "plain, JSON"
		case strings.Contains(string(data), "\nkind: List"):
			class = "plain, List"
		case strings.Contains(string(data), "\n---"):
			class = "plain, several documents"
		}
		f.add(file, class, yamlSpots(data))
	}
}

// kustomization finds the spots of a kustomization and of the files that it names.
func (f *spotFinder) kustomization(file string) {
	data := f.read(file)
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil || len(doc.Content) == 0 {
		return
	}
	top := manifests.NewField(doc.Content[0], "")
	class := func(name string) string {
		if top.Get("kind").Text() == "Component" {
			return "component"
		}
		return name
	}
	for _, s := range yamlSpots(data) {
		if name := fieldClass(s.keys); name != "" {
			f.add(file, class(name), []lineSpot{s})
		}
	}
	f.resources(file, top, class)
	f.patches(file, data, top, class)
	f.generators(file, top)
}

// fieldClass names the class of a field of a kustomization that changes what is rendered.
func fieldClass(keys string) string {
	switch first, _, _ := strings.Cut(keys, "."); first {
	case "namespace":
		return "namespace"
	case "namePrefix", "nameSuffix":
		return "prefix and suffix"
	case "commonLabels", "commonAnnotations", "labels":
		if keys == "labels" || strings.Contains(keys, "include") || strings.Contains(keys, "fields") {
			return ""
		}
		return "labels and annotations"
	case "images":
		if strings.HasSuffix(keys, ".name") {
			return ""
		}
		return "images"
	case "configMapGenerator", "secretGenerator":
		if strings.HasSuffix(keys, ".literals") {
			return "generator literal"
		}
	}
	return ""
}

func (f *spotFinder) resources(file string, top manifests.Field, class func(string) string) {
	for _, item := range slices.Concat(top.Get("resources").Items(), top.Get("bases").Items()) {
		name := path.Join(path.Dir(file), item.Text())
		if data := f.read(name); data != nil {
			f.add(name, class("resource"), yamlSpots(data))
		}
	}
}

func (f *spotFinder) patches(file string, data []byte, top manifests.Field, class func(string) string) {
	for _, key := range []string{"patches", "patchesStrategicMerge", "patchesJson6902"} {
		for _, item := range top.Get(key).Items() {
			named, inline := item.Get("path").Text(), item.Get("patch")
			if key == "patchesStrategicMerge" {
				named, inline = item.Text(), item
			}
			if inline.IsSet() && strings.Contains(inline.Text(), "\n") {
				f.patch(file, blockSpots(data, inline.Node()), inline.Text(), ", inline", class)
				continue
			}
			name := path.Join(path.Dir(file), named)
			if text := f.read(name); text != nil {
				f.patch(name, yamlSpots(text), string(text), "", class)
			}
		}
	}
}

// patch tells the two kinds of patches apart: a JSON patch is a list, of which only the values count.
func (f *spotFinder) patch(file string, spots []lineSpot, text, inline string, class func(string) string) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) == 0 {
		return
	}
	if doc.Content[0].Kind == yaml.MappingNode {
		// Names tell what is patched: with another one the patch does something else.
		spots = slices.DeleteFunc(spots, func(s lineSpot) bool {
			return strings.HasSuffix(s.keys, ".name") || s.keys == "metadata.namespace"
		})
		f.add(file, class("strategic merge patch"+inline), spots)
		return
	}
	spots = slices.DeleteFunc(spots, func(s lineSpot) bool { return s.keys != "value" && !strings.HasPrefix(s.keys, "value.") })
	f.add(file, class("JSON patch"+inline), spots)
}

func (f *spotFinder) generators(file string, top manifests.Field) {
	carried := carriedKeys(top)
	for _, key := range []string{"configMapGenerator", "secretGenerator"} {
		for _, g := range top.Get(key).Items() {
			for _, item := range g.Get("files").Items() {
				_, name, ok := strings.Cut(item.Text(), "=")
				if !ok {
					name = item.Text()
				}
				name = path.Join(path.Dir(file), name)
				f.add(name, "generator file", textSpots(f.read(name), false))
			}
			for _, item := range append(g.Get("envs").Items(), g.Get("env")) {
				name := path.Join(path.Dir(file), item.Text())
				for _, s := range textSpots(f.read(name), true) {
					s.class = "generator env"
					if carried[g.Get("name").Text()+" "+s.keys] {
						s.class = "replacements and vars"
					}
					f.add(name, "", []lineSpot{s})
				}
			}
		}
	}
}

// carriedKeys are the keys of ConfigMaps that vars and replacements carry to other objects, as "NAME KEY".
func carriedKeys(top manifests.Field) map[string]bool {
	keys := map[string]bool{}
	for _, v := range top.Get("vars").Items() {
		keys[v.Get("objref", "name").Text()+" "+strings.TrimPrefix(v.Get("fieldref", "fieldpath").Text(), "data.")] = true
	}
	for _, r := range top.Get("replacements").Items() {
		from := r.Get("source")
		keys[from.Get("name").Text()+" "+strings.TrimPrefix(from.Get("fieldPath").Text(), "data.")] = true
	}
	return keys
}

// chart finds the spots of a chart, of its values files, and of the subcharts that lie in it.
func (f *spotFinder) chart(root manifests.Root) {
	var templates strings.Builder
	for _, file := range f.files {
		if !strings.HasPrefix(file, root.Dir+"/") || !strings.Contains(file, "/templates/") {
			continue
		}
		data := f.read(file)
		templates.WriteString(string(data) + "\n")
		if helper := strings.HasSuffix(file, ".tpl"); helper || strings.HasSuffix(file, ".yaml") {
			f.add(file, "template literal", templateSpots(data, helper))
		}
	}
	for _, file := range root.Values {
		f.add(file, "environment values", yamlSpots(f.read(file)))
	}
	own := path.Join(root.Dir, "values.yaml")
	usage := valuesUsage{text: templates.String(), lines: strings.Split(templates.String(), "\n")}
	for _, file := range f.files {
		if path.Base(file) != "values.yaml" || !strings.HasPrefix(file, root.Dir+"/") && root.Dir != "." {
			continue
		}
		for _, s := range yamlSpots(f.read(file)) {
			s.class = usage.class(s.keys)
			first, _, _ := strings.Cut(s.keys, ".")
			if file != own || f.hasSubchart(root.Dir, first) {
				s.class = "subchart values"
			}
			f.add(file, s.class, []lineSpot{s})
		}
	}
}

func (f *spotFinder) hasSubchart(dir, name string) bool {
	return slices.ContainsFunc(f.files, func(file string) bool {
		return strings.HasPrefix(file, path.Join(dir, "charts", name)+"/")
	})
}

// valuesUsage tells by the text of templates how they use a value.
type valuesUsage struct {
	text  string
	lines []string
}

// class names the way in which templates mention a value, or the nearest mapping above it that they mention.
func (u valuesUsage) class(keys string) string {
	for at := keys; at != ""; at = at[:max(strings.LastIndexByte(at, '.'), 0)] {
		if !strings.Contains(u.text, ".Values."+at) {
			continue
		}
		mention := regexp.MustCompile(regexp.QuoteMeta(".Values."+at) + `(?:[^\w.]|$)`)
		for _, line := range u.lines {
			if mention.MatchString(line) {
				if use := useIn(line); at == keys || use != "values, direct" {
					return use
				}
			}
		}
	}
	return "values, other ways"
}

func useIn(line string) string {
	for _, way := range []string{"tpl", "toYaml", "range", "with", "include", "default", "printf"} {
		if strings.Contains(line, way+" ") || strings.Contains(line, "| "+way) {
			return "values, " + way
		}
	}
	return "values, direct"
}
