package helm

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// schemaURL names a chart's schema to the validator. Nothing is ever read from an address.
const schemaURL = "chart:///" + schemaJSON

// refused loads nothing: a schema may refer to itself and to the published drafts of JSON Schema, which are built in.
type refused struct{}

func (refused) Load(url string) (any, error) {
	if strings.HasPrefix(url, "urn:") {
		return true, nil // as in Helm: a name that nobody knows allows everything
	}
	return nil, errRefused
}

var errRefused = errors.New("a values schema may not refer to other files or addresses: copy what it refers to into it")

// validate checks the .Values of a scope against the values.schema.json of a chart, and those of its dependencies
// against theirs. They lie at a path of the top-level chart's values.
func (j *job) validate(n *node, scope map[string]any, at []string) error {
	if n.schema != nil {
		if err := j.validateValues(n, asMap(scope["Values"]), at); err != nil {
			return err
		}
	}
	for _, dep := range n.deps {
		below := map[string]any{"Values": j.installed.table(scope, dep.name)}
		if err := j.validate(dep, below, slices.Concat(at, []string{dep.name})); err != nil {
			return err
		}
	}
	return nil
}

// validateValues checks the values of one chart, which lie at a path of the top-level chart's.
func (j *job) validateValues(n *node, values map[string]any, at []string) (err error) {
	from := j.charts.origins[n.id]
	defer func() {
		if recover() != nil { // the validator is known to panic on some wrong schemas
			err = &manifests.RenderError{Reason: "the values schema cannot be used", Span: from.span(schemaJSON, 0)}
		}
	}()
	schema, err := compileSchema(n.schema)
	if err != nil {
		return &manifests.RenderError{Reason: "the values schema cannot be used: " + err.Error(), Span: from.span(schemaJSON, 0)}
	}
	failed := schema.Validate(values)
	if failed == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(failed, &invalid) {
		return &manifests.RenderError{Reason: "the values cannot be checked: " + failed.Error(), Span: from.span(schemaJSON, 0)}
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	reason := invalid.ErrorKind.LocalizedString(message.NewPrinter(language.English))
	path := slices.Concat(at, invalid.InstanceLocation)
	return &manifests.RenderError{
		Reason: fmt.Sprintf("the values do not fit %s: %s: %s", from.show(schemaJSON), strings.Join(path, "."), reason),
		Span:   j.whereSet(path, from.span(schemaJSON, 0)),
	}
}

// whereSet finds the line of a value, or of what is set nearest above it.
func (j *job) whereSet(keys []string, otherwise source.Span) source.Span {
	find := newLocator(j)
	for ; len(keys) > 0; keys = keys[:len(keys)-1] {
		if found, ok := find.find(keys); ok {
			return found.span
		}
	}
	return otherwise
}

func compileSchema(data []byte) (*jsonschema.Schema, error) {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(refused{})
	if err := compiler.AddResource(schemaURL, parsed); err != nil {
		return nil, err
	}
	schema, err := compiler.Compile(schemaURL)
	if errors.Is(err, errRefused) {
		return nil, errRefused
	}
	return schema, err
}
