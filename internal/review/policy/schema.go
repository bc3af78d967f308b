package policy

import (
	"encoding"
	"encoding/json"
	"reflect"

	"github.com/landwaiter/landwaiter/internal/review"
)

type schema map[string]any

// Schema returns the JSON schema (draft 2020-12) of the policy file, with the parameters of every rule, for editors.
func Schema(rules []*review.Rule) ([]byte, error) {
	root := objectSchema(reflect.TypeFor[document](), rules)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "https://github.com/landwaiter/landwaiter/blob/main/docs/policy.schema.json"
	root["title"] = "Landwaiter policy"
	root["$defs"] = schema{"level": schema{"enum": []any{"off", "on", "error", "warning", "info", false, true}}}
	out, err := json.MarshalIndent(root, "", "  ")
	return append(out, '\n'), err
}

// objectSchema describes a struct's mapping.
func objectSchema(t reflect.Type, rules []*review.Rule) schema {
	properties := make(schema)
	var required []string
	for _, f := range fieldsOf(t) {
		s := fieldSchema(f, rules)
		if f.doc != "" {
			s["description"] = f.doc
		}
		properties[f.key] = s
		if f.must {
			required = append(required, f.key)
		}
	}
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if required != nil {
		s["required"] = required
	}
	return s
}

func fieldSchema(f field, rules []*review.Rule) schema {
	switch f.form {
	case "version":
		return schema{"type": "string", "pattern": `^v?1\.[0-9]+(\.[0-9]+)?$`}
	case "helm":
		return schema{"enum": []any{3, 4, "3", "4"}}
	case "rules":
		return ruleSchemas(rules)
	case "comments":
		return schema{"type": "integer", "minimum": 0, "maximum": maxComments}
	case "files":
		file := schema{"type": "string", "minLength": 1}
		return schema{"anyOf": []schema{file, {"type": "array", "items": file}}}
	case "day":
		return schema{"type": "string", "format": "date", "pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`}
	}
	return typeSchema(f.typ, f, rules)
}

func typeSchema(t reflect.Type, f field, rules []*review.Rule) schema {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return schema{"type": []string{"string", "number"}} // as far as a schema can tell
	}
	if t == nodeType {
		return schema{"type": "object"} // whose keys are anybody's
	}
	switch t.Kind() {
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint32, reflect.Uint64:
		return schema{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		return schema{"type": "number"}
	case reflect.Slice:
		item := t.Elem()
		if reflect.PointerTo(t).Implements(yamlUnmarshaler) {
			item = reflect.TypeFor[string]()
		}
		s := schema{"type": "array", "items": typeSchema(item, f, rules)}
		if f.must {
			s["minItems"] = 1
		}
		return s
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": typeSchema(t.Elem(), f, rules)}
	case reflect.Pointer:
		return typeSchema(t.Elem(), f, rules)
	case reflect.Struct:
		return objectSchema(t, rules)
	}
	return wordSchema(f)
}

func wordSchema(f field) schema {
	switch {
	case f.enum != nil:
		return schema{"enum": f.enum}
	case f.must:
		return schema{"type": "string", "minLength": 1}
	}
	return schema{"type": "string"}
}

// ruleSchemas allows each rule to be off, on, at a level, or at a level with its parameters.
func ruleSchemas(rules []*review.Rule) schema {
	level := schema{"$ref": "#/$defs/level"}
	properties := make(schema, len(rules))
	for _, r := range rules {
		setting := schema{"type": "object", "properties": schema{}, "additionalProperties": false}
		if r.Params != nil {
			setting = objectSchema(reflect.TypeOf(r.Params()).Elem(), rules)
		}
		setting["properties"].(schema)["level"] = level
		properties[r.ID] = schema{"description": r.Summary, "anyOf": []schema{level, setting}}
	}
	own := schema{"type": "object"} // of a rule that the policy defines, which no schema knows; a slip in an id is still found
	return schema{"type": "object", "properties": properties, "additionalProperties": own}
}
