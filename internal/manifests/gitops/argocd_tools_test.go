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

// TestArgoProject holds what a project permits to Argo CD's documentation (user guide, "Projects", operator manual,
// "Declarative Setup" and "Applications in any namespace").
func TestArgoProject(t *testing.T) {
	t.Parallel()
	const anywhere = "sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}]"
	files := map[string]string{"objects/all.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: far}\n" +
		"---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ws.own}\nspec: {group: own, scope: Cluster, names: {kind: Wide, plural: ws}, versions: []}\n---\napiVersion: own/v1\nkind: Wide\nmetadata: {name: w}\n"}
	const all = "clusterResourceWhitelist: [{group: '*', kind: '*'}]"
	for _, c := range []struct{ spec, want string }{
		{"{" + anywhere + ", " + all + "}", ""},
		{"{sourceRepos: ['https://git.example/*'], destinations: [{server: https://kubernetes.default.svc, namespace: '{target,far}'}], " + all + "}", ""},
		{"{sourceRepos: ['https://git.example/repo.git'], destinations: [{name: in-cluster, namespace: '*'}], " + all + "}", ""},
		{"{sourceRepos: ['https://other.example/*'], destinations: [{server: '*', namespace: '*'}]}", "sourceRepos of AppProject team does not permit its source https://git.example/repo"},
		{"{sourceRepos: ['*', '!https://git.example/repo'], destinations: [{server: '*', namespace: '*'}]}", "does not permit its source"},
		{"{sourceRepos: ['*'], destinations: [{server: '*', namespace: other}]}", "does not permit its destination, https://kubernetes.default.svc in namespace target"},
		{"{sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}, {server: '*', namespace: '!target'}]}", "does not permit its destination"},
		{"{sourceRepos: ['*'], destinations: [{server: https://far.example, namespace: '*'}]}", "does not permit its destination"},
		{"{sourceRepos: ['*']}", "does not permit its destination"},
		{"{" + anywhere + "}", "clusterResourceWhitelist of AppProject team does not permit ClusterRole/r, CustomResourceDefinition/ws.own, Wide/w"},
		{"{" + anywhere + ", clusterResourceWhitelist: [{group: '*.k8s.io', kind: '*'}]}", "does not permit Wide/w:"},
		{"{" + anywhere + ", clusterResourceWhitelist: [{group: '*', kind: '*'}, {group: own, kind: Wide, name: other}], clusterResourceBlacklist: [{group: own, kind: 'W*'}]}", "clusterResourceBlacklist of AppProject team does not permit Wide/w:"},
		{"{" + anywhere + ", " + all + ", namespaceResourceBlacklist: [{group: '', kind: Pod}]}", "namespaceResourceBlacklist of AppProject team does not permit Pod/target/p:"},
		{"{" + anywhere + ", " + all + ", namespaceResourceWhitelist: [{group: apps, kind: Deployment}]}", "namespaceResourceWhitelist of AppProject team does not permit Pod/target/p:"},
		{"{" + anywhere + ", " + all + ", namespaceResourceWhitelist: []}", "does not permit Pod/target/p, Deployment/far/d:"},
		{"{sourceRepos: ['*'], destinations: [{server: '*', namespace: target}], " + all + "}", "destinations of AppProject team does not permit Deployment/far/d: Argo CD refuses Application app"},
	} {
		project := "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: team, namespace: argocd}\nspec: " + c.spec + "\n---\n"
		objects, failed, roots := renderedOf(t, files, project+application("path: objects"))
		var texts []string
		for _, refusal := range new(Projects).Refused(&roots[0], objects[roots[0].Path]) {
			texts = append(texts, refusal.Text)
		}
		if got := strings.Join(texts, " "); (got == "") != (c.want == "") || !strings.Contains(got, c.want) || len(failed) > 0 {
			t.Errorf("%s: %q %v, want %q", c.spec, got, failed, c.want)
		}
	}
	for _, c := range []struct{ allowed, want string }{{"team-*", ""}, {"others", "sourceNamespaces of AppProject team does not permit Applications in namespace team-a"}} {
		project := "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: team, namespace: argocd}\nspec: {" + anywhere + ", " + all + ", sourceNamespaces: ['" + c.allowed + "']}\n---\n"
		objects, _, roots := renderedOf(t, files, project+strings.Replace(application("path: objects"), "namespace: argocd", "namespace: team-a", 1))
		if got := new(Projects).Refused(&roots[0], objects[roots[0].Path]); len(got) > 0 != (c.want != "") || len(got) > 0 && !strings.Contains(got[0].Text, c.want) {
			t.Errorf("sourceNamespaces %s: %v", c.allowed, got)
		}
	}
}

// TestWindows holds which sync windows are said of an Application to Argo CD's documentation (user guide, "Sync Windows").
func TestWindows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ window, want string }{
		{"{kind: allow, schedule: 10 1 * * *, duration: 1h, applications: [a*]}", ", in the window 10 1 * * * for 1h"},
		{"{kind: deny, schedule: 0 22 * * *, duration: 2h, namespaces: [target], manualSync: true}", ", not in the window 0 22 * * * for 2h but by hand"},
		{"{kind: deny, schedule: 0 22 * * *, duration: 2h, namespaces: [other], clusters: ['https://kubernetes.*']}", ", not in the window 0 22 * * * for 2h"},
		{"{kind: deny, schedule: 0 22 * * *, duration: 2h, namespaces: [other], clusters: ['https://kubernetes.*'], andOperator: true}", ""},
		{"{kind: deny, schedule: 0 22 * * *, duration: 2h, namespaces: [target], clusters: ['https://kubernetes.*'], andOperator: true}", ", not in the window 0 22 * * * for 2h"},
		{"{kind: allow, schedule: 10 1 * * *, duration: 1h}", ""},
	} {
		project := "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: team, namespace: argocd}\nspec: {syncWindows: [" + c.window + "]}\n---\n"
		_, _, roots := renderedOf(t, based(), project+application("path: base"))
		if got := roots[0].Deployment.Effect.Applied; got != "waits for a sync by hand"+c.want {
			t.Errorf("%s: %s", c.window, got)
		}
	}
}

// TestArgoTool holds which tool renders a source to what Argo CD does: settings that say nothing choose none, those of two
// tools are refused.
func TestArgoTool(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ source, want string }{
		{"path: base", "kustomize"},
		{"path: base\nhelm: {}", "kustomize"},
		{"path: base\nhelm: {valueFiles: [], values: '', skipCrds: false}", "kustomize"},
		{"path: base\nkustomize: {}", "kustomize"},
		{"path: base\ndirectory: {recurse: false, include: '*.yaml'}", "kustomize"},
		{"path: base\ndirectory: {recurse: true}", "plain"},
		{"path: base\ndirectory: {jsonnet: {tlas: [{name: a, value: b}]}}", "plain"},
		{"path: base\nhelm: {releaseName: x}", "! is no chart"},
		{"path: base\nhelm: {releaseName: x}\nkustomize: {namePrefix: x}", "! settings of kustomize and helm"},
		{"path: base\ndirectory: {recurse: true}\nkustomize: {namePrefix: x}", "! settings of kustomize and directory"},
	} {
		_, _, roots := renderedOf(t, based(), application(c.source))
		d := roots[0].Deployment
		got := string(d.Render)
		if want, fails := strings.CutPrefix(c.want, "! "); fails && !strings.Contains(d.Skip, want) || !fails && (got != c.want || d.Skip != "") {
			t.Errorf("%s: %s %q, want %s", c.source, got, d.Skip, c.want)
		}
	}
}

// TestOverrides holds what files beside a source override to Argo CD's documentation (user guide, "Parameter Overrides").
func TestOverrides(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want, line string }{
		{".argocd-source.yaml", "kustomize:\n  images:\n  - nginx:9\n", "nginx:9", "base/.argocd-source.yaml:3"},
		{".argocd-source-app.yaml", "kustomize:\n  images: [nginx:9]\n", "nginx:9", "base/.argocd-source-app.yaml:2"},
		{".argocd-source-argocd_app.yaml", "kustomize: {images: [nginx:9]}\n", "nginx:9", "base/.argocd-source-argocd_app.yaml:1"},
		{".argocd-source-other.yaml", "kustomize: {images: [nginx:9]}\n", "nginx:2", "clusters/all.yaml"},
		{".argocd-source.yaml", "path: part\nrepoURL: https://other.example/x\ntargetRevision: v1\n", "nginx:2", "clusters/all.yaml"},
		{".argocd-source.yaml", "kustomize: {images: null}\n", "nginx:1", "base/all.yaml"},
		{".argocd-source.yaml", "", "nginx:2", "clusters/all.yaml"},
		{".argocd-source.yaml", "{", "! .argocd-source.yaml, which overrides settings of Application app", ""},
	} {
		files := based()
		files["base/"+c.name] = c.text
		objects, _, roots := renderedOf(t, files, application("path: base\nkustomize:\n  images:\n  - nginx:2\n"))
		if want, fails := strings.CutPrefix(c.want, "! "); fails {
			if !strings.Contains(roots[0].Deployment.Skip, want) {
				t.Errorf("%s: %q", c.name, roots[0].Deployment.Skip)
			}
			continue
		}
		for _, o := range objects["clusters#Application/app"] {
			const path = "spec.template.spec.containers[0].image"
			at, _ := o.OriginAt(path)
			frame := at.Best()
			if got := o.Lookup(path).Text(); got != c.want || frame == nil || !strings.HasPrefix(fmt.Sprintf("%s:%d", frame.Span.File, frame.Span.Line), c.line) {
				t.Errorf("%s: %s at %+v, want %s at %s", c.name, got, frame, c.want, c.line)
			}
		}
		if len(objects["clusters#Application/app"]) == 0 {
			t.Errorf("%s: nothing is rendered: %q", c.name, roots[0].Deployment.Skip)
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
	if want := (manifests.Effect{Applied: "waits for a sync by hand, in the 2 steps of its ApplicationSet", Gone: deleted}); first.Effect != want {
		t.Errorf("%+v", first.Effect)
	}
	for _, c := range []struct {
		policy, finalizers string
		want               manifests.Effect
	}{
		{"{}", "", manifests.Effect{Applied: "waits for a sync by hand", Gone: deleted}},
		{"{preserveResourcesOnDeletion: true}", "", manifests.Effect{Applied: "waits for a sync by hand", Gone: staying, Stays: true}},
		{"{preserveResourcesOnDeletion: true}", ", finalizers: [resources-finalizer.argocd.argoproj.io]", manifests.Effect{Applied: "waits for a sync by hand", Gone: deleted}},
		{"{applicationsSync: create-update}", "", manifests.Effect{Applied: "waits for a sync by hand", Gone: "it stays as long as its ApplicationSet does, which deletes none (create-update)", Stays: true}},
		{"{applicationsSync: create-delete}", "", manifests.Effect{Applied: "waits for a sync by hand, and once it is there its ApplicationSet changes nothing of it (create-delete)", Gone: deleted}},
		{"{applicationsSync: create-only}", ", finalizers: [resources-finalizer.argocd.argoproj.io]", manifests.Effect{Applied: "waits for a sync by hand, and once it is there its ApplicationSet changes nothing of it (create-only)", Gone: "it stays as long as its ApplicationSet does, which deletes none (create-only)", Stays: true}},
	} {
		set := setOf("syncPolicy: "+c.policy, "- list: {elements: [{a: x}]}", "metadata: {name: '{{a}}'"+c.finalizers+"}\nspec: {source: {repoURL: https://git.example/repo, path: base}}")
		_, _, roots := renderedOf(t, based(), set)
		if got := roots[1].Deployment.Effect; got != c.want {
			t.Errorf("%s%s: %+v", c.policy, c.finalizers, got)
		}
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
