package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	registration "k8s.io/api/admissionregistration/v1"
	authentication "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	apicel "k8s.io/apiserver/pkg/admission/plugin/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/yaml"

	"github.com/google/cel-go/cel"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/policy/export"
	yamlv3 "go.yaml.in/yaml/v3"
)

// rules are those that the export asks for, at the levels of the catalogue.
var rules = []*review.Rule{
	{ID: "privileged", Level: review.Error}, {ID: "image-registry", Level: review.Error}, {ID: "image-latest", Level: review.Error}, {ID: "image-digest", Level: review.Warning},
	{ID: "image-signature", Level: review.Error}, {ID: "image-provenance", Level: review.Error},
	{ID: "image-sbom", Level: review.Error}, {ID: "image-scan", Level: review.Error},
}

var today = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

// exported exports a policy that is given as text, with the files that it names.
func exported(t testing.TB, text string, files map[string]string, o export.Options) *export.Export {
	t.Helper()
	p, err := policy.Load(rules, policy.Layer{File: "policy.yaml", Text: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	proof, err := policy.ReadProof(p.Images, func(_, file string) ([]byte, error) {
		if content, ok := files[file]; ok {
			return []byte(content), nil
		}
		return nil, errors.New("no such file")
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Today = today
	x, err := export.New(p, proof, rules, o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// written returns the objects as they are written, one document each.
func written(t testing.TB, x *export.Export) [][]byte {
	t.Helper()
	var b bytes.Buffer
	if err := x.Write(&b); err != nil {
		t.Fatal(err)
	}
	var documents [][]byte
	for decoder := yamlv3.NewDecoder(&b); ; {
		var n yamlv3.Node
		if err := decoder.Decode(&n); errors.Is(err, io.EOF) {
			return documents
		} else if err != nil {
			t.Fatal(err)
		}
		text, err := yamlv3.Marshal(&n)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, text)
	}
}

// judge is one exported policy, compiled as the API server compiles it.
type judge struct {
	spec                            registration.ValidatingAdmissionPolicySpec
	conditions, validations, speech apicel.ConditionEvaluator
	compiler                        *apicel.CompositedCompiler
}

type expression struct {
	name, text string
	kind       *cel.Type
}

func (e expression) GetExpression() string    { return e.text }
func (e expression) ReturnTypes() []*cel.Type { return []*cel.Type{e.kind} }
func (e expression) GetName() string          { return e.name }

// newJudge reads one policy strictly. It is compiled with what Kubernetes 1.30 lets new policies use, the first version
// that has ValidatingAdmissionPolicy as v1.
func newJudge(t testing.TB, document []byte) *judge {
	t.Helper()
	var p registration.ValidatingAdmissionPolicy
	if err := yaml.UnmarshalStrict(document, &p); err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	j := &judge{spec: p.Spec}
	compiler, err := apicel.NewCompositedCompiler(environment.MustBaseEnvSet(version.MajorMinor(1, 29)))
	if err != nil {
		t.Fatal(err)
	}
	j.compiler = compiler
	declared := apicel.OptionalVariableDeclarations{HasAuthorizer: true}
	for _, v := range p.Spec.Variables {
		if made := compiler.CompileAndStoreVariable(expression{v.Name, v.Expression, cel.AnyType}, declared, environment.NewExpressions); made.Error != nil {
			t.Fatalf("%s: %v", v.Name, made.Error)
		}
	}
	var conditions, validations, speech []apicel.ExpressionAccessor
	for _, c := range p.Spec.MatchConditions {
		conditions = append(conditions, expression{c.Name, c.Expression, cel.BoolType})
	}
	for _, v := range p.Spec.Validations {
		validations = append(validations, expression{v.Message, v.Expression, cel.BoolType})
		speech = append(speech, expression{v.Message, v.MessageExpression, cel.StringType})
	}
	compile := func(all []apicel.ExpressionAccessor, declared apicel.OptionalVariableDeclarations) apicel.ConditionEvaluator {
		made := compiler.CompileCondition(all, declared, environment.NewExpressions)
		for _, err := range made.CompilationErrors() {
			t.Fatal(err)
		}
		return made
	}
	j.conditions, j.validations = compile(conditions, declared), compile(validations, declared)
	j.speech = compile(speech, apicel.OptionalVariableDeclarations{})
	return j
}

// ask is a request to the API server.
type ask struct {
	object, old, user string
}

// verdict is what a policy makes of a request: "" when it admits it.
func (j *judge) verdict(t testing.TB, a ask) (complaint string, cost int64) {
	t.Helper()
	object, old := objectOf(t, a.object), objectOf(t, a.old)
	kind := object.GroupVersionKind()
	operation := admission.Create
	request := &admissionv1.AdmissionRequest{Kind: metav1.GroupVersionKind{Group: kind.Group, Version: kind.Version, Kind: kind.Kind}, Namespace: object.GetNamespace(),
		Name: object.GetName(), Operation: admissionv1.Create, UserInfo: authentication.UserInfo{Username: a.user}}
	attributes := &admission.VersionedAttributes{VersionedKind: kind, VersionedObject: admission.NewLazyObject(object), VersionedOldObject: admission.NewLazyObject(asRuntime(old))}
	if old != nil {
		operation, request.Operation = admission.Update, admissionv1.Update
	}
	attributes.Attributes = admission.NewAttributesRecord(object, asRuntime(old), kind, object.GetNamespace(), object.GetName(), schema.GroupVersionResource{}, "", operation, nil, false, nil)
	evaluate := func(e apicel.ConditionEvaluator) []apicel.EvaluationResult {
		results, left, err := e.ForInput(j.compiler.CreateContext(context.Background()), attributes, request, apicel.OptionalVariableBindings{}, nil, celconfig.RuntimeCELCostBudget-cost)
		if err != nil {
			t.Fatal(err)
		}
		cost = celconfig.RuntimeCELCostBudget - left
		for _, r := range results {
			if r.Error != nil {
				t.Fatalf("%v", r.Error)
			}
		}
		return results
	}
	for _, r := range evaluate(j.conditions) {
		if r.EvalResult.Value() == false {
			return "", cost
		}
	}
	for i, r := range evaluate(j.validations) {
		if r.EvalResult.Value() != true {
			return evaluate(j.speech)[i].EvalResult.Value().(string), cost
		}
	}
	return "", cost
}

func asRuntime(o *unstructured.Unstructured) runtime.Object {
	if o == nil {
		return nil
	}
	return o
}

func objectOf(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	if text == "" {
		return nil
	}
	o := &unstructured.Unstructured{}
	read := func() error { return yaml.Unmarshal([]byte(text), &o.Object) }
	if json.Valid([]byte(text)) { // which may hold characters that YAML refuses
		read = func() error { return json.Unmarshal([]byte(text), &o.Object) }
	}
	if err := read(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return o
}

// judges are the policies of an export, by name without "landwaiter-".
func judges(t testing.TB, x *export.Export) map[string]*judge {
	t.Helper()
	found := make(map[string]*judge)
	for i, document := range written(t, x) {
		if o := x.Objects[i]; o.Kind == "ValidatingAdmissionPolicy" {
			found[strings.TrimPrefix(o.Metadata.Name, "landwaiter-")] = newJudge(t, document)
		}
	}
	return found
}
