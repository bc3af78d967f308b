package validation_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	apiservervalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review/rules/api/validation"
)

const rules = `{"type":"object","properties":{"spec":{"type":"object",
"x-kubernetes-validations":[
 {"rule":"self.min <= self.max","message":"min is above max","messageExpression":"'password is ' + self.password"},
 {"rule":"self.name == oldSelf.name","message":"name cannot be changed"},
 {"rule":"self.missing > 1"},
 {"rule":"!has(self.parts) || size(self.parts) < 3","fieldPath":".parts"}],
"properties":{
 "min":{"type":"integer","default":1},"max":{"type":"integer"},"name":{"type":"string"},"password":{"type":"string"},
 "parts":{"type":"array","items":{"type":"object","x-kubernetes-validations":[{"rule":"self.size > 0","message":"size is 0"}],
  "properties":{"size":{"type":"integer"}}}},
 "byName":{"type":"object","additionalProperties":{"type":"string","x-kubernetes-validations":[{"rule":"self != 'bad'","message":"is bad"}]}}}}}}`

func object(t *testing.T, spec string) map[string]any {
	t.Helper()
	o, err := manifests.NewObject([]byte("apiVersion: acme.com/v1\nkind: Widget\nmetadata: {name: a}\nspec: " + spec))
	if err != nil {
		t.Fatal(err)
	}
	return kubeapi.Value(o.Field().Node()).(map[string]any)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	compiled, err := validation.Compile([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ spec, before, want string }{
		{"{max: 1}", "", ""},
		{"{max: 0, password: hunter2}", "", "spec: min is above max"},
		{"{max: 1, name: a}", "{max: 1, name: b}", "spec: name cannot be changed"},
		{"{max: 1, name: a}", "{max: 1, name: a}", ""},
		{"{max: 1, parts: [{size: 1}, {size: 0}]}", "", "spec.parts[1]: size is 0"},
		{"{max: 1, parts: [{size: 1}, {size: 1}, {size: 1}]}", "", "spec.parts: failed rule: !has(self.parts) || size(self.parts) < 3"},
		{"{max: 1, byName: {a.b: bad, c: good}}", "", "spec.byName[a.b]: is bad"},
		{"{min: null, max: 1}", "", ""},
	} {
		var old map[string]any
		if c.before != "" {
			old = object(t, c.before)
		}
		found, left, _ := compiled.Check(object(t, c.spec), old, 1_000_000)
		var got []string
		for _, f := range found {
			if !strings.Contains(f.Text, "missing") { // the rule that does not compile is none of the object's
				got = append(got, f.Path+": "+f.Text)
			}
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s: %v, want %s", c.spec, got, c.want)
		}
		if left < 0 || left >= 1_000_000 {
			t.Errorf("%s: %d of the budget are left", c.spec, left)
		}
	}
}

func TestCompile(t *testing.T) {
	t.Parallel()
	if r, err := validation.Compile([]byte(`{"type":"object"}`)); r != nil || err != nil {
		t.Errorf("without rules: %v, %v", r, err)
	}
	if _, err := validation.Compile([]byte(`{"x-kubernetes-validations":5}`)); err == nil {
		t.Error("a schema that is none is taken")
	}
	many := `{"type":"object","x-kubernetes-validations":[` + strings.Repeat(`{"rule":"true"},`, 3000) + `{"rule":"true"}]}`
	if _, err := validation.Compile([]byte(many)); !errors.Is(err, validation.ErrTooMany) {
		t.Errorf("3001 rules: %v", err)
	}
}

// TestBudget holds rules that take long to an end.
func TestBudget(t *testing.T) {
	t.Parallel()
	compiled, err := validation.Compile([]byte(`{"type":"object","properties":{"spec":{"type":"array","items":{"type":"integer"},
		"x-kubernetes-validations":[{"rule":"self.all(a, self.all(b, self.all(c, a + b + c >= 0)))","message":"never"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	long := object(t, "["+strings.Repeat("1, ", 2000)+"1]")
	if found, left, _ := compiled.Check(long, nil, 10_000_000); len(found) > 0 || left >= 0 {
		t.Errorf("%v, %d left", found, left)
	}
	if found, left, _ := compiled.Check(object(t, "[1]"), nil, 1); len(found) > 0 || left >= 0 {
		t.Errorf("without budget: %v, %d left", found, left)
	}
}

// TestAgrees holds the schemas of package kubeapi, on YAML, against the API server's own validation of custom resources:
// every field of a definition with every kind of value.
func TestAgrees(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "manifests", "kubeapi", "testdata", "definition.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := manifests.NewObject(text)
	if err != nil {
		t.Fatal(err)
	}
	d, err := kubeapi.ReadDefinition(o)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := d.Version("v1").Compile(kubeapi.For(36).ObjectMeta())
	if err != nil {
		t.Fatal(err)
	}
	theirs := newServer(t, d.Version("v1"))
	values := []string{"red", "green", "blue", "5", "0", "1", "2", "-1", "8", "7.5", "2.0", "1e3", "true", "yes", `"5"`, `""`, "ab", "ABC", "{}", "[]",
		"{a: 1}", "{b: 1}", "{a: 1, b: 2}", "{a: b}", "{a: {b: c}}", "{name: a}", "[a]", "[a, a]", "[a, b]", "[1]", "[{name: a}]", "[{name: a}, {name: a}]",
		"[{name: a}, {name: b}]", "[{}, {}]", "[{nam: a}]", "{typed: 1}", "{typed: a, more: 1}", "{apiVersion: v1, kind: Pod}", "{apiVersion: v1, kind: Pod, metadata: {name: a}}",
		"2026-01-31", "2026-02-31", "10.0.0.0/8", "10.0.0.1", "fd00::1", "10.0.0.0", "http"}
	for field := range ours.Properties["spec"].Properties {
		for _, value := range values {
			spec := fmt.Sprintf("{color: red, %s: %s}", field, value)
			if field == "color" {
				spec = fmt.Sprintf("{color: %s}", value)
			}
			custom, err := manifests.NewObject([]byte("apiVersion: acme.com/v1\nkind: Widget\nmetadata: {name: a}\nstatus: {}\nspec: " + spec))
			if err != nil {
				t.Fatal(err)
			}
			if format := ours.Properties["spec"].Properties[field].Format; format != "" && strings.HasPrefix(value, "[") {
				continue // kube-openapi takes a list for bytes, and asks no more
			}
			found, _ := ours.Check(custom.Field())
			refused := theirs.refuses(t, object(t, spec))
			if (len(found) > 0) != (len(refused) > 0) {
				t.Errorf("%s: ours %v, the API server's %v", spec, found, refused)
			}
		}
	}
}

// server validates as the API server does.
type server struct {
	validator  apiservervalidation.SchemaValidator
	structural *schema.Structural
}

func newServer(t *testing.T, v *kubeapi.DefinedVersion) server {
	t.Helper()
	text, err := v.SchemaJSON()
	if err != nil {
		t.Fatal(err)
	}
	var props apiextensionsv1.JSONSchemaProps
	if err := json.Unmarshal(text, &props); err != nil {
		t.Fatal(err)
	}
	props.Required = nil // the status comes later
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&props, &internal, nil); err != nil {
		t.Fatal(err)
	}
	var s server
	if s.validator, _, err = apiservervalidation.NewSchemaValidator(&internal); err != nil {
		t.Fatal(err)
	}
	if s.structural, err = schema.NewStructural(&internal); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s server) refuses(t *testing.T, object map[string]any) (why []string) {
	t.Helper()
	why = pruning.PruneWithOptions(object, s.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	defaulting.Default(object, s.structural)
	for _, e := range apiservervalidation.ValidateCustomResource(nil, object, s.validator) {
		why = append(why, e.Error())
	}
	for _, e := range listtype.ValidateListSetsAndMaps(nil, s.structural, object) {
		why = append(why, e.Error())
	}
	for _, e := range objectmeta.Validate(t.Context(), nil, object, s.structural, true) {
		why = append(why, e.Error())
	}
	return why
}

// TestRisks leaves out the rules that might take hours or all memory, and evaluates what might only look so.
func TestRisks(t *testing.T) {
	t.Parallel()
	huge := map[string]any{"spec": map[string]any{"a": "1e999999999", "b": strings.Repeat("x", 20_000)}}
	small := map[string]any{"spec": map[string]any{"a": "1e3", "b": "x"}}
	tests := []struct {
		rule           string
		object         map[string]any
		partly, undone bool
		failures       int
	}{
		{"quantity(self.a).isLessThan(quantity('1k'))", small, false, false, 1},
		{"quantity(self.a).isLessThan(quantity('1k'))", huge, false, true, 0},
		{"quantity('1e999999999').isLessThan(quantity('1k'))", small, true, false, 0},
		{"quantity('1e9999' + '99999').isLessThan(quantity('1k'))", small, true, false, 0},
		{"self.b.replace('x', self.b).size() > 5", small, false, false, 1},
		{"self.b.replace('x', self.b).size() > 5", huge, false, true, 0},
		{"self.b.replace('x', self.b).replace('x', self.b).size() > 5", small, true, false, 0},
		{"[[1]]" + strings.Repeat(".map(a, a + a)", 60) + "[0].size() > 0", small, true, false, 0},
		{"[[1]]" + strings.Repeat(".map(a, [a, a])", 60) + " == [[[1]]]", small, true, false, 0},
		{"self.a.split('e').all(x, x.size() > 3) && [1, 2].exists(a, [2].exists(b, a + b > 9))", small, false, false, 1},
	}
	for _, test := range tests {
		schema, err := json.Marshal(map[string]any{"type": "object", "properties": map[string]any{"spec": map[string]any{"type": "object",
			"properties":               map[string]any{"a": map[string]any{"type": "string"}, "b": map[string]any{"type": "string"}},
			"x-kubernetes-validations": []any{map[string]any{"rule": test.rule}}}}})
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := validation.Compile(schema)
		if err != nil {
			t.Fatal(err)
		}
		failures, _, done := compiled.Check(test.object, nil, 1_000_000_000)
		if compiled.Partly != test.partly || done == test.undone || len(failures) != test.failures {
			t.Errorf("%.70s: partly %v, done %v, failures %v", test.rule, compiled.Partly, done, failures)
		}
	}
}
