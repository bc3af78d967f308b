package helm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lookup follows keys and positions of lists in the values; nil when they lead nowhere.
func lookup(values any, keys []string) any {
	for _, k := range keys {
		if m := asMap(values); m != nil {
			values = m[k]
			continue
		}
		list, ok := values.([]any)
		i, err := strconv.Atoi(k)
		if !ok || err != nil || i < 0 || i >= len(list) {
			return nil
		}
		values = list[i]
	}
	return values
}

// maxSearched caps how many values of one mapping or list are looked at in search of a field's.
const maxSearched = 500

// scalarPaths gives the paths of the scalars inside of a mapping or list; of one that is too large, none.
func scalarPaths(value any, at []string) [][]string {
	var paths [][]string
	var walk func(value any, at []string)
	walk = func(value any, at []string) {
		if len(paths) > maxSearched {
			return
		}
		if list, ok := value.([]any); ok {
			for i, item := range list {
				walk(item, slices.Concat(at, []string{strconv.Itoa(i)}))
			}
		} else if m := asMap(value); m != nil {
			for key, item := range m {
				walk(item, slices.Concat(at, []string{key}))
			}
		} else {
			paths = append(paths, at)
		}
	}
	walk(value, at)
	if len(paths) > maxSearched {
		return nil
	}
	return paths
}

// sameValue reports whether a value that templates got is what a node of a values file says. Of mappings and
// lists the parts are not compared: others may have been merged into them.
func sameValue(value any, n *yaml.Node) bool {
	switch v := value.(type) {
	case nil:
		return n.Tag == "!!null"
	case []any:
		return n.Kind == yaml.SequenceNode && len(v) == len(n.Content)
	case string:
		return n.Kind == yaml.ScalarNode && v == n.Value
	case bool:
		return n.Kind == yaml.ScalarNode && isBool(n.Value, v)
	case float64, int, int64, json.Number:
		return n.Kind == yaml.ScalarNode && sameNumber(fmt.Sprint(v), n)
	}
	return asMap(value) != nil && n.Kind == yaml.MappingNode
}

// isBool knows the spellings of YAML 1.1, which Helm reads.
func isBool(text string, value bool) bool {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "y":
		return value
	case "false", "no", "off", "n":
		return !value
	}
	return false
}

func sameNumber(value string, n *yaml.Node) bool {
	if value == n.Value {
		return true
	}
	want, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return false
	}
	var number float64
	return n.Decode(&number) == nil && number == want
}
