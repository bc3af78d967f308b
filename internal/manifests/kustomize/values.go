package kustomize

import (
	"fmt"
	"path"

	"sigs.k8s.io/kustomize/api/types"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// chartValues decides which values a release gets. kustomize merges valuesFile and valuesInline into one file and
// passes it to helm before additionalValuesFiles; here the files stay files, so that values keep their lines, and
// of the inline values only those are passed that no later file sets.
func (b *build) chartValues(l *layer, chart types.HelmChart, release *manifests.ChartRelease, keys []key) error {
	main, own := l.join(chart.ValuesFile), false
	if chart.ValuesFile == "" {
		main, own = path.Join(release.Dir, "values.yaml"), true
	}
	inline := chart.ValuesInline
	over := chart.AdditionalValuesFiles
	files := make([]string, 0, len(over)+1)
	switch {
	case len(inline) == 0 || chart.ValuesMerge == "" || chart.ValuesMerge == "override" || chart.ValuesMerge == "merge":
		files = append(files, main)
	case chart.ValuesMerge != "replace":
		return l.fail(nil, fmt.Sprintf("valuesMerge is %q; it must be merge, override or replace", chart.ValuesMerge), append(keys, name("valuesMerge"))...)
	}
	base, err := b.loadValues(l, files, append(keys, name("valuesFile")))
	if err != nil {
		return err
	}
	for _, p := range over {
		files = append(files, l.join(p))
	}
	later, err := b.loadValues(l, files[len(files)-len(over):], append(keys, name("additionalValuesFiles")))
	if err != nil {
		return err
	}
	switch {
	case len(inline) == 0:
	case chart.ValuesMerge == "merge":
		inline = prune(prune(inline, base), later)
	case hasNull(inline) && chart.ValuesMerge != "replace" && !own:
		// A null takes a value out of the file, so that the chart's own shows again: no layering says that.
		inline, files = overlay(overlayDropping(base, inline), later), nil
	case chart.ValuesMerge != "replace":
		inline = prune(dropNulls(inline), later)
	default:
		inline = prune(inline, later)
	}
	release.ValuesFiles = files
	if len(inline) > 0 {
		place, node := find(l.node, append(keys, name("valuesInline")))
		if release.Inline, err = inlineValues(inline, node, place.Line); err != nil {
			return l.fail(err, err.Error(), append(keys, name("valuesInline"))...)
		}
	}
	return nil
}

// loadValues reads values files, later ones over earlier ones, under the restriction that kustomize loads them with.
func (b *build) loadValues(l *layer, files []string, keys []key) (map[string]any, error) {
	all := map[string]any{}
	for _, file := range files {
		info, err := b.tree.Stat(file)
		if err != nil {
			return nil, l.fail(err, fmt.Sprintf("values file: %v", err), keys...)
		}
		if _, _, fetched := manifests.FetchedIn(info.Path); !b.unrestricted && !fetched && !holds(l.dir, info.Path) {
			return nil, l.fail(nil, fmt.Sprintf("values file %s is not in or below %s", file, l.dir), keys...)
		}
		data, err := b.tree.ReadFile(file)
		if err != nil {
			return nil, l.fail(err, fmt.Sprintf("values file: %v", err), keys...)
		}
		if _, err := manifests.ParseYAML(data); err != nil {
			return nil, yamlError(file, 1, err)
		}
		var values map[string]any
		if err := sigsyaml.Unmarshal(data, &values); err != nil {
			return nil, yamlError(file, 1, err)
		}
		all = overlay(all, values)
	}
	return all, nil
}

// overlay returns under with over laid over it: mappings merge, everything else is replaced.
func overlay(under, over map[string]any) map[string]any {
	merged := make(map[string]any, len(under)+len(over))
	for k, v := range under {
		merged[k] = v
	}
	for k, v := range over {
		below, ok := v.(map[string]any)
		if was, both := merged[k].(map[string]any); ok && both {
			v = overlay(was, below)
		}
		merged[k] = v
	}
	return merged
}

// overlayDropping is overlay, but a null takes its key out, as in kustomize's merge.
func overlayDropping(under, over map[string]any) map[string]any {
	merged := overlay(under, nil)
	for k, v := range over {
		below, ok := v.(map[string]any)
		was, both := merged[k].(map[string]any)
		switch {
		case v == nil:
			delete(merged, k)
		case ok && both:
			merged[k] = overlayDropping(was, below)
		case ok:
			merged[k] = dropNulls(below)
		default:
			merged[k] = v
		}
	}
	return merged
}

// prune returns values without what later sets.
func prune(values, later map[string]any) map[string]any {
	kept := make(map[string]any, len(values))
	for k, v := range values {
		set, found := later[k]
		if !found {
			kept[k] = v
			continue
		}
		below, ok := v.(map[string]any)
		if over, both := set.(map[string]any); ok && both {
			if rest := prune(below, over); len(rest) > 0 {
				kept[k] = rest
			}
		}
	}
	return kept
}

func dropNulls(values map[string]any) map[string]any { return overlayDropping(nil, values) }

func hasNull(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case map[string]any:
		for _, below := range v {
			if hasNull(below) {
				return true
			}
		}
	}
	return false
}
