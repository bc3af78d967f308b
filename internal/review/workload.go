package review

import (
	"strings"

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
}

// Container is one container of a Workload.
type Container struct {
	manifests.Field
	Kind ContainerKind
	Name string
	pod  manifests.Field
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
// pod's. When neither is set it is the container's, absent.
func (c Container) Effective(keys ...string) manifests.Field {
	own := c.Get("securityContext").Get(keys...)
	if own.IsSet() {
		return own
	}
	if pod := c.pod.Get("securityContext").Get(keys...); pod.IsSet() {
		return pod
	}
	return own
}

// Command returns the container's command and args as one list of words.
func (c Container) Command() []string {
	var words []string
	for _, key := range []string{"command", "args"} {
		for _, word := range c.Get(key).Items() {
			words = append(words, word.Text())
		}
	}
	return words
}

// podTemplates says where a kind keeps its pod: group suffix and kind to the path of the template. A path of ""
// is the object itself.
var podTemplates = map[string][]string{
	"Pod":                   {},
	"PodTemplate":           {"template"},
	"Deployment":            {"spec", "template"},
	"StatefulSet":           {"spec", "template"},
	"DaemonSet":             {"spec", "template"},
	"ReplicaSet":            {"spec", "template"},
	"ReplicationController": {"spec", "template"},
	"Job":                   {"spec", "template"},
	"CronJob":               {"spec", "jobTemplate", "spec", "template"},
	"DeploymentConfig":      {"spec", "template"},
	"Rollout":               {"spec", "template"},
}

// newWorkloads returns the pods that o carries. Helm tests are no workloads.
func newWorkloads(o *manifests.Object) []*Workload {
	if isHelmTest(o) {
		return nil
	}
	path, known := podTemplates[o.Kind]
	if o.Kind == "Service" && o.Group() == "serving.knative.dev" {
		path, known = []string{"spec", "template"}, true
	}
	if !known {
		return nil
	}
	template := o.Field().Get(path...)
	spec := template.Get("spec")
	if !spec.IsMap() {
		return nil
	}
	return []*Workload{{Object: o, Meta: template.Get("metadata"), Spec: spec, Containers: containers(spec)}}
}

func containers(spec manifests.Field) []Container {
	var found []Container
	add := func(key string, kind ContainerKind) {
		for _, item := range spec.Get(key).Items() {
			c := Container{Field: item, Kind: kind, Name: item.Get("name").Text(), pod: spec}
			if kind == InitContainer && item.Get("restartPolicy").Text() == "Always" {
				c.Kind = SidecarContainer
			}
			found = append(found, c)
		}
	}
	add("initContainers", InitContainer)
	add("containers", RegularContainer)
	add("ephemeralContainers", EphemeralContainer)
	return found
}

// isHelmTest reports whether o is a Helm test, which runs only when asked to.
func isHelmTest(o *manifests.Object) bool {
	for _, event := range strings.Split(o.Hook, ",") {
		switch strings.TrimSpace(event) {
		case "test", "test-success", "test-failure":
			return true
		}
	}
	return false
}
