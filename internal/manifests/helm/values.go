package helm

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"go.yaml.in/yaml/v3"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

// valuesFile is one source of the user's values.
type valuesFile struct {
	span source.Span // of its first line
	data []byte
}

// readValues reads the release's values files and inline values and merges them, later ones over earlier ones.
func (j *job) readValues() error {
	j.values = map[string]any{}
	for _, name := range j.rel.ValuesFiles {
		data, err := j.tree.ReadFile(name)
		if err != nil {
			return &manifests.RenderError{Reason: "the values file cannot be read: " + err.Error(), Span: source.Span{File: name}, Cause: err}
		}
		j.files = append(j.files, valuesFile{source.Span{File: resolved(j.tree, name), Line: 1, EndLine: 1}, data})
	}
	if j.rel.Inline != nil {
		j.files = append(j.files, valuesFile{j.rel.InlineSpan, j.rel.Inline})
	}
	for _, f := range j.files {
		values, err := j.line.values(f.data)
		if err != nil {
			span := f.span
			if n := yamlErrorLine(err); n > 0 && f.span.Line > 0 {
				span.Line, span.EndLine = f.span.Line+n-1, f.span.Line+n-1
			}
			return &manifests.RenderError{Reason: "the values are no YAML mapping: " + manifests.Discreet(err.Error()), Span: span, Cause: err}
		}
		j.values = loader.MergeMaps(j.values, values)
	}
	return nil
}

// parseFile parses the first document of a file; nil for none.
func parseFile(data []byte) (*yaml.Node, error) { return manifests.ParseYAML(data) }

var yamlLine = regexp.MustCompile(`\bline (\d+)\b`)

// yamlErrorLine returns the line that a YAML parser's error names, 0 for none.
func yamlErrorLine(err error) int {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// asMap returns values of either line's type as a plain map.
func asMap(values any) map[string]any {
	switch v := values.(type) {
	case map[string]any:
		return v
	case chartutil.Values:
		return v
	case common.Values:
		return v
	}
	return nil
}
