package manifests

import (
	"context"
	"fmt"
	"testing"
)

// fleet makes a repository of n overlays over one base, each with a patch and a resource of its own.
func fleet(n int) map[string][]byte {
	files := map[string][]byte{
		"base/kustomization.yaml": []byte("resources:\n- deployment.yaml\n- service.yaml\n"),
		"base/deployment.yaml":    []byte("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"),
		"base/service.yaml":       []byte("apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n"),
	}
	for i := range n {
		dir := fmt.Sprintf("teams/t%02d/app%04d/", i%50, i)
		files[dir+"kustomization.yaml"] = []byte(fmt.Sprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: n%d\n"+
			"resources:\n- ../../../base\n- config.yaml\npatches:\n- target:\n    kind: Deployment\n    name: web\n  path: patch.yaml\nimages:\n- name: web\n  newTag: \"%d\"\n", i, i))
		files[dir+"config.yaml"] = []byte(fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c%d\n", i))
		files[dir+"patch.yaml"] = []byte(fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: %d\n", i))
	}
	return files
}

// plainFleet makes a repository of n directories with three plain manifests each.
func plainFleet(n int) map[string][]byte {
	files := map[string][]byte{}
	for i := range n {
		for j := range 3 {
			files[fmt.Sprintf("clusters/c%02d/app%04d/m%d.yaml", i%50, i, j)] = []byte(fmt.Sprintf("# %d\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c%d\n", i, j))
		}
	}
	return files
}

// BenchmarkDiscover finds the roots of repositories of 50 and of 5,000 roots.
func BenchmarkDiscover(b *testing.B) {
	for _, shape := range []struct {
		name  string
		files func(int) map[string][]byte
	}{{"kustomize", fleet}, {"plain", plainFleet}} {
		for _, n := range []int{50, 5000} {
			tree := memoryTree(b, shape.files(n))
			memo := &Memo{}
			for _, warm := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/%d/warm=%v", shape.name, n, warm), func(b *testing.B) {
					options := DiscoverOptions{}
					if warm {
						options.Memo = memo
					}
					for b.Loop() {
						if d, err := Discover(context.Background(), tree, options); err != nil || len(d.Roots) != n {
							b.Fatal(len(d.Roots), err)
						}
					}
				})
			}
		}
	}
}

// BenchmarkIndexObjects looks for a few kinds in 15,000 files.
func BenchmarkIndexObjects(b *testing.B) {
	tree := memoryTree(b, plainFleet(5000))
	for _, warm := range []bool{false, true} {
		b.Run(fmt.Sprintf("warm=%v", warm), func(b *testing.B) {
			options := DiscoverOptions{}
			if warm {
				options.Memo = &Memo{}
			}
			d, err := Discover(context.Background(), tree, options)
			for b.Loop() && err == nil {
				_, err = IndexObjects(context.Background(), tree, d, []string{"Namespace", "NetworkPolicy"})
			}
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkAffected finds what an edit of one overlay affects among 50 and among 5,000 roots, given the base.
func BenchmarkAffected(b *testing.B) {
	for _, n := range []int{50, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			files := fleet(n)
			const patch = "teams/t07/app0007/patch.yaml"
			change := changeOf(b, files, edited(files, map[string]string{patch: "kind: Deployment\n"}))
			base := discover(b, change.Base)
			for b.Loop() {
				head, err := DiscoverHead(context.Background(), change, base)
				if err != nil || len(Candidates(change, base, head).Candidates) != 1 {
					b.Fatal(err)
				}
			}
		})
	}
}
