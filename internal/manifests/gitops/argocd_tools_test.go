package gitops

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// based is a directory with a kustomization.
func based() map[string]string {
	return map[string]string{
		"base/kustomization.yaml": "resources: [all.yaml]\ncommonLabels: {here: already}\nimages:\n- {name: redis, newName: mirror/redis, newTag: '1'}\n- {name: other, newTag: '1'}\n",
		"base/all.yaml":           "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers: [{name: a, image: nginx:1}, {name: b, image: redis:7}]\n",
		"part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{target: {kind: Deployment}, patch: '[{\"op\": \"add\", \"path\": \"/spec/paused\", \"value\": true}]'}]\n",
	}
}

// TestArgoKustomize holds what an Application says to kustomize to Argo CD's documentation (user guide, release 3.4,
// "Kustomize") and to what "kustomize edit" does; want is PATH=VALUE of the Deployment, or "! " and a part of the reason.
func TestArgoKustomize(t *testing.T) {
	t.Parallel()
	image := func(n int) string { return fmt.Sprintf("spec.template.spec.containers[%d].image", n) }
	for _, c := range []struct{ field, options, want string }{
		{"namePrefix", "{namePrefix: a-, nameSuffix: -z}", "metadata.name=a-web-z"},
		{"namespace", "{namespace: own}", "metadata.namespace=own"},
		{"no namespace: the destination's", "{namePrefix: a-}", "metadata.namespace=target"},
		{"images: NAME:TAG", "{images: ['nginx:2']}", image(0) + "=nginx:2"},
		{"images: NAME=NEWNAME:TAG", "{images: ['nginx=mirror:5000/nginx:2']}", image(0) + "=mirror:5000/nginx:2"},
		{"images: NAME@DIGEST", "{images: ['nginx@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3']}", image(0) + "=nginx@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3"},
		{"images: NAME=NEWNAME", "{images: ['nginx=mirror/nginx']}", image(0) + "=mirror/nginx:1"},
		{"images: an entry gives way", "{images: ['redis:8']}", image(1) + "=redis:8"},
		{"images: a star keeps what there is", "{images: ['redis=*:8']}", image(1) + "=mirror/redis:8"},
		{"images: the last one counts", "{images: ['nginx:2', 'nginx:3']}", image(0) + "=nginx:3"},
		{"images: build environment", "{images: ['nginx:$ARGOCD_APP_NAME']}", image(0) + "=nginx:app"},
		{"replicas", "{replicas: [{name: web, count: 3}]}", "spec.replicas=3"},
		{"replicas, as a text", "{replicas: [{name: web, count: '4'}]}", "spec.replicas=4"},
		{"replicas that are no number", "{replicas: [{name: web, count: many}]}", "! no number"},
		{"commonLabels", "{commonLabels: {a: 'x-$ARGOCD_APP_NAME'}}", "metadata.labels.a=x-app spec.selector.matchLabels.a=x-app spec.template.metadata.labels.a=x-app"},
		{"labelWithoutSelector", "{commonLabels: {a: b}, labelWithoutSelector: true}", "metadata.labels.a=b spec.selector.matchLabels.a= spec.template.metadata.labels.a="},
		{"labelIncludeTemplates", "{commonLabels: {a: b}, labelWithoutSelector: true, labelIncludeTemplates: true}", "spec.selector.matchLabels.a= spec.template.metadata.labels.a=b"},
		{"commonLabels that are there", "{commonLabels: {here: b}}", "! has here already"},
		{"forceCommonLabels", "{commonLabels: {here: b}, forceCommonLabels: true}", "metadata.labels.here=b"},
		{"commonAnnotations", "{commonAnnotations: {a: '$ARGOCD_APP_NAME'}}", "metadata.annotations.a=$ARGOCD_APP_NAME"},
		{"commonAnnotationsEnvsubst", "{commonAnnotations: {a: '$ARGOCD_APP_NAME'}, commonAnnotationsEnvsubst: true}", "metadata.annotations.a=app"},
		{"patches", `{patches: [{target: {kind: Deployment}, patch: '[{"op": "replace", "path": "/spec/replicas", "value": 9}]'}]}`, "spec.replicas=9"},
		{"components", "{components: [../part]}", "spec.paused=true"},
		{"components that are not there", "{components: [../none]}", "! none"},
		{"ignoreMissingComponents", "{components: [../none, ../part], ignoreMissingComponents: true}", "spec.paused=true"},
	} {
		objects, failed, _ := renderedOf(t, based(), application("path: base\nkustomize: "+c.options))
		if reason, ok := strings.CutPrefix(c.want, "! "); ok {
			if got := failed["clusters#Application/app"]; !strings.Contains(got, reason) {
				t.Errorf("%s: %q, want %q", c.field, got, reason)
			}
			continue
		}
		if len(objects["clusters#Application/app"]) != 1 {
			t.Errorf("%s: %v", c.field, failed)
			continue
		}
		o := objects["clusters#Application/app"][0]
		for _, want := range strings.Fields(c.want) {
			at, value, _ := strings.Cut(want, "=")
			if got := o.Lookup(at).Text(); got != value {
				t.Errorf("%s: %s is %q, want %q", c.field, at, got, value)
			}
		}
	}
}

// TestArgoDirectory holds which files of a directory are applied to Argo CD's documentation (user guide, "Directory"):
// patterns match paths below the directory, and a star slashes too.
func TestArgoDirectory(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for _, name := range []string{"a.yaml", "b.yml", "c.json", "d.txt", "sub/e.yaml", "sub/deep/f.yaml", "env-usw2/g.yaml"} {
		files["plain/"+name] = fmt.Sprintf(`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": %q}}`, name[strings.LastIndexByte(name, '/')+1:][:1])
	}
	for _, c := range []struct{ options, want, note string }{
		{"", "a b c", ""},
		{"directory: {}", "a b c", ""},
		{"directory: {recurse: true}", "a b c e f g", ""},
		{"directory: {recurse: true, include: '*.yaml'}", "a e f g", ""},
		{"directory: {recurse: true, include: '{*.yml,*.json}'}", "b c", ""},
		{"directory: {recurse: true, exclude: '{sub/*,env-us*/**}'}", "a b c", ""},
		{"directory: {recurse: true, include: 'sub/{e,deep/[e-g]}.yaml'}", "e f", ""},
		{"directory: {recurse: true, include: '*.yaml', exclude: 'sub/deep/?.yaml'}", "a e g", ""},
		{"directory: {include: '{unclosed'}", "", ""},
		{"with jsonnet", "a b c", "main.jsonnet is Jsonnet"},
	} {
		own := maps.Clone(files)
		options := c.options
		if options == "with jsonnet" {
			own["plain/main.jsonnet"], options = "{}", ""
		}
		objects, _, roots := renderedOf(t, own, application("path: plain\n"+options))
		var names []string
		for _, o := range objects["clusters#Application/app"] {
			names = append(names, o.Name)
		}
		if got := sortedWords(names); got != c.want || !strings.Contains(strings.Join(roots[0].Deployment.Notes, " "), c.note) {
			t.Errorf("%s: %s, want %s; %q", c.options, got, c.want, roots[0].Deployment.Notes)
		}
	}
	_, failed, _ := renderedOf(t, map[string]string{"plain/main.jsonnet": "{}"}, application("path: plain"))
	if got := failed["clusters#Application/app"]; !strings.Contains(got, "Jsonnet") {
		t.Errorf("Jsonnet alone: %q", got)
	}
}

// TestArgoProject holds what a project permits to Argo CD's documentation (user guide, "Projects", and operator manual,
// "Declarative Setup").
func TestArgoProject(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ spec, want string }{
		{"{sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}]}", ""},
		{"{sourceRepos: ['https://git.example/*'], destinations: [{server: https://kubernetes.default.svc, namespace: tar*}]}", ""},
		{"{sourceRepos: ['https://git.example/repo.git'], destinations: [{name: in-cluster, namespace: target}]}", ""},
		{"{sourceRepos: ['https://other.example/*'], destinations: [{server: '*', namespace: '*'}]}", "does not permit its source https://git.example/repo"},
		{"{sourceRepos: ['*', '!https://git.example/repo'], destinations: [{server: '*', namespace: '*'}]}", "does not permit its source"},
		{"{sourceRepos: ['*'], destinations: [{server: '*', namespace: other}]}", "does not permit its destination, https://kubernetes.default.svc in namespace target"},
		{"{sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}, {server: '*', namespace: '!target'}]}", "does not permit its destination"},
		{"{sourceRepos: ['*'], destinations: [{server: https://far.example, namespace: '*'}]}", "does not permit its destination"},
		{"{sourceRepos: ['*']}", "does not permit its destination"},
	} {
		project := "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: team, namespace: argocd}\nspec: " + c.spec + "\n---\n"
		_, _, roots := renderedOf(t, based(), project+application("path: base"))
		if got := strings.Join(roots[0].Deployment.Notes, " "); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.spec, got, c.want)
		}
	}
}

// TestArgoSets holds what is said of what sets make: duplicates, steps, what becomes of it (operator manual, "Progressive
// Syncs", "Controlling if/when the ApplicationSet controller modifies Applications").
func TestArgoSets(t *testing.T) {
	t.Parallel()
	set := setOf("strategy: {type: RollingSync, rollingSync: {steps: [{}, {}]}}", "- list: {elements: [{a: x}, {a: x}]}", "metadata: {name: '{{a}}'}\nspec: {source: {repoURL: https://git.example/repo, path: base}}")
	_, _, roots := renderedOf(t, based(), set)
	if len(roots) != 3 {
		t.Fatalf("%d roots", len(roots))
	}
	first, second := roots[1].Deployment, roots[2].Deployment
	if len(first.Notes) != 0 || len(second.Notes) != 1 || !strings.Contains(second.Notes[0], "several Applications of the name x") {
		t.Errorf("%q %q", first.Notes, second.Notes)
	}
	if want := (manifests.Effect{Applied: "waits for a sync by hand, in the 2 steps of its ApplicationSet", Gone: "its objects are deleted"}); first.Effect != want {
		t.Errorf("%+v", first.Effect)
	}
}

// TestWatched holds the paths of manifest-generate-paths to Argo CD's documentation (operator manual, "High Availability").
func TestWatched(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ says, want string }{
		{".", "base"}, {"/shared", "shared"}, {".;../shared;/top/file.yaml", "base shared top/file.yaml"}, {"/shared/*-secret.yaml", "shared"}, {"../../../etc", ""}, {"", ""},
	} {
		text := strings.Replace(application("path: base"), "namespace: argocd}", "namespace: argocd, annotations: {"+generatePaths+": '"+c.says+"'}}", 1)
		_, _, roots := renderedOf(t, based(), text)
		if got := strings.Join(roots[0].Deployment.Watch, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.says, got, c.want)
		}
	}
}
