package policy

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// compiled is the published schema of the test's rules.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema(catalogue())
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("policy.json", value); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("policy.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asJSON is what an editor makes of YAML before it holds it against a schema.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	value, err = jsonschema.UnmarshalJSON(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// everyKey is a policy in which every key of the format is given.
const everyKey = `
kubernetes: "1.34"
helm: 4
profile: restricted
rules:
  privileged: {level: warning}
  image-digest: off
  low-uid: {minimum: 20000, ratio: 1.5, strict: true, mode: forbid, names: [a], span: {max: x}}
images:
  allow: [ghcr.io/acme/**, docker.io/library/*]
  deny: [docker.io/library/centos, "**/*-debug"]
  platforms: [linux/amd64, linux/arm64]
  registries:
    - {host: "registry.internal:5000", private: true, plainHTTP: true, realms: [auth.internal], owners: [acme]}
  mirrors: [{from: mirror.internal/hub/**, to: docker.io/**}]
  trustedRoot: keys/trusted_root.json
  verify:
    - match: ghcr.io/acme/**
      signature: {issuer: "https://token.actions.githubusercontent.com", subject: "https://github.com/acme/*/.github/workflows/release.yaml@refs/heads/main"}
      provenance: {builder: "https://github.com/actions/runner/*", source: github.com/acme/*, ref: refs/heads/main, buildType: "https://actions.github.io/buildtypes/workflow/v1"}
      sbom: required
      scan: {maxAge: 168h, failOn: critical}
      index: all
    - {match: quay.io/vendor/**, signature: {key: keys/vendor.pub}}
    - {match: quay.io/vendors/**, signature: {key: [keys/a.pub, keys/b.pub], keys: [{file: keys/c.pub, from: "2025-01-01", until: "2026-06-30"}], threshold: 2}}
    - {match: quay.io/notary/**, signature: {notation: {certificates: [keys/ca.pem], identities: ["x509.subject: C=US, ST=WA, O=Acme"]}}}
  moving: [stable]
  fields: [{kind: Widget.example.com, path: spec.image, tag: tag}]
roots:
  include: [clusters/**, apps/**]
  ignore: [archive/**]
  kops: [{template: kops/cluster.tmpl.yaml, values: [kops/default.yaml], snippets: kops/snippets}]
  helm: [{chart: charts/web, values: [charts/web/values-prod.yaml], release: web, namespace: web}]
exemptions:
  - {rule: privileged, object: DaemonSet/logging/fluent-bit, root: clusters/**, reason: reads node logs, until: "2027-03-31", by: "@acme/ops"}
annotations: true
workloads: [{kind: Runner.acme.example, path: spec.template}]
charts: {allow: ["registry-1.docker.io/bitnamicharts/**", "https://prometheus-community.github.io/helm-charts"], verify: [{match: "https://charts.example.com", keyring: keys/charts.asc}]}
bases: {allow: [github.com/acme/**]}
gate: {failOn: warning, onIndeterminate: warn, onRenderFailure: warn}
checks: [images, manifests, render]
comments: {max: 10, summary: true}
acknowledge:
  - {rules: [low-uid, "image-*"], by: ["@acme/security"], notAuthor: true}
lock: [gate.failOn, images, rules.privileged]
ownRules:
  - id: acme-size
    level: warning
    kinds: [Deployment.apps]
    variables: [{name: most, expression: int(params.most)}]
    expression: object.spec.replicas <= variables.most
    message: too many replicas
    messageExpression: '"more replicas than " + string(variables.most)'
    field: spec.replicas
    detail: They cost money.
    params: {most: 5}
    good: [{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 5}}]
    bad: [{object: {apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 6}}}]
`

// TestEveryKey holds that a policy with every key is read whole, and that the schema agrees.
func TestEveryKey(t *testing.T) {
	p, err := Load(catalogue(), Layer{"p.yaml", []byte(everyKey)})
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled(t).Validate(asJSON(t, everyKey)); err != nil {
		t.Error(err)
	}
	value := reflect.ValueOf(*p)
	for i := range value.NumField() {
		name := value.Type().Field(i).Name
		if name != "Gate" && value.Field(i).IsZero() {
			t.Errorf("the policy's %s is not read", name)
		}
	}
	if p.Gate != (review.Gate{FailOn: review.Warning}) || p.Exemptions[0].Root != "clusters/**" || p.Images.Verify[1].Content == nil {
		t.Errorf("gate %+v, exemption %+v, verify %+v", p.Gate, p.Exemptions[0], p.Images.Verify)
	}
	checkGiven(t, reflect.TypeFor[document](), asJSON(t, everyKey), "")
}

// checkGiven holds that everyKey lives up to its name.
func checkGiven(t *testing.T, typ reflect.Type, value any, name string) {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct {
		all := make(map[string]any)
		for _, item := range value.([]any) {
			for key, v := range item.(map[string]any) {
				if before, ok := all[key].(map[string]any); ok {
					maps.Copy(before, v.(map[string]any))
				} else if all[key] == nil {
					all[key] = v
				}
			}
		}
		typ, value = typ.Elem(), all
	}
	if typ.Kind() != reflect.Struct || typ == nodeType {
		return
	}
	for _, f := range fieldsOf(typ) {
		below := value.(map[string]any)[f.key]
		if below == nil {
			t.Errorf("everyKey lacks %s", join(name, f.key))
			continue
		}
		if below != nil {
			checkGiven(t, f.typ, below, join(name, f.key))
		}
	}
}

// TestSchemaRefuses holds that the schema finds the mistakes that a schema can find.
func TestSchemaRefuses(t *testing.T) {
	schema := compiled(t)
	for _, text := range []string{"profil: x", "kubernetes: 1.30", "helm: 5", "profile: strict", "rules: {nothing: off}", "rules: {privileged: fatal}",
		"rules: {privileged: {minimum: 3}}", "rules: {low-uid: {minimum: many}}", "images: {allow: x}", "images: {verify: [{sbom: required}]}",
		"exemptions: [{rule: privileged, object: Pod/a, until: '2027-01-01'}]", "gate: {failOn: fatal}", "checks: [x]", "acknowledge: [{rules: [low-uid], by: []}]",
		"comments: {max: 101}", "comments: {max: many}", "lock: gate"} {
		if schema.Validate(asJSON(t, text)) == nil {
			t.Errorf("the schema accepts %s", text)
		}
	}
}

// TestDescribed holds that every key says what it is for.
func TestDescribed(t *testing.T) {
	var check func(typ reflect.Type, name string)
	check = func(typ reflect.Type, name string) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ == nodeType {
			return
		}
		for _, f := range fieldsOf(typ) {
			if !strings.HasSuffix(f.doc, ".") {
				t.Errorf("%s: %q is no sentence", join(name, f.key), f.doc)
			}
			check(f.typ, join(name, f.key))
		}
	}
	check(reflect.TypeFor[document](), "")
	var reference strings.Builder
	if err := Reference(&reference, catalogue()); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"| `images.verify[].scan.maxAge` |", "| `low-uid` | `minimum` | `10000` |", "| `low-uid` | `names` | none |"} {
		if !strings.Contains(reference.String(), row) {
			t.Errorf("the reference lacks %s:\n%s", row, reference.String())
		}
	}
}

// TestStarter holds that what policy init prints is a valid policy, whatever the repository uses.
func TestStarter(t *testing.T) {
	for _, used := range []review.Survey{
		{KubeVersion: "1.36", InSixMonths: "2027-01-01"},
		{KubeVersion: "1.36", InSixMonths: "2027-01-01", Roots: 3, Images: []string{"nginx", "ghcr.io/acme/web:1", "ghcr.io/acme/api", "UPPER", "a b", "$(IMAGE)", "localhost:5000/x@sha256:bad", "k8s.gcr.io/pause", "\n- evil", "1.2.3.4:80/a/b/c"},
			Charts: []string{"https://charts.example/stable", "ghcr.io/acme/**", "x\n- evil: y"}, Bases: []string{"github.com/acme/**"}},
	} {
		text := Starter(used)
		p, err := Load(catalogue(), Layer{"p.yaml", []byte(text)})
		if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		if p.Kubernetes != "1.36" || p.Profile != "recommended" || p.Gate.FailOn != review.Error {
			t.Errorf("starter is read as %+v", p)
		}
		if len(used.Images) > 0 && !strings.Contains(text, "- ghcr.io/acme/*\n") || strings.Contains(text, "\n- evil") {
			t.Errorf("starter allows what it should not, or not what it should:\n%s", text)
		}
		if len(used.Bases) > 0 {
			fetching := strings.NewReplacer("#     - \"x\\n- evil: y\"\n", "", "# charts:\n#   ", "charts:\n  ", "# bases:\n#   ", "bases:\n  ", "#     - \"", "    - \"").Replace(text)
			if p, err := Load(catalogue(), Layer{"p.yaml", []byte(fetching)}); err != nil || len(p.Charts.Allow) != 2 || len(p.Bases.Allow) != 1 {
				t.Errorf("what it proposes is no policy: %v\n%s", err, fetching)
			}
		}
		uncommented := strings.ReplaceAll(strings.ReplaceAll(text, "# exemptions:", "exemptions:"), "#   ", "    ")
		if !strings.Contains(uncommented, "until: 2027-01-01") {
			t.Errorf("the example of an exemption has no end:\n%s", text)
		}
	}
}
