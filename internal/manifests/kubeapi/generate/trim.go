package main

import (
	"fmt"
	"slices"
	"strings"
)

// trimmer takes out of a definition what a validator has no use for.
type trimmer struct {
	name  string
	enums map[string][]string // of the definition's properties
}

// dropped are keywords that say nothing of whether a manifest is right.
var dropped = []string{
	"description", "default", "x-kubernetes-group-version-kind", "x-kubernetes-patch-strategy", "x-kubernetes-patch-merge-key",
	"x-kubernetes-map-type", "x-kubernetes-unions",
}

// kept are keywords whose value is taken over.
var kept = []string{"type", "format", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-preserve-unknown-fields"}

// definition trims a definition, and adds the enumerations of its properties.
func (t trimmer) definition(d map[string]any) (map[string]any, error) {
	if t.name == "io.k8s.apimachinery.pkg.api.resource.Quantity" {
		return map[string]any{"format": "quantity"}, nil
	}
	out, err := t.schema(withoutStatus(d), t.name)
	if err != nil {
		return nil, err
	}
	properties, _ := out["properties"].(map[string]any)
	if out["type"] == "object" && properties == nil {
		out["x-kubernetes-preserve-unknown-fields"] = true // as of runtime.RawExtension: any object
	}
	t.relax(out)
	for name, values := range t.enums {
		property, _ := properties[name].(map[string]any)
		for property != nil && property["type"] != "string" {
			inner, _ := property["items"].(map[string]any)
			property = inner
		}
		if property == nil {
			return nil, fmt.Errorf("%s.%s has values to choose from, and is no string", t.name, name)
		}
		property["enum"] = values
	}
	return out, nil
}

// relax takes back what the description says and the API server does not hold manifests to.
func (t trimmer) relax(out map[string]any) {
	short := t.name[strings.LastIndexByte(t.name, '.')+1:]
	if required, ok := out["required"].([]string); ok {
		optional := notRequired(short)
		required = slices.DeleteFunc(slices.Clone(required), func(name string) bool { return slices.Contains(optional, name) })
		if out["required"] = required; len(required) == 0 {
			delete(out, "required")
		}
	}
	properties, _ := out["properties"].(map[string]any)
	for _, name := range mayRepeat(short) {
		if list, ok := properties[name].(map[string]any); ok {
			delete(list, "x-kubernetes-list-type")
			delete(list, "x-kubernetes-list-map-keys")
		}
	}
}

// schema trims a schema at a place. An unknown keyword is an error: whoever takes up a new version decides what it means.
func (t trimmer) schema(s map[string]any, at string) (map[string]any, error) {
	out := map[string]any{}
	for key, value := range s {
		var err error
		switch {
		case slices.Contains(dropped, key), key == "x-kubernetes-list-type" && value != "map":
		case slices.Contains(kept, key):
			out[key] = value
		case key == "required":
			out[key] = texts(value)
		case key == "$ref":
			out[key] = refName(value.(string))
		case key == "allOf" && len(value.([]any)) == 1:
			return t.schema(value.([]any)[0].(map[string]any), at)
		case key == "oneOf" && s["format"] == "int-or-string":
		case key == "items":
			out[key], err = t.schema(value.(map[string]any), at+"[]")
		case key == "additionalProperties":
			out[key], err = t.schema(value.(map[string]any), at+".*")
		case key == "properties":
			out[key], err = t.properties(value.(map[string]any), at)
		default:
			err = fmt.Errorf("%s: what to do with %s is not known", at, key)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t trimmer) properties(properties map[string]any, at string) (map[string]any, error) {
	out := map[string]any{}
	for name, property := range properties {
		trimmed, err := t.schema(property.(map[string]any), at+"."+name)
		if err != nil {
			return nil, err
		}
		out[name] = trimmed
	}
	return out, nil
}

func texts(list any) (all []string) {
	for _, item := range list.([]any) {
		all = append(all, item.(string))
	}
	return all
}
