package review_test

import (
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
)

// files writes an archive out of names and texts.
func files(namesAndTexts ...string) string {
	var b strings.Builder
	for i := 0; i < len(namesAndTexts); i += 2 {
		b.WriteString("-- " + namesAndTexts[i] + " --\n" + namesAndTexts[i+1])
	}
	return b.String()
}

// resources writes a kustomization.
func resources(names ...string) string { return "resources: [" + strings.Join(names, ", ") + "]\n" }

const caps = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: web\n    securityContext:\n      capabilities:\n"

// TestCompare tries to hide a new violation behind one of base, and to have the change blamed for an old one.
func TestCompare(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		archive string
		rule    string
		want    []string
	}{
		"nothing changed": {
			files("base/a.yaml", deployment("web", "web!"), "base/b.yaml", deployment("api", "api"), "b.yaml", deployment("api", "log")),
			"privileged", []string{"existing error privileged a.yaml:11"}},
		"lines moved": {
			files("base/a.yaml", deployment("web", "web!"), "a.yaml", "# one\n# two\n"+deployment("web", "web!")),
			"privileged", []string{"existing error privileged a.yaml:13"}},
		"items reordered": {
			files("base/a.yaml", deployment("web", "web!", "log"), "a.yaml", deployment("web", "log", "web!")),
			"privileged", []string{"existing error privileged a.yaml:14"}},
		"an item added before": {
			files("base/a.yaml", deployment("web", "web!"), "a.yaml", deployment("web", "new!", "web!")),
			"privileged", []string{"new error privileged a.yaml:11", "existing error privileged a.yaml:14"}},
		"moved from one container to another": {
			files("base/a.yaml", deployment("web", "web!", "log"), "a.yaml", deployment("web", "web", "log!")),
			"privileged", []string{"new error privileged a.yaml:14", "fixed error privileged a.yaml:11"}},
		"an item that another replaces": {
			files("base/a.yaml", caps+"        add:\n        - NET_ADMIN\n", "a.yaml", caps+"        add:\n        - SYS_ADMIN\n"),
			"caps", []string{"new error caps a.yaml:10"}},
		"an item before the one that was there": {
			files("base/a.yaml", caps+"        add: [NET_ADMIN]\n", "a.yaml", caps+"        add: [SYS_ADMIN, NET_ADMIN]\n"),
			"caps", []string{"new error caps a.yaml:9", "existing error caps a.yaml:9"}},
		"two objects of one name, the violation moves to the other": {
			files("base/a.yaml", deployment("web", "web!"), "base/b.yaml", deployment("web", "web"),
				"a.yaml", deployment("web", "web"), "b.yaml", deployment("web", "web!")),
			"privileged", []string{"new error privileged b.yaml:11", "fixed error privileged a.yaml:11"}},
		"two objects of one name in a file": {
			files("base/a.yaml", deployment("web", "web!")+"---\n"+deployment("web", "web"),
				"a.yaml", deployment("web", "web")+"---\n"+deployment("web", "web!")),
			"privileged", []string{"new error privileged a.yaml:23", "fixed error privileged a.yaml:11"}},
		"a second object of the name comes in as the first is mended": {
			files("base/b.yaml", deployment("web", "web!"), "b.yaml", deployment("web", "web"), "a.yaml", deployment("web", "web!")),
			"privileged", []string{"new error privileged a.yaml:11", "fixed error privileged b.yaml:11"}},
		"a file renamed": {
			files("base/a.yaml", deployment("web", "web!"), "a.yaml", "", "z.yaml", deployment("web", "web!")),
			"privileged", []string{"existing error privileged z.yaml:11"}},
		"an object moved to another root": {
			files("base/one/a.yaml", deployment("web", "web!"), "one/a.yaml", "", "two/a.yaml", deployment("web", "web!")),
			"privileged", []string{"existing error privileged two/a.yaml:11"}},
		"removed in one root, made worse in another": {
			files("base/one/a.yaml", deployment("web", "web!"), "base/two/a.yaml", deployment("web", "web"),
				"one/a.yaml", "", "two/a.yaml", deployment("web", "web!")),
			"privileged", []string{"new error privileged two/a.yaml:11", "fixed error privileged one/a.yaml:11"}},
		"two roots with the same object": {
			files("base/one/a.yaml", deployment("web", "web!"), "base/two/a.yaml", deployment("web", "web"),
				"one/a.yaml", deployment("web", "web"), "two/a.yaml", deployment("web", "web!")),
			"privileged", []string{"new error privileged two/a.yaml:11", "fixed error privileged one/a.yaml:11"}},
		"a further overlay of an old base": {
			files("base/common/a.yaml", deployment("web", "web!"), "base/common/kustomization.yaml", resources("a.yaml"),
				"base/dev/kustomization.yaml", resources("../common"), "prod/kustomization.yaml", resources("../common")),
			"privileged", []string{"existing error privileged common/a.yaml:11"}},
		"a base becomes worse for all": {
			files("base/common/a.yaml", deployment("web", "web"), "base/common/kustomization.yaml", resources("a.yaml"),
				"base/dev/kustomization.yaml", resources("../common"), "base/prod/kustomization.yaml", resources("../common"),
				"common/a.yaml", deployment("web", "web!")),
			"privileged", []string{"new error privileged common/a.yaml:11 roots=prod"}},
		"an overlay takes in what was only an example": {
			files("base/common/a.yaml", deployment("web", "web"), "base/common/kustomization.yaml", resources("a.yaml"),
				"base/dev/kustomization.yaml", resources("../common"),
				"dev/kustomization.yaml", resources("../common", "b.yaml"), "dev/b.yaml", deployment("api", "api!")),
			"privileged", []string{"new error privileged dev/b.yaml:11"}},
		"a root renamed with its files": {
			files("base/dev/a.yaml", deployment("web", "web!"), "base/dev/kustomization.yaml", resources("a.yaml"),
				"dev/a.yaml", "", "dev/kustomization.yaml", "", "prod/a.yaml", deployment("web", "web!"), "prod/kustomization.yaml", resources("a.yaml")),
			"privileged", []string{"existing error privileged prod/a.yaml:11"}},
		"a secret replaced by another": {
			files("base/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  token: one\n",
				"a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  token: two\n"),
			"token", []string{"new error token a.yaml:5"}},
		"a line written in other words": {
			files("base/a.yaml", deployment("web", "web!"), "a.yaml", strings.Replace(deployment("web", "web!"), "privileged: true", "privileged: !!bool true", 1)),
			"privileged", []string{"existing error privileged a.yaml:11"}},
		"a removed limit": {
			files("base/a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: web\n    image: web\n    resources:\n      limits:\n        memory: 1Gi\n        cpu: 1\n",
				"a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: web\n    image: web\n    resources:\n      limits:\n        cpu: 1\n"),
			"limits", []string{"new warning limits a.yaml:9"}},
		"a removed policy": {
			files("base/a.yaml", deployment("web", "web"), "base/p.yaml", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n", "p.yaml", ""),
			"alone", []string{"new info alone a.yaml:1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantLines(t, lab(t, test.archive, nil, review.Options{Only: []string{test.rule}}), test.want...)
		})
	}
}
