package standard

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/json"
)

// pod is a workload in the types that the checks read, taken apart so that its parts can be judged alone.
type pod struct {
	workload   *review.Workload
	meta       metav1.ObjectMeta
	spec       corev1.PodSpec     // without containers and volumes
	volumes    []corev1.Volume    // in the order of workload.List("volumes")
	containers []corev1.Container // in the order of workload.Containers
}

// notOfContainers are fields that are long or in every container, and no matter of the standards, which are about what a
// container may do to its node.
var notOfContainers = []string{"env", "envFrom", "image", "imagePullPolicy", "command", "args", "workingDir", "resources", "volumeMounts"}

func decodePod(w *review.Workload) *pod {
	p := &pod{workload: w, meta: decode[metav1.ObjectMeta](w.Meta, "labels", "managedFields")}
	p.spec = decodeSpec(w)
	for _, v := range w.List("volumes") {
		volume := decode[corev1.Volume](v)
		if volume.VolumeSource == (corev1.VolumeSource{}) {
			volume.EmptyDir = &corev1.EmptyDirVolumeSource{} // the API server's default
		}
		p.volumes = append(p.volumes, volume)
	}
	for _, c := range w.Containers {
		container := decode[corev1.Container](c.Field, notOfContainers...)
		container.Name = c.Name
		p.containers = append(p.containers, container)
	}
	return p
}

// decodeSpec reads what the pod itself says and takes over, without containers and volumes.
func decodeSpec(w *review.Workload) corev1.PodSpec {
	values := map[string]any{}
	for _, e := range w.Spec.Entries() {
		switch e.Key {
		case "volumes", "containers", "initContainers", "ephemeralContainers", "affinity", "tolerations", "nodeSelector", "topologySpreadConstraints", "imagePullSecrets":
		default:
			values[e.Key] = plain(e.Value)
		}
	}
	for _, key := range []string{"securityContext", "hostNetwork", "hostPID", "hostIPC", "hostUsers", "os"} {
		values[key] = plain(w.Get(key))
	}
	return decodeValue[corev1.PodSpec](values)
}

// whole returns the spec with everything in it. The checks treat containers of every kind alike.
func (p *pod) whole() *corev1.PodSpec {
	spec := p.spec
	spec.Volumes, spec.Containers = p.volumes, p.containers
	return &spec
}

// bare returns the spec without the pod's security context, containers and volumes, and with what change adds.
func (p *pod) bare(change func(*corev1.PodSpec)) *corev1.PodSpec {
	spec := &corev1.PodSpec{OS: p.spec.OS, HostUsers: p.spec.HostUsers}
	change(spec)
	return spec
}

// decode reads a field into a type of the Kubernetes API as the API server does, case-sensitively, leaving out
// what does not fit the type, and the keys that are not wanted.
func decode[T any](f manifests.Field, without ...string) T {
	if !f.IsMap() {
		return decodeValue[T](plain(f))
	}
	values := make(map[string]any, len(f.Node().Content)/2)
	for _, e := range f.Entries() {
		if !slices.Contains(without, e.Key) {
			values[e.Key] = plain(e.Value)
		}
	}
	return decodeValue[T](values)
}

func decodeValue[T any](value any) T {
	var decoded T
	if unmarshal(value, &decoded) == nil {
		return decoded
	}
	fits := func(v any) error {
		var probe T
		return unmarshal(v, &probe)
	}
	var pruned T
	if kept := prune(value, fits); kept != nil {
		_ = unmarshal(kept, &pruned) // prune has seen to it that it fits
	}
	return pruned
}

func unmarshal(value, into any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// prune returns the largest part of a value that fits; nil when nothing does.
func prune(value any, fits func(any) error) any {
	if fits(value) == nil {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for key, child := range value {
			if part := prune(child, func(v any) error { return fits(map[string]any{key: v}) }); part != nil {
				kept[key] = part
			}
		}
		if fits(kept) == nil {
			return kept
		}
	case []any:
		kept := []any{}
		for _, child := range value {
			if part := prune(child, func(v any) error { return fits([]any{v}) }); part != nil {
				kept = append(kept, part)
			}
		}
		if fits(kept) == nil {
			return kept
		}
	}
	return nil
}

// plain returns a field as the values that JSON knows.
func plain(f manifests.Field) any {
	switch {
	case f.IsMap():
		m := make(map[string]any, len(f.Node().Content)/2)
		for _, e := range f.Entries() {
			m[e.Key] = plain(e.Value)
		}
		return m
	case f.IsList():
		list := []any{}
		for _, item := range f.Items() {
			list = append(list, plain(item))
		}
		return list
	case !f.IsSet():
		return nil
	}
	return scalar(f)
}

func scalar(f manifests.Field) any {
	if b, ok := f.Bool(); ok {
		return b
	}
	if n, ok := f.Int(); ok {
		return n
	}
	if f.Node().Kind == yaml.ScalarNode && f.Node().Tag == "!!float" {
		var x float64
		if f.Decode(&x) == nil {
			return x
		}
	}
	return f.Text()
}
