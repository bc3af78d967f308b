package rules_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

// secretValues are planted in secretRepository in several ways. None of them may come out again.
var secretValues = []string{
	"Tr0ub4dor-and-3", "VHIwdWI0ZG9yLWFuZC0z", "kJ8#mQ2!vX9z", "AKIAYRWQG5EJLPZLBYNP", "8dyfuiRyq0vVc3RRredRkfK1JItpZ", "hunter2pass",
	"a2V5IG9mIGVpZ2h0IGFuZCB0d2VudHkgYnl0ZXMhISE=",
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
`

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
