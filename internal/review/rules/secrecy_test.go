package rules_test

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
	"github.com/landwaiter/landwaiter/internal/review/rules"
	"github.com/landwaiter/landwaiter/internal/source"
)

// secretValues are planted in secretRepository in several ways. None of them may come out again.
var secretValues = []string{
	"Tr0ub4dor-and-3", "VHIwdWI0ZG9yLWFuZC0z", "kJ8#mQ2!vX9z", "AKIAYRWQG5EJLPZLBYNP", "8dyfuiRyq0vVc3RRredRkfK1JItpZ", "hunter2pass",
	"a2V5IG9mIGVpZ2h0IGFuZCB0d2VudHkgYnl0ZXMhISE=", "q8w7e6r5t4y3u2i1", "bWluZSwgYW5kIG5vYm9keSBlbHNlJ3Mga2V5", "s.Zx81kPq0LmN4vT7yRb2cWd9e",
}

const secretRepository = `apiVersion: v1
kind: Secret
metadata:
  name: database
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"kind":"Secret","stringData":{"password":"Tr0ub4dor-and-3"}}'
data:
  password: VHIwdWI0ZG9yLWFuZC0z
stringData:
  token: 8dyfuiRyq0vVc3RRredRkfK1JItpZ
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  url: postgres://shop:Tr0ub4dor-and-3@db.internal/shop
  app.yaml: |
    smtp:
      password: "kJ8#mQ2!vX9z"
    aws: AKIAYRWQG5EJLPZLBYNP
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: me:hunter2pass@ghcr.io/acme/web:1.4.2
          args: [--api-key=8dyfuiRyq0vVc3RRredRkfK1JItpZ, --password, "kJ8#mQ2!vX9z"]
          env:
            - name: DB_PASSWORD
              value: Tr0ub4dor-and-3
---
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - aescbc: {keys: [{name: key1, secret: a2V5IG9mIGVpZ2h0IGFuZCB0d2VudHkgYnl0ZXMhISE=}]}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens: [{token: abcdef.q8w7e6r5t4y3u2i1, ttl: 0s}]
---
apiVersion: v1
kind: Secret
metadata: {name: bootstrap-token-abcdef, namespace: kube-system}
type: bootstrap.kubernetes.io/token
stringData: {token-id: abcdef, token-secret: q8w7e6r5t4y3u2i1}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: node}
data:
  join.yaml: |
    apiVersion: kubeadm.k8s.io/v1beta4
    kind: JoinConfiguration
    discovery:
      bootstrapToken: {token: abcdef.q8w7e6r5t4y3u2i1, unsafeSkipCAVerification: true}
  kubeconfig: |
    kind: Config
    users: [{name: me, user: {client-key-data: bWluZSwgYW5kIG5vYm9keSBlbHNlJ3Mga2V5}}]
  vault.sh: vault server -dev -dev-root-token-id=s.Zx81kPq0LmN4vT7yRb2cWd9e
`

// TestNoOutputShowsKeys holds that no way of writing a report of a change repeats a key: not where it is added, changed
// or gone, in objects of its own and in texts, with the source at hand. ConfigMaps and workloads whose values are no
// keys by their place are shown as they are, so that they are left out here.
func TestNoOutputShowsKeys(t *testing.T) {
	documents := strings.Split(secretRepository, "---\n")
	documents = append(append([]string{}, documents[0]), documents[3:]...)
	all := []byte(strings.Join(documents, "---\n"))
	other := []byte(strings.NewReplacer("blue", "red", "q8w7e6r5t4y3u2i1", "i1u2y3t4r5e6w7q8", "ttl: 0s", "ttl: 24h0m0s", "[secrets]", "[secrets, configmaps]",
		"ISE=", "ISI=").Replace(string(all)))
	values := append([]string{"i1u2y3t4r5e6w7q8", "a2V5IG9mIGVpZ2h0IGFuZCB0d2VudHkgYnl0ZXMhISI="}, secretValues...)
	values = slices.DeleteFunc(values, func(v string) bool {
		isExample := func(r *review.Rule) bool { return strings.Contains(r.Doc, v) }
		return strings.HasPrefix(v, "s.Zx") || slices.ContainsFunc(rules.All(), isExample)
	})
	for name, sides := range map[string][2][]byte{"changed": {other, all}, "added": {nil, all}, "removed": {all, nil}} {
		written := everyOutput(t, sides[0], sides[1])
		for form, text := range written {
			for _, value := range values {
				if i := strings.Index(text, value); i >= 0 {
					t.Errorf("%s, %s: shows %s in %q", name, form, value, text[max(0, i-200):i+len(value)])
				}
			}
		}
		if name == "changed" && !strings.Contains(written["json"], "*** (changed)") {
			t.Errorf("the difference does not say that values changed: %s", written["json"])
		}
	}
}

// everyOutput reviews a change of one file and writes the report in every form.
func everyOutput(t *testing.T, before, after []byte) map[string]string {
	t.Helper()
	fixture := reviewtest.Fixture{Base: map[string][]byte{"other.txt": nil}, Head: map[string][]byte{"other.txt": nil}}
	if before != nil {
		fixture.Base["all.yaml"] = before
	}
	if after != nil {
		fixture.Head["all.yaml"] = after
	}
	change, err := fixture.Change()
	if err != nil {
		t.Fatal(err)
	}
	lab := newLab()
	policy, err := lab.Policy([]byte("profile: everything\n"))
	if err != nil {
		t.Fatal(err)
	}
	engine := &review.Engine{Renderer: lab.Renderer, Rules: lab.Rules, Now: time.Now}
	result, err := engine.Review(t.Context(), change, policy, review.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &report.Report{Result: result, Rules: lab.Rules, Policy: policy, Source: func(string) []byte { return after }}
	written := map[string]string{"difference": report.Difference(r, 1<<20), "summary": report.Summary(r)}
	for form, write := range map[string]func(io.Writer, *report.Report) error{
		"json": report.JSON, "sarif": report.SARIF, "markdown": report.Markdown, "workflow": report.Workflow,
		"text": func(w io.Writer, r *report.Report) error { return report.Text(w, r, false) },
	} {
		var out strings.Builder
		if err := write(&out, r); err != nil {
			t.Fatal(err)
		}
		written[form] = out.String()
	}
	publication, err := json.Marshal(report.Publish(r, report.PublicationOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	written["publication"] = string(publication)
	return written
}

// TestNoRuleShowsSecrets holds that no finding of any rule repeats a secret's value, in whatever field.
func TestNoRuleShowsSecrets(t *testing.T) {
	lab := newLab()
	tree, err := source.Memory(map[string][]byte{"all.yaml": []byte(secretRepository)}, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := lab.Policy([]byte("profile: everything\nimages: {allow: [ghcr.io/acme/**]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	engine := &review.Engine{Renderer: lab.Renderer, Rules: lab.Rules, Now: time.Now}
	result, err := engine.Review(t.Context(), &source.Change{Head: tree}, policy, review.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, f := range result.Findings {
		found[f.Rule]++
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range secretValues {
			if strings.Contains(string(text), value) {
				t.Errorf("%s shows a secret: %s", f.Rule, text)
			}
		}
	}
	for rule, least := range map[string]int{"secret-in-git": 2, "secret-in-config": 6, "image-invalid": 1, "image-registry": 1} {
		if found[rule] < least {
			t.Errorf("%s found %d of what is planted, want %d", rule, found[rule], least)
		}
	}
}
