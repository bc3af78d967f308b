package kubeapi

import (
	"encoding/json"
	"regexp"
)

// Schema says what a value may be: the keywords of OpenAPI v3 that the API of Kubernetes is described by, and those that
// the structural schemas of CustomResourceDefinitions may have beside them
// (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/).
type Schema struct {
	Name   string `json:"-"` // of the definition, as in Container; "" for others
	Ref    string `json:"$ref"`
	Type   string `json:"type"`
	Format string `json:"format"`

	Properties    map[string]*Schema `json:"properties"`
	Additional    *additional        `json:"additionalProperties"`
	Required      []string           `json:"required"`
	MinProperties *int64             `json:"minProperties"`
	MaxProperties *int64             `json:"maxProperties"`

	Items    *Schema  `json:"items"`
	MinItems *int64   `json:"minItems"`
	MaxItems *int64   `json:"maxItems"`
	ListType string   `json:"x-kubernetes-list-type"`
	ListKeys []string `json:"x-kubernetes-list-map-keys"`

	Enum             []any    `json:"enum"`
	Pattern          string   `json:"pattern"`
	MinLength        *int64   `json:"minLength"`
	MaxLength        *int64   `json:"maxLength"`
	Minimum          *float64 `json:"minimum"`
	Maximum          *float64 `json:"maximum"`
	ExclusiveMinimum bool     `json:"exclusiveMinimum"`
	ExclusiveMaximum bool     `json:"exclusiveMaximum"`
	MultipleOf       *float64 `json:"multipleOf"`

	AllOf []*Schema `json:"allOf"`
	AnyOf []*Schema `json:"anyOf"`
	OneOf []*Schema `json:"oneOf"`
	Not   *Schema   `json:"not"`

	Nullable    bool            `json:"nullable"`
	Default     json.RawMessage `json:"default"`
	IntOrString bool            `json:"x-kubernetes-int-or-string"`
	Preserve    bool            `json:"x-kubernetes-preserve-unknown-fields"` // fields that are not described are right
	Embedded    bool            `json:"x-kubernetes-embedded-resource"`

	values  []string // Enum, as canonical writes them
	pattern *regexp.Regexp
}

// additional is "additionalProperties": a schema, true or false.
type additional struct {
	*Schema
	allowed bool
}

// UnmarshalJSON reads a schema or a boolean.
func (a *additional) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &a.allowed); err == nil {
		return nil
	}
	a.allowed, a.Schema = true, &Schema{}
	return json.Unmarshal(text, a.Schema)
}

// Parse reads a schema from JSON. References are not followed, as in a CustomResourceDefinition, which has none.
func Parse(text []byte) (*Schema, error) {
	s := &Schema{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, err
	}
	s.prepare(func(string) *Schema { return nil })
	return s, nil
}

// prepare follows the references in a schema and works out what checking needs.
func (s *Schema) prepare(definition func(name string) *Schema) {
	s.IntOrString = s.IntOrString || s.Format == "int-or-string"
	for _, value := range s.Enum {
		s.values = append(s.values, canonicalValue(value))
	}
	if s.Pattern != "" {
		s.pattern, _ = regexp.Compile(s.Pattern) // the API server refuses a definition with any other
	}
	follow := func(at **Schema) {
		switch {
		case *at == nil:
		case (*at).Ref != "":
			if *at = definition((*at).Ref); *at == nil {
				*at = &Schema{Preserve: true}
			}
		default:
			(*at).prepare(definition)
		}
	}
	for name, property := range s.Properties {
		follow(&property)
		s.Properties[name] = property
	}
	if s.Additional != nil {
		follow(&s.Additional.Schema)
	}
	follow(&s.Items)
	follow(&s.Not)
	for _, list := range [][]*Schema{s.AllOf, s.AnyOf, s.OneOf} {
		for i := range list {
			follow(&list[i])
		}
	}
}

// open reports whether a field that is not described is right.
func (s *Schema) open() bool {
	return s.Preserve || s.Additional != nil && s.Additional.allowed || s.Properties == nil && s.Type != "object"
}
