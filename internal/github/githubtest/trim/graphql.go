package main

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// trimGraphQL keeps the fields that the test GitHub resolves, and the types of their arguments.
func trimGraphQL(text string) error {
	schema, err := parser.ParseSchema(&ast.Source{Name: "schema.graphql", Input: text})
	if err != nil {
		return err
	}
	g := graph{definitions: make(map[string]*ast.Definition), kept: make(map[string]bool), wanted: githubtest.GraphQLFields()}
	for _, d := range schema.Definitions {
		g.definitions[d.Name] = d
	}
	for name, fields := range g.wanted {
		if err := g.keep(name, fields); err != nil {
			return err
		}
	}
	schema.Definitions = slices.DeleteFunc(schema.Definitions, func(d *ast.Definition) bool { return !g.kept[d.Name] })
	schema.Directives = nil
	var out bytes.Buffer
	formatter.NewFormatter(&out, formatter.WithoutDescription()).FormatSchemaDocument(schema)
	return writeZipped("schema.graphql.gz", out.Bytes())
}

// graph is the schema while it is being cut down.
type graph struct {
	definitions map[string]*ast.Definition
	kept        map[string]bool
	wanted      map[string][]string
}

// keep cuts a type down to its wanted fields.
func (g graph) keep(name string, fields []string) error {
	d := g.definitions[name]
	if d == nil {
		return fmt.Errorf("GraphQL knows no type %s", name)
	}
	g.kept[name] = true
	d.Fields = slices.DeleteFunc(d.Fields, func(f *ast.FieldDefinition) bool { return !slices.Contains(fields, f.Name) })
	if len(d.Fields) != len(fields) {
		return fmt.Errorf("GraphQL's %s has not all of %v", name, fields)
	}
	d.Interfaces = slices.DeleteFunc(d.Interfaces, func(i string) bool {
		lacks := func(field string) bool { return !slices.Contains(fields, field) }
		return g.wanted[i] == nil || slices.ContainsFunc(g.wanted[i], lacks)
	})
	d.Types = slices.DeleteFunc(d.Types, func(t string) bool { return g.wanted[t] == nil })
	d.Directives = nil
	for _, f := range d.Fields {
		f.Directives = nil
		g.keepInput(f.Type.Name())
		for _, a := range f.Arguments {
			a.Directives = nil
			g.keepInput(a.Type.Name())
		}
	}
	return nil
}

// keepInput keeps a scalar, an enumeration or an input as it is.
func (g graph) keepInput(name string) {
	d := g.definitions[name]
	if d == nil || g.kept[name] || d.Kind != ast.Scalar && d.Kind != ast.Enum && d.Kind != ast.InputObject {
		return
	}
	g.kept[name] = true
	d.Directives = nil
	for _, v := range d.EnumValues {
		v.Directives = nil
	}
	for _, f := range d.Fields {
		f.Directives = nil
		g.keepInput(f.Type.Name())
	}
}
