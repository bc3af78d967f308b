package policy

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

type schema map[string]any

// Schema returns the JSON schema (draft 2020-12) of the policy file, with the parameters of every rule, for editors.
func Schema(rules []*review.Rule) ([]byte, error) {
	list := schema{"type": "array", "items": schema{"type": "string"}}
	text := schema{"type": "string"}
	failOrWarn := schema{"enum": []string{"fail", "warn"}}
	root := object(schema{
		"kubernetes":  schema{"type": "string", "pattern": `^v?1\.[0-9]+(\.[0-9]+)?$`, "description": "Target Kubernetes version, in quotes."},
		"helm":        schema{"enum": []int{3, 4}, "description": "The Helm line that the cluster's tool renders with."},
		"profile":     schema{"enum": review.Profiles(), "description": "Which rules run, at which level."},
		"rules":       ruleSchemas(rules),
		"images":      imagesSchema(list),
		"roots":       rootsSchema(list),
		"exemptions":  schema{"type": "array", "items": exemptionSchema()},
		"annotations": schema{"type": "boolean", "description": "Exemptions in annotations of manifests count. Whoever opens the pull request writes them."},
		"workloads":   schema{"type": "array", "items": object(schema{"kind": text, "path": text}, "kind", "path"), "description": "Custom resources with a pod template, and where it is."},
		"charts":      object(schema{"allow": list}),
		"bases":       object(schema{"allow": list}),
		"gate":        object(schema{"failOn": levelSchema(), "onIndeterminate": failOrWarn, "onRenderFailure": failOrWarn}),
		"checks":      list,
		"acknowledge": schema{"type": "array", "items": object(schema{"rules": list, "by": list, "notAuthor": schema{"type": "boolean"}}, "rules", "by")},
	})
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Landwaiter policy"
	out, err := json.MarshalIndent(root, "", "  ")
	return append(out, '\n'), err
}

func object(properties schema, required ...string) schema {
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func levelSchema() schema { return schema{"enum": []string{"error", "warning", "info"}} }

func imagesSchema(list schema) schema {
	flag, text := schema{"type": "boolean"}, schema{"type": "string"}
	return object(schema{
		"allow": list, "deny": list, "platforms": list, "moving": list, "trustedRoot": text,
		"registries": schema{"type": "array", "items": object(schema{"host": text, "private": flag, "plainHTTP": flag}, "host")},
		"verify":     schema{"type": "array", "items": schema{"type": "object", "required": []string{"match"}}},
	})
}

func rootsSchema(list schema) schema {
	text := schema{"type": "string"}
	return object(schema{
		"include": list, "ignore": list,
		"helm": schema{"type": "array", "items": object(schema{"chart": text, "values": list, "release": text, "namespace": text}, "chart")},
		"kops": schema{"type": "array", "items": object(schema{"template": text, "values": list, "snippets": text}, "template")},
	})
}

func exemptionSchema() schema {
	text := schema{"type": "string"}
	return object(schema{
		"rule": text, "object": text, "root": text, "by": text,
		"reason": schema{"type": "string", "minLength": 1},
		"until":  schema{"type": "string", "format": "date", "description": "The last day, YEAR-MONTH-DAY."},
	}, "rule", "reason", "until")
}

// ruleSchemas allows each rule to be off, at a level, or at a level with its parameters.
func ruleSchemas(rules []*review.Rule) schema {
	properties := make(schema, len(rules))
	for _, r := range rules {
		own := schema{"level": schema{"enum": []string{"error", "warning", "info", "off"}}}
		if r.Params != nil {
			for name, s := range fieldSchemas(reflect.TypeOf(r.Params()).Elem()) {
				own[name] = s
			}
		}
		properties[r.ID] = schema{
			"description": r.Summary,
			"oneOf":       []schema{{"enum": []any{"error", "warning", "info", "off", "on", true, false}}, object(own)},
		}
	}
	return object(properties)
}

// fieldSchemas describes the fields of a parameter struct by their yaml names.
func fieldSchemas(t reflect.Type) schema {
	properties := make(schema)
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		if f.IsExported() && name != "-" {
			properties[name] = typeSchema(f.Type)
		}
	}
	return properties
}

func typeSchema(t reflect.Type) schema {
	switch t.Kind() {
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint32, reflect.Uint64:
		return schema{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		return schema{"type": "number"}
	case reflect.Slice:
		return schema{"type": "array", "items": typeSchema(t.Elem())}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": typeSchema(t.Elem())}
	case reflect.Pointer:
		return typeSchema(t.Elem())
	case reflect.Struct:
		return object(fieldSchemas(t))
	}
	return schema{"type": []string{"string", "number"}}
}
