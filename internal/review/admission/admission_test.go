package admission

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"go.yaml.in/yaml/v3"
)

// object reads YAML as JSON has it.
func object(t testing.TB, text string) map[string]any {
	t.Helper()
	if text == "" {
		return nil
	}
	o, err := manifests.NewObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	value, ok := kubeapi.Value(o.Field().Node()).(map[string]any)
	if !ok {
		t.Fatalf("%q is no object", text)
	}
	return value
}

const web = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "ghcr.io/acme/web:1.2", ports: [{containerPort: 8080}], resources: {limits: {memory: 1Gi}}}
`

func deployment(t testing.TB, object, old map[string]any) *Request {
	t.Helper()
	operation := Create
	if old != nil {
		operation = Update
	}
	return NewRequest(Subject{APIVersion: "apps/v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web",
		Object: object, Old: old, Operation: operation, AsStored: true})
}

func one(expression string) *Policy {
	return &Policy{Params: true, Validations: []Validation{{Expression: expression}}}
}

// TestEvaluate holds a deployment, as the API server sees it, against single expressions.
func TestEvaluate(t *testing.T) {
	t.Parallel()
	old := strings.Replace(web, "spec:\n", "spec:\n  replicas: 3\n", 1)
	tests := []struct{ expression, want string }{
		{`object.spec.replicas == 1`, ""},
		{`oldObject.spec.replicas == 3 && request.operation == 'UPDATE'`, ""},
		{`object.spec.replicas >= oldObject.spec.replicas`, "denied"},
		{`object.metadata.labels.team == 'shop'`, "no such key: team"},
		{`'team' in object.metadata.labels`, "denied"},
		{`has(object.spec.template.spec.containers[0].resources)`, ""},
		{`object.spec.template.spec.containers.all(c, c.imagePullPolicy == 'IfNotPresent' && c.ports[0].protocol == 'TCP')`, ""},
		{`quantity(object.spec.template.spec.containers[0].resources.limits.memory).isLessThan(quantity('2Gi'))`, ""},
		{`has(object.spec.template.spec.nodeName)`, "denied"},
		{`object.spec.strategy.rollingUpdate.maxSurge == '25%'`, ""},
		{`object.spec.template.spec.securityContext.?runAsNonRoot.orValue(false) == true`, "denied"},
		{`namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'shop' && namespaceObject.metadata.labels.tier == 'gold'`, ""},
		{`params.max >= 5 && request.kind.kind == 'Deployment' && request.resource.resource == 'deployments'`, ""},
		{`request.name == 'web' && request.namespace == 'shop'`, ""},
		{`object.metadata.name.matches('^(a+)+$')`, "denied"},
		{`request.userInfo.username == 'root'`, "unknown"},
		{`authorizer.group('').resource('pods').check('create').allowed()`, "unknown"},
		{`object.spec.template.spec.containers.all(c, 'authorizer' != c.name)`, ""},
	}
	for _, test := range tests {
		program, mistakes := NewCompiler(36).Compile(one(test.expression))
		if mistakes != nil {
			t.Errorf("%s: %v", test.expression, mistakes)
			continue
		}
		out := program.Evaluate(deployment(t, object(t, web), object(t, old)), Around{
			Namespace: ReadNamespace("shop", object(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {tier: gold}}}")),
			Params:    object(t, "{apiVersion: v1, kind: Limits, max: 5}")})
		got := ""
		switch {
		case len(out.Unknown) > 0:
			got = "unknown"
		case len(out.Denials) > 0 && out.Denials[0].Failure != "":
			got = out.Denials[0].Failure
		case len(out.Denials) > 0:
			got = "denied"
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.expression, got, test.want)
		}
	}
}

// TestConditionsAndMessages evaluates the parts of a policy together.
func TestConditionsAndMessages(t *testing.T) {
	t.Parallel()
	p := &Policy{
		Variables:   []Named{{"containers", "object.spec.template.spec.containers"}, {"names", "variables.containers.map(c, c.name)"}},
		Conditions:  []Named{{"not-nodes", "!('system:nodes' in request.userInfo.groups)"}, {"named", "object.metadata.name != 'skipped'"}},
		Validations: []Validation{{"variables.names.size() > 1", "too few", "'only ' + variables.names.join(',')"}, {"false", "plain\nmessage", "string(1/0)"}, {"false", "", ""}},
		Annotations: []Named{{"note", "string(object.metadata.missing)"}},
	}
	program, mistakes := NewCompiler(36).Compile(p)
	if mistakes != nil {
		t.Fatal(mistakes)
	}
	out := program.Evaluate(deployment(t, object(t, web), nil), Around{})
	want := []Denial{{Index: 0, Message: "only web"}, {Index: 1, Message: "plain message"}, {Index: 2}, {Index: -1, Failure: "auditAnnotations[0].valueExpression: no such key: missing", Always: true}}
	if fmt.Sprint(out.Denials) != fmt.Sprint(want) || out.Cost == 0 {
		t.Errorf("got %+v of cost %d, want %+v", out.Denials, out.Cost, want)
	}
	skipped := object(t, web)
	skipped["metadata"].(map[string]any)["name"] = "skipped"
	if out := program.Evaluate(deployment(t, skipped, nil), Around{}); len(out.Denials) > 0 {
		t.Errorf("the condition is false, and still: %+v", out.Denials)
	}
	p.Lenient = true
	program, _ = NewCompiler(36).Compile(p)
	if out := program.Evaluate(deployment(t, object(t, web), nil), Around{}); len(out.Denials) != 3 {
		t.Errorf("a lenient policy: %+v", out.Denials)
	}
}

// TestMistakes finds each expression that does not compile, with its place.
func TestMistakes(t *testing.T) {
	t.Parallel()
	p := &Policy{Validations: []Validation{{"object.x ==\n  = 1", "", ""}, {"1 + 1", "", ""}, {"true", "", "1"}, {"params.x", "", ""}, {"true", "", "string(authorizer.group('').resource('pods').check('get').allowed())"}, {"semver('1.0.0') == semver('1.0.0')", "", ""}}}
	_, mistakes := NewCompiler(30).Compile(p)
	text := fmt.Sprint(mistakes)
	for _, want := range []string{"validations[0].expression 2 3", "validations[1].expression 0 0 must evaluate to bool", "validations[2].messageExpression", "undeclared reference to 'params'", "undeclared reference to 'authorizer'", "undeclared reference to 'semver'"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	if _, mistakes := NewCompiler(36).Compile(one(strings.Repeat("true && ", 20_000) + "true")); len(mistakes) != 1 {
		t.Errorf("a policy that is too large: %v", mistakes)
	}
}

// TestCheckTypes finds fields and types that a kind does not have.
func TestCheckTypes(t *testing.T) {
	t.Parallel()
	schema := kubeapi.For(36).Schema("apps/v1", "Deployment")
	tests := []struct{ expression, want string }{
		{`object.spec.replicas > 1 && oldObject.spec.paused`, ""},
		{`object.spec.replica > 1`, "undefined field 'replica'"},
		{`object.spec.replicas == '1'`, "no matching overload"},
		{`object.spec.template.spec.containers.all(c, c.securityContext.privileged != true)`, ""},
		{`object.spec.template.spec.containers.all(c, c.privileged)`, "undefined field 'privileged'"},
		{`object.metadata.labels['a'] == 'b' && object.metadata.annotations.x == 'y'`, ""},
		{`object.spec.template.spec.containers[0].ports[0].containerPort == 80 && object.spec.strategy.rollingUpdate.maxSurge == 1`, ""},
		{`has(object.spec.template.spec.volumes[0].hostPath.path) && namespaceObject.metadata.name == params.x`, ""},
		{`object.spec.template.spec.containers[0].resources.limits['memory'] == '1Gi'`, ""},
	}
	for _, test := range tests {
		mistakes, err := NewCompiler(36).CheckTypes(one(test.expression), schema)
		if err != nil {
			t.Fatal(err)
		}
		if text := fmt.Sprint(mistakes); test.want == "" && len(mistakes) > 0 || !strings.Contains(text, test.want) {
			t.Errorf("%s: %s, want %q", test.expression, text, test.want)
		}
	}
	for _, kind := range []string{"CustomResourceDefinition", "Ingress", "Job", "Secret", "NetworkPolicy", "HorizontalPodAutoscaler"} {
		for _, k := range kubeapi.For(36).Named(kind) {
			if mistakes, err := NewCompiler(36).CheckTypes(one("object.metadata.name != ''"), kubeapi.For(36).Schema(k.APIVersion, kind)); err != nil || len(mistakes) > 0 {
				t.Errorf("%s: %v %v", kind, mistakes, err)
			}
		}
	}
}

// TestCostLimit ends what would take long.
func TestCostLimit(t *testing.T) {
	t.Parallel()
	list := "[0,1,2,3,4,5,6,7,8,9]"
	program, mistakes := NewCompiler(36).Compile(one(strings.Repeat(list+".all(x, ", 8) + "true" + strings.Repeat(")", 8)))
	if mistakes != nil {
		t.Fatal(mistakes)
	}
	out := program.Evaluate(deployment(t, object(t, web), nil), Around{})
	if len(out.Denials) != 1 || out.Denials[0].Failure == "" {
		t.Errorf("got %+v", out.Denials)
	}
}

// TestGuards refuses calls that would take all memory or hours, before they are made, and makes all others as ever.
func TestGuards(t *testing.T) {
	t.Parallel()
	double := func(text string) string { return text + strings.Repeat(".map(a, a + a)", 60) }
	long := strings.Repeat("x", 20_000)
	refused := []string{
		`'` + long + `'.replace('x', '` + long + `').size() > 0`,
		`'x'.replace('', '` + long + `', 9).replace('', '` + long + `').size() > 0`,
		`lists.range(9000).map(x, 'a').join('` + long + `').size() > 0`,
		double(`[[1, 2]]`) + `[0].size() > 0`,
		double(`[['a']]`) + `[0].join() != ''`,
		`quantity('1e999999999').isGreaterThan(quantity('1'))`, `isQuantity('1e-999999999')`,
		`sets.contains(lists.range(900000), lists.range(900000))`, `lists.range(900000).distinct().size() > 0`,
		`[lists.range(9000)].map(a, a.map(b, a)).map(a, a.map(b, a))[0].flatten().size() > 0`,
		`lists.range(300000).map(x, x).map(x, x).size() > 0`,
		`dyn([lists.range(9000)].map(a, a.map(b, a))[0]) == [[1]]`,
	}
	for _, expression := range refused {
		if out := outcomeOf(t, expression); len(out.Denials) != 1 || out.Denials[0].Failure == "" {
			t.Errorf("%.80s: %+v", expression, out.Denials)
		}
	}
	for _, expression := range []string{
		`'a-b-c'.replace('-', '+') == 'a+b+c' && 'a-b-c'.replace('-', '+', 1) == 'a+b-c' && 'ab'.replace('', '-') == '-a-b-'`,
		`['a', 'b'].join() == 'ab' && ['a', 'b'].join(',') == 'a,b' && object.metadata.name.split('').join('.') == 'w.e.b'`,
		`'%s is %d, %.1f'.format([object.metadata.name, 1, 2.5]) == 'web is 1, 2.5'`,
		`[1] + [2, 3] == [1, 2, 3] && 'a' + 'b' == 'ab' && 1 + 2 == 3 && duration('1s') + duration('2s') == duration('3s')`,
		`object.spec.template.spec.containers + [] == object.spec.template.spec.containers && (object.spec.template.spec.containers + [1]).size() == 2`,
		`quantity('1Gi').add(quantity('1e3')).isGreaterThan(quantity('1Gi')) && isQuantity('1e3') && !isQuantity('x')`,
		`'web' in object.metadata.labels.map(k, object.metadata.labels[k]) && !(object.metadata.name in ['a', 'b']) && 'app' in object.metadata.labels`,
		`sets.contains([1, 2], [2]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 1], [1]) && [[1], [2]].flatten() == [1, 2]`,
		`[2, 1].sort() == [1, 2] && [1, 1].distinct() == [1] && [1, 2].indexOf(2) == 1 && 'abc'.indexOf('c') == 2 && 'abca'.lastIndexOf('a') == 3`,
		`object.metadata.name != 'other' && object == object && object.spec.replicas == 1 && dyn('1') != 1`,
		`object.metadata.?name.orValue('') == 'web' && object.metadata.?missing == optional.none()`,
	} {
		if out := outcomeOf(t, expression); len(out.Denials) != 0 {
			t.Errorf("%s: %+v", expression, out.Denials)
		}
	}
}

func outcomeOf(t *testing.T, expression string) Outcome {
	t.Helper()
	program, mistakes := NewCompiler(36).Compile(one(expression))
	if mistakes != nil {
		t.Fatalf("%.80s: %v", expression, mistakes)
	}
	return program.Evaluate(deployment(t, object(t, web), nil), Around{})
}

// FuzzCompile compiles and evaluates expressions that anybody may have written.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{"object.spec.replicas > 1", "object.spec.template.spec.containers.all(c, c.image.startsWith('x'))", "[1,2].map(x, x * 2) == [2,4]",
		"object.metadata.name.matches('(a|b)+')", "variables.a.b", "params.x[0].?y.orValue(dyn(null)) == 1", "cel.bind(x, object, x == oldObject)"} {
		f.Add(seed)
	}
	compiler := NewCompiler(36)
	f.Fuzz(func(t *testing.T, expression string) {
		p := one(expression)
		p.Validations[0].MessageExpression = expression
		program, mistakes := compiler.Compile(p)
		if (program == nil) == (len(mistakes) == 0) {
			t.Fatalf("%q: %v %v", expression, program, mistakes)
		}
		if program != nil {
			program.Evaluate(deployment(t, object(t, web), nil), Around{})
		}
	})
}

// FuzzFillIn fills in objects of any shape.
func FuzzFillIn(f *testing.F) {
	f.Add(web)
	f.Add("{apiVersion: v1, kind: Secret, stringData: {a: b}, data: 1}")
	f.Add("{apiVersion: v1, kind: Service, spec: {ports: [1, {port: x}]}}")
	f.Add("{apiVersion: apps/v1, kind: StatefulSet, spec: {updateStrategy: [], template: 1}}")
	program, _ := NewCompiler(36).Compile(one("object.metadata.name != '' && has(object.spec)"))
	f.Fuzz(func(t *testing.T, text string) {
		var node yaml.Node
		if yaml.Unmarshal([]byte(text), &node) != nil {
			return
		}
		o, err := manifests.NewObject([]byte(text))
		if err != nil {
			return
		}
		value, ok := kubeapi.Value(o.Field().Node()).(map[string]any)
		if !ok {
			return
		}
		if _, err := json.Marshal(value); err != nil {
			return // infinities and the like, which no API server has
		}
		s := Subject{APIVersion: o.APIVersion, Kind: o.Kind, Resource: "things", Name: o.Name, Object: value, Operation: Create, AsStored: true}
		program.Evaluate(NewRequest(s), Around{})
		if _, err := json.Marshal(value); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	c := NewCompiler(36)
	for range b.N {
		if _, mistakes := c.Compile(one("object.spec.replicas > 1")); mistakes != nil {
			b.Fatal(mistakes)
		}
	}
}

func BenchmarkCheckTypes(b *testing.B) {
	schema := kubeapi.For(36).Schema("apps/v1", "Deployment")
	for range b.N {
		if _, err := NewCompiler(36).CheckTypes(one("object.spec.replicas > 1"), schema); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	program, _ := NewCompiler(36).Compile(one("object.spec.template.spec.containers.all(c, c.image.startsWith('ghcr.io/'))"))
	r := deployment(b, object(b, web), nil)
	for range b.N {
		program.Evaluate(r, Around{})
	}
}
