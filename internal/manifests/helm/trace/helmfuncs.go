package trace

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/BurntSushi/toml"
	"sigs.k8s.io/yaml"
	yamlv3 "sigs.k8s.io/yaml/goyaml.v3"
)

// The functions that Helm adds to those of sprig, as its documentation describes them: what cannot be encoded is
// empty text, what cannot be decoded becomes a map with the key Error, or a list with the error's text.

func toYAML(v any) string {
	text, err := mustToYAML(v)
	if err != nil {
		return ""
	}
	return text
}

func mustToYAML(v any) (string, error) {
	data, err := yaml.Marshal(v)
	return strings.TrimSuffix(string(data), "\n"), err
}

func toYAMLPretty(v any) string {
	var text strings.Builder
	encoder := yamlv3.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(v); err != nil {
		return ""
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func toTOML(v any) string {
	text, err := mustToTOML(v)
	if err != nil {
		return err.Error()
	}
	return text
}

func mustToTOML(v any) (string, error) {
	var text bytes.Buffer
	err := toml.NewEncoder(&text).Encode(v)
	return text.String(), err
}

func toJSON(v any) string {
	text, err := mustToJSON(v)
	if err != nil {
		return ""
	}
	return text
}

func mustToJSON(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

// decoded decodes a text into a map that may be filled in part when there is an error.
func decoded(text string, decode func([]byte, *map[string]any) error) map[string]any {
	m := map[string]any{}
	if err := decode([]byte(text), &m); err != nil {
		if m == nil {
			m = map[string]any{}
		}
		m["Error"] = err.Error()
	}
	return m
}

// decodedList does so for lists.
func decodedList(text string, decode func([]byte, *[]any) error) []any {
	list := []any{}
	if err := decode([]byte(text), &list); err != nil {
		return []any{err.Error()}
	}
	return list
}

// helmFunctions gives the functions that Helm adds to sprig's. Those that include, tpl, required and fail stand for
// need more than their arguments.
func helmFunctions(line int) map[string]any {
	all := map[string]any{
		"toYaml":       toYAML,
		"toYamlPretty": toYAMLPretty,
		"toToml":       toTOML,
		"toJson":       toJSON,
		"fromYaml": func(text string) map[string]any {
			return decoded(text, func(data []byte, m *map[string]any) error { return yaml.Unmarshal(data, m) })
		},
		"fromToml": func(text string) map[string]any {
			return decoded(text, func(data []byte, m *map[string]any) error { return toml.Unmarshal(data, m) })
		},
		"fromJson": func(text string) map[string]any {
			return decoded(text, func(data []byte, m *map[string]any) error { return json.Unmarshal(data, m) })
		},
		"fromYamlArray": func(text string) []any {
			return decodedList(text, func(data []byte, list *[]any) error { return yaml.Unmarshal(data, list) })
		},
		"fromJsonArray": func(text string) []any {
			return decodedList(text, func(data []byte, list *[]any) error { return json.Unmarshal(data, list) })
		},
		"include":       includeType,
		"tpl":           includeType,
		"required":      requireType,
		"fail":          failType,
		"getHostByName": func(string) string { return "" },
		"lookup":        func(_, _, _, _ string) (map[string]any, error) { return map[string]any{}, nil },
	}
	if line != 3 {
		all["mustToYaml"] = mustToYAML
		all["mustToToml"] = mustToTOML
		all["mustToJson"] = mustToJSON
		addDurations(all)
	}
	return all
}
