package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// document is a description as JSON.
type document map[string]any

// trimOpenAPI keeps the operations that the test GitHub answers, what they refer to, and no prose.
func trimOpenAPI(data []byte) error {
	var whole document
	if err := json.Unmarshal(data, &whole); err != nil {
		return err
	}
	paths := document{}
	for _, op := range githubtest.Operations() {
		item, _ := whole.at("paths", op.Path).(map[string]any)
		operation := item[strings.ToLower(op.Method)]
		if operation == nil {
			return fmt.Errorf("GitHub has no %s %s", op.Method, op.Path)
		}
		kept, _ := paths[op.Path].(document)
		if kept == nil {
			kept = document{}
			paths[op.Path] = kept
		}
		kept[strings.ToLower(op.Method)] = operation
	}
	small := document{
		"openapi": whole["openapi"], "info": document{"title": "GitHub", "version": whole.at("info", "version")}, "paths": bare(map[string]any(plain(paths)), false),
	}
	small["components"] = whole.referred(small["paths"])
	out, err := json.Marshal(small)
	if err != nil {
		return err
	}
	return writeZipped("openapi.json.gz", out)
}

func plain(d document) map[string]any {
	out := make(map[string]any, len(d))
	for name, value := range d {
		if inner, ok := value.(document); ok {
			value = plain(inner)
		}
		out[name] = value
	}
	return out
}

func (d document) at(names ...string) any {
	var value any = map[string]any(d)
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// prose are the keys of a description that check nothing.
var prose = []string{"description", "summary", "example", "examples", "externalDocs", "tags", "headers", "x-github", "deprecated", "x-multi-segment"}

// bare drops prose. In a list of properties the keys are names of fields, of which none is dropped. The description
// of an answer stays, since OpenAPI asks for one, and is empty.
func bare(value any, names bool) any {
	switch v := value.(type) {
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			out = append(out, bare(item, false))
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, item := range v {
			if names || !slices.Contains(prose, name) {
				out[name] = bare(item, name == "properties" && !names)
			}
		}
		if responses, ok := out["responses"].(map[string]any); ok && !names {
			for _, r := range responses {
				describe(r)
			}
		}
		return out
	}
	return value
}

func describe(response any) {
	if r, ok := response.(map[string]any); ok && r["$ref"] == nil {
		r["description"] = ""
	}
}

// referred are the components that a part of the description refers to, and those that they refer to.
func (d document) referred(part any) map[string]any {
	components := make(map[string]any)
	waiting := references(part)
	for len(waiting) > 0 {
		path := strings.Split(strings.TrimPrefix(waiting[0], "#/components/"), "/")
		waiting = waiting[1:]
		kind, _ := components[path[0]].(map[string]any)
		if kind == nil {
			kind = make(map[string]any)
			components[path[0]] = kind
		}
		if kind[path[1]] != nil {
			continue
		}
		kind[path[1]] = bare(d.at("components", path[0], path[1]), false)
		if path[0] == "responses" {
			describe(kind[path[1]])
		}
		waiting = append(waiting, references(kind[path[1]])...)
	}
	return components
}

// references lists what a value refers to, in order.
func references(value any) []string {
	var all []string
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			all = append(all, references(item)...)
		}
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			all = append(all, ref)
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, references(v[name])...)
		}
	}
	return all
}
