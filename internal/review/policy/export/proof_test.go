package export_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/landwaiter/landwaiter/internal/review/policy/export"
	yamlv3 "go.yaml.in/yaml/v3"
)

func publicKey(t testing.TB) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

const proving = `images:
  allow: [ghcr.io/acme/**, quay.io/vendor/*, docker.io/**]
  platforms: [linux/amd64]
  mirrors: [{from: mirror.internal/acme/**, to: ghcr.io/acme/**}]
  verify:
    - match: ghcr.io/acme/**
      signature: {issuer: "https://token.actions.githubusercontent.com", subject: "https://github.com/acme/*/.github/workflows/release.yaml@refs/heads/main"}
      provenance: {builder: "https://github.com/acme/*/.github/workflows/release.yaml@refs/heads/main", source: github.com/acme/*, ref: refs/heads/main}
      sbom: required
      scan: {maxAge: 168h, failOn: critical}
    - match: docker.io/library/app
      signature: {key: [a.pub, b.pub, c.pub], threshold: 2}
    - match: quay.io/vendor/*
      signature: {keys: [{file: a.pub, from: 2027-01-01}, {file: b.pub, until: 2027-01-01}]}
`

// clusterImagePolicy has the fields of policy-controller's v1beta1, as far as they are used.
type clusterImagePolicy struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct {
		Name   string
		Labels map[string]string
	}
	Spec struct {
		Mode        string
		Images      []struct{ Glob string }
		Authorities []struct {
			Name            string
			SignatureFormat string `yaml:"signatureFormat"`
			Static          *struct{ Action, Message string }
			Key             *struct{ Data string }
			Keyless         *struct {
				URL          string
				TrustRootRef string `yaml:"trustRootRef"`
				Identities   []struct {
					Issuer, Subject string
					IssuerRegExp    string `yaml:"issuerRegExp"`
					SubjectRegExp   string `yaml:"subjectRegExp"`
				}
			}
			CTLog *struct {
				URL          string
				TrustRootRef string `yaml:"trustRootRef"`
			} `yaml:"ctlog"`
			RFC3161Timestamp *struct {
				TrustRootRef string `yaml:"trustRootRef"`
			} `yaml:"rfc3161timestamp"`
			Attestations []struct {
				Name          string
				PredicateType string `yaml:"predicateType"`
				Policy        *struct{ Type, Data string }
			}
		}
		Policy *struct{ Type, Data string }
	}
}

func imagePolicies(t *testing.T, text string, files map[string]string) (map[string]clusterImagePolicy, *export.Export) {
	t.Helper()
	x := exported(t, text, files, export.Options{Targets: []export.Target{export.Sigstore}})
	found := make(map[string]clusterImagePolicy)
	for i, document := range written(t, x) {
		if x.Objects[i].Kind != "ClusterImagePolicy" {
			continue
		}
		var p clusterImagePolicy
		decoder := yamlv3.NewDecoder(bytes.NewReader(document))
		decoder.KnownFields(true)
		if err := decoder.Decode(&p); err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
		found[p.Metadata.Name] = p
	}
	return found, x
}

// TestSigstore holds what policy-controller is told against what the policy says.
func TestSigstore(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a.pub": publicKey(t), "b.pub": publicKey(t), "c.pub": publicKey(t)}
	all, x := imagePolicies(t, proving, files)
	if len(all) != 6 {
		t.Errorf("%d policies, want one for each kind of proof of each entry", len(all))
	}
	first := all["landwaiter-1-signature"].Spec
	if len(first.Images) != 2 || first.Images[0].Glob != "ghcr.io/acme/**" || first.Images[1].Glob != "mirror.internal/acme/**" || first.Mode != "enforce" {
		t.Errorf("images %v, mode %s", first.Images, first.Mode)
	}
	for _, a := range first.Authorities {
		who := a.Keyless.Identities[0]
		if a.Keyless.URL != "https://fulcio.sigstore.dev" || a.CTLog.URL != "https://rekor.sigstore.dev" || who.Issuer != "https://token.actions.githubusercontent.com" ||
			who.SubjectRegExp != `^https://github\.com/acme/[^/]+/\.github/workflows/release\.yaml@refs/heads/main$` {
			t.Errorf("authority %+v", a)
		}
	}
	provenance := all["landwaiter-1-provenance"].Spec.Authorities
	if len(provenance) != 4 { // two formats of two versions
		t.Fatalf("%d authorities", len(provenance))
	}
	if a := provenance[0].Attestations[0]; a.PredicateType != "https://slsa.dev/provenance/v1" || a.Policy.Type != "rego" || !strings.Contains(a.Policy.Data, "regex.match(`^refs/heads/main$`, w.ref)") {
		t.Errorf("attestation %+v", a)
	}
	second := all["landwaiter-2-signature"].Spec
	if second.Images[0].Glob != "index.docker.io/library/app:**" || second.Images[1].Glob != "index.docker.io/library/app@**" {
		t.Errorf("globs %v", second.Images)
	}
	if len(second.Authorities) != 6 || second.Authorities[0].Key.Data != files["a.pub"] || second.Authorities[0].CTLog == nil || !strings.Contains(second.Policy.Data, "count(signed) >= 2") {
		t.Errorf("keys: %+v", second)
	}
	if third := all["landwaiter-3-signature"].Spec; len(third.Authorities) != 2 || third.Authorities[0].Key.Data != files["b.pub"] {
		t.Errorf("a key that does not count yet is exported: %+v", third)
	}
	notes := strings.Join(x.Notes, "\n")
	for _, want := range []string{"images.platforms is not exported", "The key a.pub is not exported", "days of the key b.pub", "several entries of images.verify", "policy.sigstore.dev/include"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note says %q:\n%s", want, notes)
		}
	}
}

// TestNoKeyCounts holds that an entry without a key that counts refuses, and does not vanish.
func TestNoKeyCounts(t *testing.T) {
	t.Parallel()
	all, x := imagePolicies(t, "images:\n  verify: [{match: quay.io/v/*, signature: {keys: [{file: a.pub, until: 2020-01-01}]}}]\n", map[string]string{"a.pub": publicKey(t)})
	a := all["landwaiter-1-signature"].Spec.Authorities
	if len(a) != 1 || a[0].Static == nil || a[0].Static.Action != "fail" {
		t.Errorf("%+v, %v", a, x.Notes)
	}
}

// TestTrustRoot holds that private authorities come along, and are referred to.
func TestTrustRoot(t *testing.T) {
	t.Parallel()
	block, _ := pem.Decode([]byte(publicKey(t)))
	root, err := json.Marshal(map[string]any{"tlogs": []any{map[string]any{"baseUrl": "https://rekor.internal", "hashAlgorithm": "SHA2_256", "publicKey": map[string]any{"rawBytes": block.Bytes}}}})
	if err != nil {
		t.Fatal(err)
	}
	text := "images:\n  trustedRoot: root.json\n  verify: [{match: quay.io/v/*, signature: {issuer: \"https://issuer.internal\", subject: me@example.com}}]\n"
	all, x := imagePolicies(t, text, map[string]string{"root.json": string(root)})
	if x.Objects[0].Kind != "TrustRoot" {
		t.Fatalf("objects %v", x.Objects)
	}
	document := string(written(t, x)[0])
	want := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(block))
	if !strings.Contains(document, "publicKey: "+want) || !strings.Contains(document, "hashAlgorithm: sha-256") {
		t.Errorf("the log's key is not there:\n%s", document)
	}
	if a := all["landwaiter-1-signature"].Spec.Authorities[0]; a.Keyless.TrustRootRef != "landwaiter-trusted-root" || a.RFC3161Timestamp != nil {
		t.Errorf("%+v", a)
	}
}

// registry plays the functions of Kyverno: what is signed, and what is attested.
type registry struct {
	signed   map[string]int
	payloads map[string]any // by type
}

// kyvernoJudge evaluates the policies of Kyverno on a pod; it returns the names of those that refuse it.
func kyvernoJudge(t *testing.T, x *export.Export, r registry, image string) (refused []string) {
	t.Helper()
	env := environment.MustBaseEnvSet(version.MajorMinor(1, 31)).StoredExpressionsEnv()
	env, err := env.Extend(
		cel.Variable("object", cel.MapType(cel.StringType, cel.DynType)), cel.Variable("oldObject", cel.MapType(cel.StringType, cel.DynType)), cel.Variable("request", cel.DynType),
		cel.Variable("attestors", cel.MapType(cel.StringType, cel.DynType)), cel.Variable("attestations", cel.MapType(cel.StringType, cel.StringType)), cel.Variable("variables", cel.DynType),
		cel.Function("verifyImageSignatures", cel.Overload("verify_signatures", []*cel.Type{cel.StringType, cel.ListType(cel.DynType)}, cel.IntType, cel.BinaryBinding(func(image, _ ref.Val) ref.Val {
			return types.Int(r.signed[image.Value().(string)])
		}))),
		cel.Function("verifyAttestationSignatures", cel.Overload("verify_attestations", []*cel.Type{cel.StringType, cel.StringType, cel.ListType(cel.DynType)}, cel.IntType, cel.FunctionBinding(func(args ...ref.Val) ref.Val {
			if r.payloads[args[1].Value().(string)] == nil {
				return types.NewErr("none is there")
			}
			return types.Int(1)
		}))),
		cel.Function("extractPayload", cel.Overload("extract_payload", []*cel.Type{cel.StringType, cel.StringType}, cel.DynType, cel.BinaryBinding(func(_, kind ref.Val) ref.Val {
			return types.DefaultTypeAdapter.NativeToValue(map[string]any{"predicate": r.payloads[kind.Value().(string)]})
		}))))
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range written(t, x) {
		var p struct {
			Metadata struct{ Name string }
			Spec     struct {
				Attestors    []struct{ Name string }
				Attestations []struct {
					Name   string
					Intoto struct{ Type string }
				}
				Variables   []struct{ Name, Expression string }
				Validations []struct{ Expression, Message string }
			}
		}
		if err := yamlv3.Unmarshal(document, &p); err != nil {
			t.Fatal(err)
		}
		variables, attestors, attestations := map[string]any{}, map[string]any{}, map[string]any{}
		for _, a := range p.Spec.Attestors {
			attestors[a.Name] = a.Name
		}
		for _, a := range p.Spec.Attestations {
			attestations[a.Name] = a.Intoto.Type
		}
		evaluate := func(text string) (any, error) {
			ast, issues := env.Compile(text)
			if issues.Err() != nil {
				t.Fatalf("%v", issues.Err())
			}
			program, err := env.Program(ast)
			if err != nil {
				t.Fatal(err)
			}
			out, _, err := program.Eval(map[string]any{"object": objectOf(t, podOf(image)).Object, "oldObject": nil, "variables": variables, "attestors": attestors, "attestations": attestations,
				"request": map[string]any{"operation": "CREATE", "kind": map[string]any{"kind": "Pod"}}})
			return out, err
		}
		for _, v := range p.Spec.Variables {
			out, err := evaluate(v.Expression)
			if err != nil {
				t.Fatalf("%s: %v", v.Name, err)
			}
			variables[v.Name] = out
		}
		for _, v := range p.Spec.Validations {
			if out, err := evaluate(v.Expression); err != nil || out != types.True {
				refused = append(refused, strings.TrimPrefix(p.Metadata.Name, "landwaiter-"))
				break
			}
		}
	}
	return refused
}

// TestKyverno holds that the policies of Kyverno ask for what the policy does.
func TestKyverno(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a.pub": publicKey(t), "b.pub": publicKey(t), "c.pub": publicKey(t)}
	x := exported(t, proving, files, export.Options{Targets: []export.Target{export.Kyverno}, Except: []string{"kube-system"}})
	const web, copied, self = "ghcr.io:443/acme/web:1", "mirror.internal/acme/web:1", "https://github.com/acme/web/.github/workflows/release.yaml@refs/heads/main"
	type object = map[string]any
	slsa := func(repository, ref string) object {
		return object{"buildDefinition": object{"externalParameters": object{"workflow": object{"repository": repository, "ref": ref}}}, "runDetails": object{"builder": object{"id": self}}}
	}
	scanned := func(severity string) object {
		return object{"scanner": object{"result": object{"Results": []any{object{"Target": "x"}, object{"Vulnerabilities": []any{object{"Severity": severity}}}}}}}
	}
	good := func(change func(map[string]any)) registry {
		r := registry{map[string]int{web: 1, copied: 1}, map[string]any{"https://slsa.dev/provenance/v1": slsa("https://github.com/acme/web", "refs/heads/main"),
			"https://cyclonedx.org/bom": object{"components": []any{"a"}}, "https://cosign.sigstore.dev/attestation/vuln/v1": scanned("HIGH")}}
		if change != nil {
			change(r.payloads)
		}
		return r
	}
	with := func(kind string, value any) registry { return good(func(m map[string]any) { m[kind] = value }) }
	old := func(m map[string]any) {
		delete(m, "https://slsa.dev/provenance/v1")
		m["https://slsa.dev/provenance/v0.2"] = object{"builder": object{"id": self}, "invocation": object{"configSource": object{"uri": "git+https://github.com/Acme/web.git@refs/heads/main"}}}
	}
	for _, c := range []struct {
		what, image string
		registry    registry
		refused     []string
	}{
		{"all is there", web, good(nil), nil},
		{"a copy", copied, good(nil), nil},
		{"nothing is asked for", "quay.io/other/x:1", registry{}, nil},
		{"nothing is there", web, registry{}, []string{"1-signature", "1-provenance", "1-sbom", "1-scan"}},
		{"a copy of which nothing is there", copied, registry{}, []string{"1-signature", "1-provenance", "1-sbom", "1-scan"}},
		{"SLSA 0.2", web, good(old), nil},
		{"another repository", web, with("https://slsa.dev/provenance/v1", slsa("https://github.com/evil/web", "refs/heads/main")), []string{"1-provenance"}},
		{"another ref", web, with("https://slsa.dev/provenance/v1", slsa("https://github.com/acme/web", "refs/pull/1/merge")), []string{"1-provenance"}},
		{"an empty bill", web, with("https://cyclonedx.org/bom", object{"components": []any{}}), []string{"1-sbom"}},
		{"a critical finding", web, with("https://cosign.sigstore.dev/attestation/vuln/v1", scanned("CRITICAL")), []string{"1-scan"}},
		{"a scan of another form", web, with("https://cosign.sigstore.dev/attestation/vuln/v1", object{"scanner": object{"result": object{}}}), []string{"1-scan"}},
		{"one of two keys", "app:1", registry{signed: map[string]int{"app:1": 1}}, []string{"2-signature"}},
		{"two of two keys", "app:1", registry{signed: map[string]int{"app:1": 2}}, nil},
		{"unreadable", "ghcr.io/acme/../x", good(nil), []string{"1-signature", "1-provenance", "1-sbom", "1-scan", "2-signature", "3-signature"}},
	} {
		if got := kyvernoJudge(t, x, c.registry, c.image); !slices.Equal(got, c.refused) {
			t.Errorf("%s: %v refuse, want %v", c.what, got, c.refused)
		}
	}
}
