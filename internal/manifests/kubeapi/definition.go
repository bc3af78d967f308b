package kubeapi

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Definition is what a CustomResourceDefinition adds to the API.
type Definition struct {
	Object     *manifests.Object
	Group      string
	Kind       string
	Namespaced bool
	Versions   []DefinedVersion
}

// DefinedVersion is a version of a defined kind.
type DefinedVersion struct {
	Name       string
	Served     bool
	Deprecated bool
	Warning    string          // of a deprecated version, "" for none
	Schema     manifests.Field // openAPIV3Schema, absent where any object is right

	loose bool // fields that are not described are kept
}

// ReadDefinition reads a CustomResourceDefinition of either version. The error says that it is none that an API server
// would take.
func ReadDefinition(o *manifests.Object) (*Definition, error) {
	spec := o.Field().Get("spec")
	d := &Definition{Object: o, Group: spec.Get("group").Text(), Kind: spec.Get("names", "kind").Text(),
		Namespaced: spec.Get("scope").Text() != "Cluster"}
	beta := o.APIVersion == "apiextensions.k8s.io/v1beta1"
	loose := spec.Get("preserveUnknownFields").True() || beta && !spec.Get("preserveUnknownFields").False()
	for _, v := range spec.Get("versions").Items() {
		schema := v.Get("schema", "openAPIV3Schema")
		if !schema.IsMap() {
			schema = spec.Get("validation", "openAPIV3Schema") // of v1beta1, for all versions
		}
		d.Versions = append(d.Versions, DefinedVersion{Name: v.Get("name").Text(), Served: v.Get("served").True(),
			Deprecated: v.Get("deprecated").True(), Warning: v.Get("deprecationWarning").Text(), Schema: schema, loose: loose})
	}
	if only := spec.Get("version").Text(); beta && only != "" && len(d.Versions) == 0 {
		d.Versions = []DefinedVersion{{Name: only, Served: true, Schema: spec.Get("validation", "openAPIV3Schema"), loose: loose}}
	}
	if d.Group == "" || d.Kind == "" || len(d.Versions) == 0 {
		return nil, fmt.Errorf("%s defines no kind", o)
	}
	return d, nil
}

// Version returns a version by its name, nil when there is none.
func (d *Definition) Version(name string) *DefinedVersion {
	i := slices.IndexFunc(d.Versions, func(v DefinedVersion) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return &d.Versions[i]
}

// SchemaJSON returns the schema as JSON, nil when there is none.
func (v *DefinedVersion) SchemaJSON() ([]byte, error) {
	if !v.Schema.IsMap() {
		return nil, nil
	}
	return json.Marshal(Value(v.Schema.Node()))
}

// Compile makes the schema of the version's objects: what the definition says, and what holds for every object, of
// which meta is the metadata's schema.
func (v *DefinedVersion) Compile(meta *Schema) (*Schema, error) {
	text, err := v.SchemaJSON()
	if err != nil {
		return nil, err
	}
	if text == nil {
		return anyObject(&Schema{Preserve: true}, meta), nil
	}
	s, err := Parse(text)
	if err != nil {
		return nil, err
	}
	s.Preserve = s.Preserve || v.loose
	if v.loose {
		s.loosen()
	}
	return anyObject(s, meta), nil
}

// loosen lets every mapping hold fields that are not described.
func (s *Schema) loosen() {
	if s == nil {
		return
	}
	s.Preserve = true
	for _, property := range s.Properties {
		property.loosen()
	}
	s.Items.loosen()
	if s.Additional != nil {
		s.Additional.Schema.loosen()
	}
}

// anyObject adds to a schema what holds for every object. What the definition says of metadata may only narrow it.
func anyObject(s, meta *Schema) *Schema {
	if s.Properties == nil {
		s.Properties = map[string]*Schema{}
		s.Preserve = s.Preserve || s.Type != "object"
	}
	s.Type = "object"
	s.Properties["apiVersion"], s.Properties["kind"] = &Schema{Type: "string"}, &Schema{Type: "string"}
	metadata := *meta
	if own := s.Properties["metadata"]; own != nil {
		metadata.AllOf = []*Schema{own}
	}
	s.Properties["metadata"] = &metadata
	s.Properties["status"] = &Schema{}
	s.Required = slices.DeleteFunc(s.Required, func(name string) bool { return name == "status" })
	return s
}
