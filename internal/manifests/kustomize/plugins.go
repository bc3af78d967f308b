package kustomize

import (
	"fmt"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// plugin is one document under generators, transformers or validators.
type plugin struct {
	layer *layer
	keys  []key  // of the entry in the layer
	file  string // where the document stands, "" when in the entry itself
	line  int    // on which it begins in file
	data  []byte
}

// checkPlugins looks at generators, transformers and validators: only those that are built into kustomize run,
// and only those whose configuration is known beforehand, so that it can be seen that they fetch nothing.
func (s *scanner) checkPlugins(l *layer) error {
	lists := []struct {
		field   string
		entries []string
	}{{"generators", l.spec.Generators}, {"transformers", l.spec.Transformers}, {"validators", l.spec.Validators}}
	for _, list := range lists {
		for i, entry := range list.entries {
			keys := []key{name(list.field), item(i)}
			plugins, err := s.plugins(l, entry, keys)
			if err != nil {
				return err
			}
			for _, p := range plugins {
				if err := checkPlugin(p, list.field == "generators"); err != nil {
					return err
				}
			}
			if list.field != "generators" {
				continue
			}
			if err := l.checkGenerator(i, plugins); err != nil {
				return err
			}
		}
	}
	return nil
}

// plugins returns the documents of one entry: the entry itself, a file, or what a directory lists.
func (s *scanner) plugins(l *layer, entry string, keys []key) ([]plugin, error) {
	if err := checkYAML([]byte(entry)); err != nil {
		return nil, l.fail(err, err.Error(), keys...)
	}
	if isInline(entry) {
		return split(plugin{layer: l, keys: keys, data: []byte(entry)}), nil
	}
	if isRemote(entry) {
		return nil, remoteError(l, reference{"configuration", entry, keys})
	}
	info, err := s.stat(l, entry, keys)
	if err != nil {
		return nil, err
	}
	if info.Kind == source.Dir {
		return s.pluginsBelow(l, info.Path, keys)
	}
	file := l.join(entry)
	data, err := s.tree.ReadFile(file)
	if err != nil {
		return nil, l.fail(err, fmt.Sprintf("%s: %v", entry, err), keys...)
	}
	if err := checkYAML(data); err != nil {
		return nil, &manifests.RenderError{Reason: err.Error(), Span: source.Span{File: file}, Cause: err}
	}
	return split(plugin{layer: l, keys: keys, file: file, data: data}), nil
}

// pluginsBelow returns the documents of a kustomization whose objects configure plugins. It may only list files:
// what it changed could not be seen before it ran.
func (s *scanner) pluginsBelow(l *layer, dir string, keys []key) ([]plugin, error) {
	below, err := s.descend(l, dir, false, keys)
	if err != nil {
		return nil, err
	}
	plain := types.Kustomization{TypeMeta: below.spec.TypeMeta, MetaData: below.spec.MetaData, Resources: below.spec.Resources}
	if !sameSpec(plain, below.spec) {
		return nil, l.fail(nil, fmt.Sprintf("%s configures plugins and changes their configuration with more than a list of resources; such plugins are not run", dir), keys...)
	}
	var all []plugin
	for i, entry := range below.spec.Resources {
		more, err := s.plugins(below, entry, below.resourceKeys(i))
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// isInline reports whether an entry is a document rather than a path, as kustomize finds out: by trying.
func isInline(entry string) bool {
	var m map[string]any
	return strings.ContainsAny(entry, ":{") && yaml.Unmarshal([]byte(entry), &m) == nil && m != nil
}

func split(p plugin) []plugin {
	var all []plugin
	for _, doc := range splitStream(p.data) {
		one := p
		one.line, one.data = doc.Line, doc.Data
		all = append(all, one)
	}
	return all
}

func (p plugin) fail(cause error, reason string) error {
	if p.file == "" {
		return p.layer.fail(cause, reason, p.keys...)
	}
	return &manifests.RenderError{Reason: reason, Span: source.Span{File: p.file, Line: p.line, EndLine: p.line, Column: 1}, Cause: cause}
}

// checkPlugin refuses what would execute or fetch. Charts may be generators, each in a document of its own.
func checkPlugin(p plugin, generates bool) error {
	var config map[string]any
	if err := yaml.Unmarshal(p.data, &config); err != nil || config == nil {
		return nil // kustomize says what is wrong with it
	}
	for _, one := range listed(config) {
		kind, _ := one["kind"].(string)
		if one["apiVersion"] != konfig.BuiltinPluginApiVersion {
			return p.fail(nil, fmt.Sprintf("%s is a function or plugin of its own (%v), which would execute code: only kustomize's built-in generators and transformers run", kind, one["apiVersion"]))
		}
		if kind == chartGenerator && !(generates && p.kind() == chartGenerator) {
			return p.fail(nil, chartGenerator+" is inflated only as a document of its own under generators: put it there, or list the chart under helmCharts")
		}
		if err := checkLoads(p, one, ""); err != nil {
			return err
		}
	}
	return nil
}

// listed returns the objects of a document, which may be a list of objects.
func listed(config map[string]any) []map[string]any {
	items, ok := config["items"].([]any)
	if kind, _ := config["kind"].(string); !ok || !strings.HasSuffix(kind, "List") {
		return []map[string]any{config}
	}
	var all []map[string]any
	for _, i := range items {
		if m, ok := i.(map[string]any); ok {
			all = append(all, listed(m)...)
		}
	}
	return all
}

// checkLoads refuses every URL in a field whose content is loaded. The names are compared without case and
// wherever they stand, since kustomize decodes them so.
func checkLoads(p plugin, value any, field string) error {
	switch v := value.(type) {
	case map[string]any:
		for k, below := range v {
			if err := checkLoads(p, below, strings.ToLower(k)); err != nil {
				return err
			}
		}
	case []any:
		for _, below := range v {
			if err := checkLoads(p, below, field); err != nil {
				return err
			}
		}
	case string:
		return checkLoad(p, v, field)
	}
	return nil
}

func checkLoad(p plugin, value, field string) error {
	switch field {
	case "path", "paths", "files", "env", "envs":
	case "patch", "patches", "jsonop":
		if err := checkYAML([]byte(value)); err != nil {
			return p.fail(err, err.Error())
		}
		return nil
	default:
		return nil
	}
	if _, file, found := strings.Cut(value, "="); found && field == "files" {
		value = file
	}
	if isURL(value) {
		return p.fail(errRemote, fmt.Sprintf("remote file %s is not in the repository, and nothing is fetched: copy it in", value))
	}
	return nil
}
