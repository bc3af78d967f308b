package kustomize

import (
	"context"
	"fmt"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// small makes n applications, each a base with an overlay.
func small(n int) map[string][]byte {
	files := map[string][]byte{}
	for i := range n {
		app := fmt.Sprintf("apps/app%d", i)
		files[app+"/base/kustomization.yaml"] = []byte("resources: [web.yaml, service.yaml]\n")
		files[app+"/base/web.yaml"] = fmt.Appendf(nil, "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app%d\nspec:\n  replicas: 1\n  selector:\n    matchLabels: {app: app%d}\n  template:\n    metadata:\n      labels: {app: app%d}\n    spec:\n      containers:\n      - name: web\n        image: nginx:1.25\n        ports: [{containerPort: 80}]\n        resources:\n          limits: {memory: 64Mi}\n", i, i, i)
		files[app+"/base/service.yaml"] = fmt.Appendf(nil, "apiVersion: v1\nkind: Service\nmetadata:\n  name: app%d\nspec:\n  selector: {app: app%d}\n  ports: [{port: 80}]\n", i, i)
		files[app+"/prod/kustomization.yaml"] = []byte("resources: [../base]\nnamespace: prod\nimages:\n- {name: nginx, newTag: '1.26'}\npatches:\n- path: patch.yaml\n")
		files[app+"/prod/patch.yaml"] = fmt.Appendf(nil, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app%d}\nspec:\n  replicas: 3\n  template: {spec: {containers: [{name: web, env: [{name: A, value: b}]}]}}\n", i)
	}
	return files
}

// BenchmarkSmall renders 100 small overlays, plain and with lines.
func BenchmarkSmall(b *testing.B) {
	tree := memory(b, small(100))
	for _, lines := range []bool{false, true} {
		b.Run(fmt.Sprintf("lines=%v", lines), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for i := range 100 {
					root := manifests.Root{Dir: fmt.Sprintf("apps/app%d/prod", i)}
					if _, err := New(nil).Render(context.Background(), tree, root, manifests.Settings{Lines: lines}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkCorpus renders the largest root of the corpus, plain and with lines.
func BenchmarkCorpus(b *testing.B) {
	tree, err := source.OpenDir(corpus(b)+"/argo-cd", source.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	defer tree.Close()
	for _, lines := range []bool{false, true} {
		b.Run(fmt.Sprintf("lines=%v", lines), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := New(nil).Render(context.Background(), tree, manifests.Root{Dir: "manifests/cluster-install"}, manifests.Settings{Lines: lines}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
