package review

import "github.com/landwaiter/landwaiter/internal/manifests"

// argoSpecs says where the kinds of Argo Workflows keep the workflow.
var argoSpecs = map[string][]string{
	"Workflow":                {"spec"},
	"WorkflowTemplate":        {"spec"},
	"ClusterWorkflowTemplate": {"spec"},
	"CronWorkflow":            {"spec", "workflowSpec"},
}

// argoWorkloads returns the pods of a workflow: one for each of its templates that runs containers. A template is
// much like a pod's spec; what it leaves open comes from the workflow's templateDefaults, then from its spec.
// A podSpecPatch, which is text put together when the workflow runs, is not looked into.
func argoWorkloads(o *manifests.Object) []*Workload {
	path, known := argoSpecs[o.Kind]
	if !known || o.Group() != "argoproj.io" {
		return nil
	}
	spec := o.Field().Get(path...)
	var found []*Workload
	for _, template := range argoTemplates(spec) {
		if w := argoWorkload(o, template, spec); len(w.Containers) > 0 {
			found = append(found, w)
		}
	}
	return found
}

// argoTemplates returns a workflow's templates with those that are written within its steps and tasks.
func argoTemplates(spec manifests.Field) []manifests.Field {
	templates := spec.Get("templates").Items()
	for _, t := range spec.Get("templates").Items() {
		steps := t.Get("dag", "tasks").Items()
		for _, parallel := range t.Get("steps").Items() {
			steps = append(steps, parallel.Items()...)
		}
		for _, step := range steps {
			if inline := step.Get("inline"); inline.IsMap() {
				templates = append(templates, inline)
			}
		}
	}
	return templates
}

func argoWorkload(o *manifests.Object, template, spec manifests.Field) *Workload {
	w := &Workload{Object: o, Meta: template.Get("metadata"), Spec: template,
		above: []manifests.Field{spec.Get("templateDefaults"), spec}}
	w.addContainers("initContainers", InitContainer)
	for _, key := range []string{"container", "script"} {
		if c := template.Get(key); c.IsMap() {
			name := c.Get("name").Text()
			if name == "" {
				name = template.Get("name").Text()
			}
			w.addContainer(c, RegularContainer, name)
		}
	}
	for _, c := range template.Get("containerSet", "containers").Items() {
		w.addContainer(c, RegularContainer, c.Get("name").Text())
	}
	for _, c := range template.Get("sidecars").Items() {
		w.addContainer(c, SidecarContainer, c.Get("name").Text())
	}
	return w
}
