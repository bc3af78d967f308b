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
	if o.Hook = "pre-install"; len(newWorkloads(o, nil)) != 1 {
		t.Error("a hook that is no test is a workload")
	}
	if o.Hook = "test"; len(newWorkloads(o, nil)) != 0 {
		t.Error("a Helm test is no workload")
	}
}
