package review

import (
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

func workloadsOf(t *testing.T, text string, paths ...WorkloadPath) []*Workload {
	t.Helper()
	o, err := manifests.NewObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return newWorkloads(o, paths)
}

func TestWorkloadsOfKinds(t *testing.T) {
	t.Parallel()
	const pod = "{containers: [{name: web}], initContainers: [{name: setup}, {name: proxy, restartPolicy: Always}]}"
	tests := map[string]struct {
		object string
		paths  []WorkloadPath
		want   string // paths of the pods' specs
	}{
		"pod":            {"{apiVersion: v1, kind: Pod, spec: " + pod + "}", nil, "spec"},
		"deployment":     {"{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: " + pod + "}}}", nil, "spec.template.spec"},
		"cron job":       {"{apiVersion: batch/v1, kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: " + pod + "}}}}}", nil, "spec.jobTemplate.spec.template.spec"},
		"knative":        {"{apiVersion: serving.knative.dev/v1, kind: Service, spec: {template: {spec: " + pod + "}}}", nil, "spec.template.spec"},
		"service":        {"{apiVersion: v1, kind: Service, spec: {ports: [{port: 80}]}}", nil, ""},
		"same kind name": {"{apiVersion: example.com/v1, kind: Deployment, spec: {template: {spec: {size: 3}}}}", nil, ""},
		"no template":    {"{apiVersion: apps/v1, kind: Deployment, spec: {template: 3}}", nil, ""},
		"pointed to": {"{apiVersion: example.com/v1, kind: Engine, spec: {pod: {spec: " + pod + "}}}",
			[]WorkloadPath{{"Engine.example.com", "spec.pod"}}, "spec.pod.spec"},
		"pointed to in a list": {"{apiVersion: example.com/v1, kind: Engine, spec: {sets: [{pod: {spec: " + pod + "}}, {pod: {spec: " + pod + "}}]}}",
			[]WorkloadPath{{"Engine", "spec.sets[*].pod"}}, "spec.sets[0].pod.spec spec.sets[1].pod.spec"},
		"pointed to in a map": {"{apiVersion: example.com/v1, kind: Engine, spec: {sets: {a: {pod: {spec: " + pod + "}}}}}",
			[]WorkloadPath{{"Engine", "spec.sets.*.pod.spec"}}, "spec.sets.a.pod.spec"},
		"of another group": {"{apiVersion: example.com/v1, kind: Engine, spec: {pod: {spec: " + pod + "}}}",
			[]WorkloadPath{{"Engine.example.org", "spec.pod"}}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, w := range workloadsOf(t, test.object, test.paths...) {
				got = append(got, w.Spec.Path())
				if len(w.Containers) != 3 || w.Containers[1].Kind != SidecarContainer {
					t.Errorf("containers of %s: %v", w.Spec.Path(), w.Containers)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("pods at %q, want %q", got, test.want)
			}
		})
	}
}

const workflow = `
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
spec:
  workflowSpec:
    securityContext: {runAsNonRoot: true}
    templateDefaults: {serviceAccountName: runner}
    volumes: [{name: shared, emptyDir: {}}]
    templates:
    - name: main
      steps:
      - - {name: first, template: build}
        - {name: second, inline: {container: {image: b}}}
    - name: build
      securityContext: {runAsUser: 0}
      volumes: [{name: own, emptyDir: {}}]
      container: {image: a}
      sidecars: [{name: db, image: c}]
    - name: run
      script: {image: a, command: [sh], source: "echo hello"}
    - name: set
      containerSet: {containers: [{name: one}, {name: two}]}
`

func TestWorkflowTemplates(t *testing.T) {
	t.Parallel()
	var got []string
	pods := workloadsOf(t, workflow)
	for _, w := range pods {
		names := make([]string, len(w.Containers))
		for i, c := range w.Containers {
			names[i] = c.Title()
		}
		got = append(got, strings.Join(names, ", "))
	}
	want := "container build, sidecar db; container run; container one, container two; unnamed container"
	if strings.Join(got, "; ") != want {
		t.Fatalf("containers %q, want %q", strings.Join(got, "; "), want)
	}
	build, run := pods[0], pods[1]
	if build.Containers[0].Effective("runAsNonRoot").IsSet() {
		t.Error("a template's security context hides the workflow's as a whole")
	}
	if !run.Containers[0].Effective("runAsNonRoot").True() || run.Get("serviceAccountName").Text() != "runner" {
		t.Error("a template without settings of its own has the workflow's")
	}
	if path := run.Get("automountServiceAccountToken").Path(); path != "spec.workflowSpec.automountServiceAccountToken" {
		t.Errorf("what no template sets is missing at %s, want the workflow's spec", path)
	}
	if n := len(build.List("volumes")); n != 2 {
		t.Errorf("%d volumes, want the template's and the workflow's", n)
	}
	if words := run.Containers[0].Command(); strings.Join(words, "|") != "sh|echo hello" {
		t.Errorf("command %q", words)
	}
}

func TestHelmTestsAreNoWorkloads(t *testing.T) {
	t.Parallel()
	o, err := manifests.NewObject([]byte("{apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}"))
	if err != nil {
		t.Fatal(err)
	}
	for hook, is := range map[string]bool{"pre-install": true, "test": false, "Test-Success": false, "test, test-failure": false, "test,pre-install": true, "post-upgrade, test": true} {
		if o.Hook = hook; len(newWorkloads(o, nil)) != map[bool]int{true: 1}[is] {
			t.Errorf("a hook at %q is a workload: want %v", hook, is)
		}
	}
}

func TestEffective(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ pod, container, key, want string }{
		"the container's own":        {"{runAsUser: 1}", "{runAsUser: 2}", "runAsUser", "2 at spec.containers[0].securityContext.runAsUser"},
		"the pod's":                  {"{runAsUser: 1}", "{}", "runAsUser", "1 at spec.securityContext.runAsUser"},
		"null is not set":            {"{runAsUser: 1}", "{runAsUser: null}", "runAsUser", "1 at spec.securityContext.runAsUser"},
		"none":                       {"{}", "{}", "runAsUser", " at spec.containers[0].securityContext.runAsUser"},
		"false is set":               {"{runAsNonRoot: true}", "{runAsNonRoot: false}", "runAsNonRoot", "false at spec.containers[0].securityContext.runAsNonRoot"},
		"the pod's profile":          {"{seccompProfile: {type: Unconfined}}", "{}", "seccompProfile.type", "Unconfined at spec.securityContext.seccompProfile.type"},
		"its own hide the pod's":     {"{seLinuxOptions: {user: u, type: a}}", "{seLinuxOptions: {type: b}}", "seLinuxOptions.user", " at spec.containers[0].securityContext.seLinuxOptions.user"},
		"but not those for Windows":  {"{windowsOptions: {hostProcess: true}}", "{windowsOptions: {runAsUserName: a}}", "windowsOptions.hostProcess", "true at spec.securityContext.windowsOptions.hostProcess"},
		"what only a container has":  {"{}", "{privileged: true}", "privileged", "true at spec.containers[0].securityContext.privileged"},
		"nothing where none is made": {"null", "null", "privileged", " at spec.containers[0].securityContext.privileged"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pods := workloadsOf(t, "{apiVersion: v1, kind: Pod, spec: {securityContext: "+test.pod+", containers: [{name: a, securityContext: "+test.container+"}]}}")
			f := pods[0].Containers[0].Effective(strings.Split(test.key, ".")...)
			if got := f.Text() + " at " + f.Path(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestIndexAndView(t *testing.T) {
	t.Parallel()
	var all []*manifests.Object
	for _, text := range []string{
		"{apiVersion: v1, kind: Namespace, metadata: {name: web}}", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: web}}",
		"{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: api}}", "{apiVersion: v1, kind: Deployment, metadata: {name: a, namespace: web}}",
	} {
		o, err := manifests.NewObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	index := NewIndex(all)
	if index.Find("Deployment", "api", "a") != all[2] || index.Find("Deployment", "", "a") != nil || len(index.OfKind("Deployment")) != 3 {
		t.Error("the index finds other objects")
	}
	old, err := manifests.NewObject([]byte("{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: a, namespace: web}}"))
	if err != nil {
		t.Fatal(err)
	}
	view := NewRootView(manifests.Root{}, append(all, all[1]))
	if view.Match(old) != all[1] || len(view.Twins(old)) != 2 || len(view.OfKind("Namespace")) != 1 {
		t.Error("the view finds other objects")
	}
	chart := NewRootView(manifests.Root{Kind: manifests.Helm, Namespace: "apps"}, all)
	if chart.Namespace(all[0]) != "apps" || chart.Namespace(all[1]) != "web" || view.Namespace(all[0]) != "" {
		t.Error("objects land in other namespaces")
	}
}

// TestFoundWorkloads holds what of a custom resource that nobody named is taken for a pod's template.
func TestFoundWorkloads(t *testing.T) {
	t.Parallel()
	const pod = "{containers: [{name: a, image: b}]}"
	for name, test := range map[string]struct {
		apiVersion, body string
		want             string
	}{
		"a template":                     {"example.com/v1", "spec: {podTemplate: {spec: " + pod + "}}", "spec.podTemplate.spec"},
		"several in a list":              {"ray.io/v1", "spec: {groups: [{template: {spec: " + pod + "}}, {template: {spec: " + pod + "}}]}", "spec.groups[0].template.spec spec.groups[1].template.spec"},
		"a template of templates":        {"jobset.x-k8s.io/v1", "spec: {jobs: [{template: {spec: {template: {spec: " + pod + "}}}}]}", "spec.jobs[0].template.spec.template.spec"},
		"the specification alone":        {"example.com/v1", "spec: {podSpec: " + pod + "}", "spec.podSpec"},
		"containers to be laid over":     {"monitoring.coreos.com/v1", "spec: " + pod, ""},
		"a container that is completed":  {"example.com/v1", "spec: {podTemplate: {spec: {containers: [{name: a}, {name: b, image: c}]}}}", ""},
		"no containers":                  {"example.com/v1", "spec: {template: {spec: {containers: []}}}", ""},
		"wrong types":                    {"example.com/v1", "spec: {template: {spec: {containers: {name: a, image: b}}}}", ""},
		"a pattern":                      {"kyverno.io/v1", "spec: {rules: [{validate: {pattern: {spec: " + pod + "}}}]}", ""},
		"values of a chart":              {"helm.toolkit.fluxcd.io/v2", "spec: {values: {pod: {spec: " + pod + "}}}", ""},
		"a kind of Kubernetes":           {"v1", "data: {pod: {spec: " + pod + "}}", ""},
		"what the controller wrote down": {"example.com/v1", "status: {pod: {spec: " + pod + "}}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var paths []string
			for _, w := range workloadsOf(t, "apiVersion: "+test.apiVersion+"\nkind: Thing\nmetadata: {name: a}\n"+test.body+"\n") {
				if paths = append(paths, w.Spec.Path()); !w.Found || len(w.Containers) != 1 {
					t.Errorf("found %+v", w)
				}
			}
			if got := strings.Join(paths, " "); got != test.want {
				t.Errorf("pods at %q, want %q", got, test.want)
			}
		})
	}
}
