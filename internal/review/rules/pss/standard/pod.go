package standard

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
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
	whole      corev1.PodSpec     // with everything in it; the checks treat containers of every kind alike
}

// What the standards judge; everything else is left out.
var (
	judgedOfPods       = []string{"securityContext", "hostNetwork", "hostPID", "hostIPC", "hostUsers", "os"}
	judgedOfContainers = []string{"securityContext", "ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"}
)

func decodePod(w *review.Workload) *pod {
	p := &pod{workload: w, spec: decodeSpec(w)}
	if annotations := w.Meta.Get("annotations"); annotations.Exists() {
		p.meta = decodeValue[metav1.ObjectMeta](map[string]any{"annotations": plain(annotations)})
	}
	for _, v := range w.List("volumes") {
		volume := decodeVolume(v)
		if volume.VolumeSource == (corev1.VolumeSource{}) {
			volume.EmptyDir = &corev1.EmptyDirVolumeSource{} // the API server's default
		}
		p.volumes = append(p.volumes, volume)
	}
	for _, c := range w.Containers {
		container := decodeContainer(c.Field)
		container.Name = c.Name
		p.containers = append(p.containers, container)
	}
	p.whole = p.spec
	p.whole.Volumes, p.whole.Containers = p.volumes, p.containers
	return p
}

// decodeSpec reads what the pod itself says and takes over, without containers and volumes.
func decodeSpec(w *review.Workload) corev1.PodSpec {
	values := map[string]any{}
	for _, key := range judgedOfPods {
		if at := w.Get(key); at.IsSet() {
			values[key] = plain(at)
		}
	}
	return decodeValue[corev1.PodSpec](values)
}

// decodeContainer reads a container, without its name.
func decodeContainer(at manifests.Field) corev1.Container {
	values := map[string]any{}
	for _, key := range judgedOfContainers {
		if judged := at.Get(key); judged.IsSet() {
			values[key] = plain(judged)
		}
	}
	return decodeValue[corev1.Container](values)
}

// bare returns the spec without the pod's security context, containers and volumes, and with what change adds.
func (p *pod) bare(change func(*corev1.PodSpec)) *corev1.PodSpec {
	spec := &corev1.PodSpec{OS: p.spec.OS, HostUsers: p.spec.HostUsers}
	change(spec)
	return spec
}

// decodeVolume reads a volume. Of those that hold nothing of the node only their kind is judged.
func decodeVolume(at manifests.Field) corev1.Volume {
	var volume corev1.Volume
	for _, e := range at.Entries() {
		switch {
		case e.Key == "name":
			name, isText := plain(e.Value).(string)
			if !isText {
				return decodeValue[corev1.Volume](plain(at))
			}
			volume.Name = name
		case !e.Value.IsMap() || !isOf(&volume, e.Key):
			return decodeValue[corev1.Volume](plain(at))
		}
	}
	return volume
}

// isOf makes a volume one of a kind that holds nothing of the node, and reports whether the key names such a kind.
func isOf(volume *corev1.Volume, key string) bool {
	switch key {
	case "configMap":
		volume.ConfigMap = &corev1.ConfigMapVolumeSource{}
	case "downwardAPI":
		volume.DownwardAPI = &corev1.DownwardAPIVolumeSource{}
	case "emptyDir":
		volume.EmptyDir = &corev1.EmptyDirVolumeSource{}
	case "persistentVolumeClaim":
		volume.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{}
	case "projected":
		volume.Projected = &corev1.ProjectedVolumeSource{}
	case "secret":
		volume.Secret = &corev1.SecretVolumeSource{}
	default:
		return false
	}
	return true
}

// decodeValue reads a value into a type of the Kubernetes API as the API server does, case-sensitively, leaving out
// what does not fit the type.
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
	if kubeapi.HasEndless(value) {
		return kubeapi.ErrEndless
	}
	if values, ok := value.(map[string]any); ok && len(values) == 0 {
		return nil
	}
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
