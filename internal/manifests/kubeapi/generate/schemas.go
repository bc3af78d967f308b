package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// archive collects kinds and definitions of several versions; what is the same in several of them is kept once.
type archive struct {
	minors []int
	kinds  map[string]uint // "apiVersion kind scope definition" to the versions that have it, a bit each
	bodies map[string]uint // "definition body" likewise
}

// writeSchemas writes schemas.txt.gz: a line for each kind and for each body that a definition ever had, behind the
// bits of the versions that it is for.
func writeSchemas(modules []module) error {
	a := archive{kinds: map[string]uint{}, bodies: map[string]uint{}}
	var used []module
	for _, m := range modules {
		if m.Path != "k8s.io/kubernetes" {
			continue
		}
		i := slices.IndexFunc(modules, func(api module) bool { return api.Path == "k8s.io/api" && api.minor() == m.minor() })
		if i < 0 {
			return fmt.Errorf("k8s.io/kubernetes %s needs the k8s.io/api of the same version", m.Version)
		}
		enums, err := readEnums(modules[i].Dir)
		if err != nil {
			return err
		}
		if err := a.add(m, enums); err != nil {
			return fmt.Errorf("kubernetes %s: %w", m.Version, err)
		}
		used = append(used, m, modules[i])
	}
	return a.write(header("Schemas of the Kubernetes API", used))
}

func (a *archive) add(m module, enums enumerations) error {
	bit := uint(1) << len(a.minors)
	a.minors = append(a.minors, m.minor())
	d, err := readDescriptions(filepath.Join(m.Dir, "api", "openapi-spec", "v3"))
	if err != nil {
		return err
	}
	for _, k := range d.kinds() {
		a.kinds[k] |= bit
	}
	for _, name := range d.reachable() {
		body, err := trimmer{name: name, enums: enums[name]}.definition(d.definitions[name])
		if err != nil {
			return err
		}
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		a.bodies[name+"\t"+string(text)] |= bit
	}
	return nil
}

func (a *archive) write(header []byte) error {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, _ = zip.Write(header)
	_, _ = fmt.Fprintf(zip, "V%s\n", strings.ReplaceAll(strings.Trim(fmt.Sprint(a.minors), "[]"), " ", "\t"))
	for _, line := range slices.Sorted(maps.Keys(a.kinds)) {
		_, _ = fmt.Fprintf(zip, "K%x\t%s\n", a.kinds[line], line)
	}
	for _, line := range slices.Sorted(maps.Keys(a.bodies)) {
		_, _ = fmt.Fprintf(zip, "D%x\t%s\n", a.bodies[line], line)
	}
	if err := zip.Close(); err != nil {
		return err
	}
	return write("schemas.txt.gz", out.Bytes())
}

// groupKind is an entry of x-kubernetes-group-version-kind.
type groupKind struct{ Group, Version, Kind string }

func (g groupKind) apiVersion() string {
	if g.Group == "" {
		return g.Version
	}
	return g.Group + "/" + g.Version
}

// descriptions are the OpenAPI documents of a version.
type descriptions struct {
	definitions map[string]map[string]any
	namespaced  map[groupKind]bool // of the kinds that can be created; false for those of the cluster
}

func readDescriptions(dir string) (*descriptions, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("%s holds no descriptions: %v", dir, err)
	}
	d := &descriptions{definitions: map[string]map[string]any{}, namespaced: map[groupKind]bool{}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var document struct {
			Components struct{ Schemas map[string]map[string]any }
			Paths      map[string]struct {
				Post struct {
					Kind groupKind `json:"x-kubernetes-group-version-kind"`
				}
			}
		}
		if err := json.Unmarshal(text, &document); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		maps.Copy(d.definitions, document.Components.Schemas)
		for path, item := range document.Paths {
			if item.Post.Kind.Kind != "" {
				inside := strings.Contains(path, "/namespaces/{namespace}/")
				d.namespaced[item.Post.Kind] = d.namespaced[item.Post.Kind] || inside
			}
		}
	}
	return d, nil
}

// kinds returns a line for every kind that can be created.
func (d *descriptions) kinds() (lines []string) {
	for name, definition := range d.definitions {
		for _, g := range groupKinds(definition) {
			inside, known := d.namespaced[g]
			if !known || !isObject(definition) {
				continue
			}
			scope := "Cluster"
			if inside {
				scope = "Namespaced"
			}
			lines = append(lines, strings.Join([]string{g.apiVersion(), g.Kind, scope, name}, "\t"))
		}
	}
	return lines
}

// isObject reports whether a definition is that of an object with metadata of its own, rather than of a list or of options.
func isObject(definition map[string]any) bool {
	properties, _ := definition["properties"].(map[string]any)
	metadata, _ := properties["metadata"].(map[string]any)
	all, _ := metadata["allOf"].([]any)
	for _, part := range append(all, metadata) {
		if p, _ := part.(map[string]any); p["$ref"] == "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" {
			return true
		}
	}
	return false
}

func groupKinds(definition map[string]any) (all []groupKind) {
	list, _ := definition["x-kubernetes-group-version-kind"].([]any)
	for _, entry := range list {
		e, _ := entry.(map[string]any)
		g := groupKind{}
		g.Group, _ = e["group"].(string)
		g.Version, _ = e["version"].(string)
		g.Kind, _ = e["kind"].(string)
		all = append(all, g)
	}
	return all
}

// reachable returns the names of the definitions that the kinds are made of, sorted.
func (d *descriptions) reachable() []string {
	seen := map[string]bool{}
	var visit func(value any)
	enter := func(name string) {
		if !seen[name] {
			seen[name] = true
			visit(withoutStatus(d.definitions[name]))
		}
	}
	visit = func(value any) {
		switch v := value.(type) {
		case []any:
			for _, item := range v {
				visit(item)
			}
		case map[string]any:
			for key, item := range v {
				if ref, ok := item.(string); ok && key == "$ref" {
					enter(refName(ref))
				}
				visit(item)
			}
		}
	}
	for _, line := range d.kinds() {
		enter(line[strings.LastIndexByte(line, '\t')+1:])
	}
	return slices.Sorted(maps.Keys(seen))
}

func refName(ref string) string { return strings.TrimPrefix(ref, "#/components/schemas/") }

// withoutStatus is a kind's definition without its status, which no manifest sets: the API server ignores it.
func withoutStatus(definition map[string]any) map[string]any {
	properties, _ := definition["properties"].(map[string]any)
	if _, ok := properties["status"]; !ok || !isObject(definition) {
		return definition
	}
	definition, properties = maps.Clone(definition), maps.Clone(properties)
	properties["status"] = map[string]any{}
	definition["properties"] = properties
	return definition
}
