package helm_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm"
)

// BenchmarkRender renders charts of the corpus with and without lines; "engine" is Helm's SDK alone on the same chart.
func BenchmarkRender(b *testing.B) {
	wanted := map[string]bool{"ingress-nginx": true, "argo-workflows": true, "prometheus-node-exporter": true}
	for _, s := range corpus(b) {
		name := filepath.Base(s.dir)
		if s.values != "" || !wanted[name] {
			continue
		}
		tree := treeAt(s.repo)
		for _, lines := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/lines=%t", name, lines), func(b *testing.B) {
				for b.Loop() {
					settings := manifests.Settings{KubeVersion: testKubeVersion, Lines: lines}
					if _, err := helm.New().Render(context.Background(), tree, s.root(), settings); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(name+"/engine", func(b *testing.B) {
			for b.Loop() {
				if _, err := reference(s, 4); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
