package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

func object(t *testing.T, format string, args ...any) *manifests.Object {
	t.Helper()
	o, err := manifests.NewObject(fmt.Appendf(nil, format, args...))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestManySelectors holds selectors to be looked up by their labels: 2,000 among 20,000 pods of one namespace.
func TestManySelectors(t *testing.T) {
	t.Parallel()
	var all, budgets []*manifests.Object
	for i := range 20_000 {
		all = append(all, object(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: p%d, namespace: a, labels: {app: web, shard: s%d}}\nspec: {containers: []}\n", i, i))
	}
	for i := range 2_000 {
		selector := fmt.Sprintf("matchLabels: {app: web, shard: s%d}", i*20)
		if i%2 == 1 {
			selector = fmt.Sprintf("matchExpressions: [{key: shard, operator: In, values: [s%d, x]}]", i*20)
		}
		budgets = append(budgets, object(t, "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b%d, namespace: a}\nspec: {selector: {%s}}\n", i, selector))
	}
	all = append(all, budgets...)
	root := review.NewRootView(manifests.Root{}, all)
	index := review.NewIndex(all)
	start, dangling := time.Now(), 0
	for _, o := range budgets {
		p := &review.Pass{Object: o, Root: root, Index: index}
		if _, _, yes := (choice{o.Field().Get("spec", "selector"), false}).dangles(p); yes {
			dangling++
		}
	}
	if dangling != 1000 {
		t.Errorf("%d of 2000 selectors select nothing, want 1000", dangling)
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("2000 selectors among 20000 pods took %s", took)
	}
}

func TestElsewhere(t *testing.T) {
	t.Parallel()
	e := &elsewhere{Elsewhere: []string{"Secret/shop/*", "ConfigMap/ca-*", "[", "Service/*/web", "mesh-*"}}
	for _, c := range []struct {
		kind, namespace, name string
		want                  bool
	}{
		{"Secret", "shop", "any", true}, {"Secret", "other", "any", false}, {"Service", "", "mesh-gateway", true}, {"ConfigMap", "", "ca-bundle", true},
		{"ConfigMap", "a", "cb", false}, {"Service", "a", "web", true}, {"Service", "a", "api", false},
	} {
		if got := e.has(c.kind, c.namespace, c.name); got != c.want {
			t.Errorf("%s %s/%s: %t, want %t", c.kind, c.namespace, c.name, got, c.want)
		}
	}
}
