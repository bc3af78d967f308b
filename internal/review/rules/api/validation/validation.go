// Package validation evaluates the validation rules of CustomResourceDefinitions (x-kubernetes-validations), which are
// written in CEL, by the API server's own code and within its cost limits.
package validation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// maxRules is how many rules of one schema are compiled, which takes about a millisecond each.
const maxRules = 2000

// ErrTooMany says that a schema has more rules than are compiled.
var ErrTooMany = errors.New("the definition has more than 2000 validation rules")

// Rules are the compiled rules of one version of a definition.
type Rules struct {
	schema    *schema.Structural
	validator *cel.Validator

	// Partly says that some rules were left out, since they might take too long.
	Partly         bool
	grows, numbers bool // rules make longer texts; read quantities
}

// Failure is a rule that an object does not meet.
type Failure struct {
	Path string // as Kubernetes writes it, relative to the object; "" for the object itself
	Text string // the rule's message, or the rule itself
}

// Compile compiles the rules of a version's schema, given as JSON; nil when it has none. The error says that the schema
// is none an API server would take, or ErrTooMany.
func Compile(openAPIV3Schema []byte) (*Rules, error) {
	const keyword = `"x-kubernetes-validations"`
	switch n := bytes.Count(openAPIV3Schema, []byte(keyword)); {
	case n == 0:
		return nil, nil
	case n > maxRules || bytes.Count(openAPIV3Schema, []byte(`"rule"`)) > maxRules:
		return nil, ErrTooMany
	}
	var props apiextensionsv1.JSONSchemaProps
	if err := json.Unmarshal(openAPIV3Schema, &props); err != nil {
		return nil, err
	}
	quiet(&props)
	rules := &Rules{Partly: takeOut(&props), grows: uses(&props, grower), numbers: uses(&props, number)}
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&props, &internal, nil); err != nil {
		return nil, err
	}
	structural, err := schema.NewStructural(&internal)
	if err != nil {
		return nil, err
	}
	rules.schema, rules.validator = structural, cel.NewValidator(structural, true, celconfig.PerCallLimit)
	return rules, nil
}

// quiet takes the expressions out that make messages of an object's values, which may be credentials.
func quiet(s *apiextensionsv1.JSONSchemaProps) {
	for i := range s.XValidations {
		s.XValidations[i].MessageExpression = ""
	}
	each(s, quiet)
}

// Check evaluates the rules on an object as JSON, and on what it was before for rules on changes; before is nil where
// that is not known. Both are changed: what their schema fills in is filled in. Budget is in units of CEL's cost, of which
// about ten million are a second; what is left of it is returned, a negative number when it did not suffice. done is false
// for an object on which the rules might take too long, or did.
func (r *Rules) Check(object, before map[string]any, budget int64) (failures []Failure, left int64, done bool) {
	if r.mightHang(object) || r.mightHang(before) {
		return nil, budget, false
	}
	var old any
	if before != nil {
		r.fillIn(before)
		old = before
	}
	r.fillIn(object)
	started := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), maxTime)
	defer cancel()
	found, left := r.validator.Validate(ctx, nil, r.schema, object, old, min(budget, celconfig.RuntimeCELCostBudget))
	took := time.Since(started)
	if ctx.Err() != nil {
		return nil, budget - int64(took.Seconds()*costPerSecond), false
	}
	for _, e := range found {
		if left >= 0 && !strings.HasPrefix(e.Detail, "rule compile") {
			failures = append(failures, Failure{Path: strings.TrimPrefix(e.Field, root), Text: e.Detail})
		}
	}
	if left >= 0 {
		left += max(budget-celconfig.RuntimeCELCostBudget, 0)
	}
	if took > slow { // it counts by its time
		left = min(left, budget-int64(took.Seconds()*costPerSecond))
	}
	return failures, left, true
}

// What is slow takes longer than what it costs.
const (
	maxTime       = 5 * time.Second
	slow          = 200 * time.Millisecond
	costPerSecond = 10_000_000
)

// mightHang reports whether the rules may take very long on an object.
func (r *Rules) mightHang(object map[string]any) bool {
	if object == nil || !r.grows && !r.numbers {
		return false
	}
	bytes, endless := texts(object)
	return r.grows && bytes > maxTexts || r.numbers && endless
}

// root is how an error is written that is about no field.
var root = (*field.Path)(nil).String()

func (r *Rules) fillIn(object map[string]any) {
	defaulting.PruneNonNullableNullsWithoutDefaults(object, r.schema)
	defaulting.Default(object, r.schema)
}
