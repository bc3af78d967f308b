package kubeapi

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// form is what a YAML value becomes in JSON, which is what the API server reads.
type form uint8

const (
	formNull form = iota
	formBool
	formInteger
	formNumber
	formText
	formObject
	formList
)

// article names forms in messages.
var article = [...]string{"null", "a boolean", "an integer", "a number", "a string", "a mapping", "a list"}

// formOf returns what a value becomes on the way to the API server, on which kubectl, Helm and the GitOps tools read it
// as YAML 1.1: an unquoted "yes" is a boolean. Whole numbers are integers however they are written.
func formOf(n *yaml.Node) form {
	switch n.Kind {
	case yaml.MappingNode:
		return formObject
	case yaml.SequenceNode:
		return formList
	}
	switch n.Tag {
	case "!!str":
		if n.Style == 0 && isBool11(n.Value) {
			return formBool
		}
	case "!!null":
		return formNull
	case "!!bool":
		return formBool
	case "!!int":
		return formInteger
	case "!!float":
		if f, ok := number(n); ok && f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return formInteger
		}
		return formNumber
	}
	return formText
}

// isBool11 reports whether YAML 1.1 reads a plain word as a boolean.
func isBool11(word string) bool {
	switch word {
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE",
		"n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE":
		return true
	}
	return false
}

func truth(word string) bool {
	return strings.EqualFold(word, "y") || strings.EqualFold(word, "yes") || strings.EqualFold(word, "on") || strings.EqualFold(word, "true")
}

// number returns the value of an integer or a number.
func number(n *yaml.Node) (float64, bool) {
	digits := strings.ReplaceAll(n.Value, "_", "")
	if n.Tag == "!!int" {
		if i, err := strconv.ParseInt(digits, 0, 64); err == nil {
			return float64(i), true
		}
		u, err := strconv.ParseUint(digits, 0, 64)
		return float64(u), err == nil
	}
	f, err := strconv.ParseFloat(strings.TrimPrefix(digits, "+"), 64)
	return f, err == nil
}

// Value returns a YAML value as JSON has it: nil, bool, int64, float64, string, []any or map[string]any. Of a key that is
// written twice the last one counts.
func Value(n *yaml.Node) any {
	switch f := formOf(n); f {
	case formObject:
		object := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			object[n.Content[i].Value] = Value(n.Content[i+1])
		}
		return object
	case formList:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = Value(item)
		}
		return list
	case formInteger, formNumber:
		if i, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 0, 64); err == nil && n.Tag == "!!int" {
			return i
		}
		if v, ok := number(n); ok && f == formInteger {
			return int64(v)
		} else if ok && !math.IsInf(v, 0) && !math.IsNaN(v) {
			return v
		}
		return n.Value
	case formBool:
		return truth(n.Value)
	case formNull:
		return nil
	}
	return n.Value
}

// canonical writes a value so that equal values, whatever their style, are written alike.
func canonical(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && formOf(n) == formText {
		return "s" + n.Value
	}
	return canonicalValue(Value(n))
}

func canonicalValue(value any) string {
	switch v := value.(type) {
	case string:
		return "s" + v
	case int64:
		return "n" + strconv.FormatFloat(float64(v), 'g', -1, 64)
	case float64:
		return "n" + strconv.FormatFloat(v, 'g', -1, 64)
	}
	text, err := json.Marshal(value) // sorts keys
	if err != nil {
		return "?"
	}
	return "j" + string(text)
}

// filledIn reports whether a text stands for one that some tool puts in before the API server sees it: Flux's and
// envsubst's "${NAME}", Argo CD Vault plugin's "<path:…>", templates of other engines.
func filledIn(text string) bool {
	switch {
	case len(text) < 3:
		return false
	case text[0] == '<' && text[len(text)-1] == '>', strings.HasPrefix(text, "__") && strings.HasSuffix(text, "__"), strings.HasPrefix(text, "ENC["):
		return true
	case text[0] == '$' && len(text) > 1 && (text[1] == '_' || text[1] >= 'A' && text[1] <= 'Z'):
		return true
	}
	return slices.ContainsFunc([]string{"${", "$(", "{{", "<%", "#{", "[["}, func(mark string) bool { return strings.Contains(text, mark) })
}

// HasPlaceholder reports whether a text within a field stands for one that some tool puts in before the API server sees it.
func HasPlaceholder(f manifests.Field) bool {
	return f.Node() != nil && placeholderIn(f.Node())
}

func placeholderIn(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && filledIn(n.Value) || slices.ContainsFunc(n.Content, placeholderIn)
}
