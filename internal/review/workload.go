package review

import (
	"slices"
	"strings"
	"sync"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// ContainerKind tells the containers of a pod apart.
type ContainerKind string

// The kinds of containers. A sidecar is an init container that restarts always and runs beside the others.
const (
	RegularContainer   ContainerKind = "container"
	InitContainer      ContainerKind = "init container"
	SidecarContainer   ContainerKind = "sidecar"
	EphemeralContainer ContainerKind = "ephemeral container"
)

// Workload is the pod that an object runs: the object itself, or its pod template.
type Workload struct {
	Object     *manifests.Object
	Meta       manifests.Field // the pod's metadata
	Spec       manifests.Field // the pod's spec
	Containers []Container     // init, sidecar, regular and ephemeral ones
	Found      bool            // by its shape, in a custom resource that is not known: what is said of it is milder

	// above are mappings, nearest first, whose fields hold where Spec has none: an Argo workflow's for its templates.
	above []manifests.Field

	memo memo
}

// Get returns a field of the pod's spec: the spec's own, or what the pod takes over from further above. A field that
// the spec sets hides the ones above as a whole. When nothing sets it, it is absent where it would hold for the most.
func (w *Workload) Get(key string, keys ...string) manifests.Field {
	field := w.Spec.Get(key)
	for i := 0; i < len(w.above) && !field.IsSet(); i++ {
		field = w.above[i].Get(key)
	}
	return field.Get(keys...)
}

// List returns the items of a list of the pod's spec, such as its volumes, with those taken over from further above.
func (w *Workload) List(key string) []manifests.Field {
	items := w.Spec.Get(key).Items()
	for _, from := range w.above {
		items = append(items, from.Get(key).Items()...)
	}
	return items
}

// Windows reports whether the pod is for Windows nodes only, where the fields for Linux mean nothing.
func (w *Workload) Windows() bool {
	return w.Get("os", "name").Text() == "windows" || w.Get("nodeSelector", "kubernetes.io/os").Text() == "windows"
}

// Container is one container of a Workload.
type Container struct {
	manifests.Field
	Kind ContainerKind
	Name string
	pod  *Workload

	reference func() (images.Reference, error)
}

// Reference returns what the container's image is called, read as images.ParseReference does, once for all rules.
func (c Container) Reference() (images.Reference, error) {
	if c.reference == nil {
		return images.ParseReference(c.Get("image").Text())
	}
	return c.reference()
}

// Title names the container in messages: "container web", "init container setup".
func (c Container) Title() string {
	kind := string(c.Kind)
	if c.Name == "" {
		return "unnamed " + kind
	}
	return kind + " " + c.Name
}

// Effective returns the security context field that holds for the container: its own where it is set, else the
// pod's. When neither is set it is the container's, absent. A setting of several fields, such as seLinuxOptions, hides
// the pod's as a whole, but for windowsOptions, which the kubelet merges field by field.
func (c Container) Effective(keys ...string) manifests.Field {
	own := c.Get("securityContext").Get(keys...)
	if own.IsSet() || c.pod == nil || len(keys) == 0 {
		return own
	}
	if keys[0] != "windowsOptions" && c.Get("securityContext", keys[0]).IsSet() {
		return own
	}
	if pod := c.pod.Get("securityContext", keys...); pod.IsSet() {
		return pod
	}
	return own
}

// Command returns the container's command and args as one list of words. Of a script of Argo Workflows it is the
// command and the script.
func (c Container) Command() []string {
	var words []string
	for _, key := range []string{"command", "args"} {
		for _, word := range c.Get(key).Items() {
			words = append(words, word.Text())
		}
	}
	if source := c.Get("source").Text(); source != "" {
		words = append(words, source)
	}
	return words
}

// podTemplate says where a kind keeps the template of its pods.
type podTemplate struct {
	path   string
	groups []string // API groups that have the kind
}

// podTemplates are the kinds of Kubernetes, OpenShift, Argo Rollouts and Knative that carry one pod template.
var podTemplates = map[string]podTemplate{
	"Pod":                   {"", []string{""}},
	"PodTemplate":           {"template", []string{""}},
	"ReplicationController": {"spec.template", []string{""}},
	"Deployment":            {"spec.template", []string{"apps", "extensions"}},
	"StatefulSet":           {"spec.template", []string{"apps"}},
	"DaemonSet":             {"spec.template", []string{"apps", "extensions"}},
	"ReplicaSet":            {"spec.template", []string{"apps", "extensions"}},
	"Job":                   {"spec.template", []string{"batch", "extensions"}},
	"CronJob":               {"spec.jobTemplate.spec.template", []string{"batch"}},
	"DeploymentConfig":      {"spec.template", []string{"apps.openshift.io", ""}},
	"Rollout":               {"spec.template", []string{"argoproj.io"}},
	"Service":               {"spec.template", []string{"serving.knative.dev"}},
	"Configuration":         {"spec.template", []string{"serving.knative.dev"}},
	"Revision":              {"", []string{"serving.knative.dev"}},
}

// newWorkloads returns the pods that o carries: where its kind has them, where paths point to, or else what looks like a
// pod's template. Helm tests are no workloads.
func newWorkloads(o *manifests.Object, paths []WorkloadPath) []*Workload {
	if IsHelmTest(o) {
		return nil
	}
	var found []*Workload
	told := false
	if known, ok := podTemplates[o.Kind]; ok && slices.Contains(known.groups, o.Group()) {
		found = templateWorkloads(o, known.path)
	}
	found = append(found, argoWorkloads(o)...)
	for _, p := range paths {
		if kind, group, grouped := strings.Cut(p.Kind, "."); kind == o.Kind && (!grouped || group == o.Group()) {
			told = true
			found = append(found, templateWorkloads(o, p.Path)...)
		}
	}
	if len(found) == 0 && !told {
		return foundWorkloads(o)
	}
	return slices.CompactFunc(found, func(a, b *Workload) bool { return a.Spec.Path() == b.Spec.Path() })
}

// templateWorkloads returns the pods whose templates lie at path, in which "*" stands for every key or item.
func templateWorkloads(o *manifests.Object, path string) []*Workload {
	var found []*Workload
	for _, template := range o.Field().All(path) {
		spec := template.Get("spec")
		if !spec.IsMap() && template.Get("containers").IsList() {
			spec = template // the path points to the spec itself
		}
		if spec.IsMap() {
			found = append(found, newWorkload(o, template.Get("metadata"), spec))
		}
	}
	return found
}

func newWorkload(o *manifests.Object, meta, spec manifests.Field, above ...manifests.Field) *Workload {
	w := &Workload{Object: o, Meta: meta, Spec: spec, above: above}
	w.addContainers("initContainers", InitContainer)
	w.addContainers("containers", RegularContainer)
	w.addContainers("ephemeralContainers", EphemeralContainer)
	return w
}

// addContainers takes up the containers of a list of the spec.
func (w *Workload) addContainers(key string, kind ContainerKind) {
	for _, item := range w.Spec.Get(key).Items() {
		w.addContainer(item, kind, item.Get("name").Text())
	}
}

func (w *Workload) addContainer(at manifests.Field, kind ContainerKind, name string) {
	if kind == InitContainer && at.Get("restartPolicy").Text() == "Always" {
		kind = SidecarContainer
	}
	reference := sync.OnceValues(func() (images.Reference, error) { return images.ParseReference(at.Get("image").Text()) })
	w.Containers = append(w.Containers, Container{Field: at, Kind: kind, Name: name, pod: w, reference: reference})
}

// IsHelmTest reports whether o is a Helm test and nothing else, which runs only when asked to. An object may be a hook of
// several events: one that is also made before an installation is no test.
func IsHelmTest(o *manifests.Object) bool {
	for _, event := range strings.Split(o.Hook, ",") {
		switch strings.ToLower(strings.TrimSpace(event)) {
		case "test", "test-success", "test-failure":
		default:
			return false
		}
	}
	return true
}
