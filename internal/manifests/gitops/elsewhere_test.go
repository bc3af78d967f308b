package gitops

import (
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

const gitRepository = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: other}\nspec:\n  url: https://git.example/acme/other\n  ref: "

// TestElsewhere holds what is fetched for objects of Flux and Argo CD, and which directory each renders.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	flux := func(ref, dir string) string {
		return gitRepository + ref + "\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\nspec: {path: " + dir + ", sourceRef: {kind: GitRepository, name: other}}\n"
	}
	chart := func(called string) string {
		return gitRepository + "{tag: v1}\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x}\nspec: {chart: {spec: {chart: " + called + ", valuesFiles: [web/values.yaml], sourceRef: {kind: GitRepository, name: other}}}}\n"
	}
	argo := func(source string) string {
		return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x}\nspec: {source: {repoURL: 'https://git.example/acme/other', " + source + "}}\n"
	}
	for name, c := range map[string]struct{ object, asked, dir, why string }{
		"tag":               {flux("{tag: v1}", "web"), "git refs/tags/v1", "/web", ""},
		"branch":            {flux("{branch: dev}", "web"), "git refs/heads/dev", "/web", ""},
		"nothing":           {flux("{}", "web"), "git refs/heads/master", "/web", ""},
		"commit over all":   {flux("{branch: dev, tag: v1, semver: 1.x, name: refs/x, commit: abc}", "web"), "git abc", "/web", ""},
		"name over range":   {flux("{branch: dev, tag: v1, semver: 1.x, name: refs/pull/1/head}", "web"), "git refs/pull/1/head", "/web", ""},
		"range over tag":    {flux("{branch: dev, tag: v1, semver: 1.x}", "web"), "git-range 1.x", "/web", ""},
		"tag over branch":   {flux("{branch: dev, tag: v1}", "web"), "git refs/tags/v1", "/web", ""},
		"out of it":         {flux("{tag: v1}", "../../../secret"), "git refs/tags/v1", "", "the directory secret of https://git.example/acme/other is not in the repository"},
		"chart":             {chart("./web"), "git refs/tags/v1", "/web", ""},
		"chart out of it":   {chart("../../own"), "git refs/tags/v1", "", "the chart "},
		"argo default":      {argo("path: web"), "git ", "/web", ""},
		"argo tag":          {argo("path: web, targetRevision: v1"), "git v1", "/web", ""},
		"argo range":        {argo("path: web, targetRevision: '1.*'"), "git-range 1.*", "/web", ""},
		"argo range x":      {argo("path: web, targetRevision: 1.x"), "git-range 1.x", "/web", ""},
		"argo out of it":    {argo("path: ../own, targetRevision: v1"), "", "", "leads out of the repository"},
		"argo values":       {argo("path: web, targetRevision: v1, helm: {valueFiles: [/web/values.yaml]}"), "git v1", "/web", ""},
		"argo values out":   {argo("path: web, targetRevision: v1, helm: {valueFiles: [../../../own/values.yaml]}"), "git v1", "", "lies outside of the repository"},
		"argo not there":    {argo("path: no, targetRevision: v1"), "git v1", "", "the directory no of https://git.example/acme/other is not in the repository"},
		"argo all files":    {argo("path: ., targetRevision: v1, directory: {recurse: true}"), "git v1", "", ""},
		"not to be had":     {flux("{tag: gone}", "web"), "git refs/tags/gone", "", "is another repository, https://git.example/acme/other: nobody has it"},
		"another's as this": {flux("{tag: v1}", "own"), "git refs/tags/v1", "", "the directory own of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, asked := elsewhereRoot(t, c.object)
			d := root.Deployment
			if asked != c.asked {
				t.Errorf("asked for %q", asked)
			}
			if c.why != "" {
				if !strings.Contains(d.Skip, c.why) {
					t.Errorf("skipped: %q", d.Skip)
				}
				return
			}
			if d.Skip != "" || len(d.Mounts) != 1 || root.Dir != d.Mounts[0].Dir+c.dir || !d.Mounts[0].Valid() || d.Mounts[0].Digest != "pinned" || d.Mounts[0].At.Line == 0 {
				t.Errorf("%s with %+v: %q", root.Dir, d.Mounts, d.Skip)
			}
			for _, file := range append(root.Files, root.Values...) {
				if !strings.HasPrefix(file, d.Mounts[0].Dir+"/") {
					t.Errorf("%s is not of the other repository", file)
				}
			}
		})
	}
}

// elsewhereRoot is the root that objects make where another repository can be had, and what was asked for.
func elsewhereRoot(t *testing.T, text string) (root manifests.Root, asked string) {
	t.Helper()
	tree, err := source.Memory(map[string][]byte{"objects.yaml": []byte(text), "own/Chart.yaml": []byte("name: own\n"), "own/values.yaml": nil}, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	other, err := source.Memory(map[string][]byte{"web/Chart.yaml": []byte("name: web\n"), "web/values.yaml": nil, "web/kustomization.yaml": []byte("resources: []\n")}, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	parent := manifests.Root{Path: ".", Kind: manifests.Plain, Dir: ".", Files: []string{"objects.yaml"}}
	rendering, err := manifests.PlainRenderer{}.Render(t.Context(), tree, parent, manifests.Settings{Lines: true})
	if err != nil {
		t.Fatal(err)
	}
	world := NewWorld(Repository{Tree: tree, URLs: []string{"https://git.example/acme/this"}, Fetch: func(lack manifests.Lack) (source.Tree, string, error) {
		asked += string(lack.Kind) + " " + lack.Version
		if lack.Version == "refs/tags/gone" {
			return nil, "", &manifests.RenderError{Reason: "nobody has it"}
		}
		return other, "pinned", nil
	}}, rendering.Objects)
	roots := world.Roots(parent, rendering.Objects)
	if again := world.Roots(parent, rendering.Objects); len(roots) != 1 || len(again) != 1 {
		t.Fatalf("%d roots", len(roots))
	}
	return roots[0], asked
}
