package api

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

// checkRefused reports what no schema says and the API server refuses all the same: its own validation, which is code
// (pkg/apis/*/validation of Kubernetes). Only what is refused of every cluster is looked at, whatever its settings.
func checkRefused(p *review.Pass) {
	checkObjectName(p)
	spec := p.Object.Field().Get("spec")
	for _, pod := range p.Root.Workloads(p.Object) {
		checkRestart(p, pod)
		checkVolumes(p, pod)
		checkContainers(p, pod)
	}
	switch p.Object.Kind {
	case "Deployment":
		checkEmptySelector(p, spec)
		checkStrategy(p, spec)
	case "StatefulSet", "DaemonSet", "ReplicaSet":
		checkEmptySelector(p, spec)
	case "CronJob":
		checkSchedule(p, spec.Get("schedule"))
	case "Service":
		checkServiceSpec(p, spec)
	case "Ingress":
		checkIngressSpec(p, spec)
	case "NetworkPolicy":
		checkPolicySpec(p, spec)
	case "PodDisruptionBudget":
		if spec.Get("minAvailable").IsSet() && spec.Get("maxUnavailable").IsSet() {
			refuse(p, spec.Get("maxUnavailable"), "spec.maxUnavailable stands beside minAvailable, of which a budget has one")
		}
	case "ConfigMap", "Secret":
		checkDataKeys(p)
	case "RoleBinding", "ClusterRoleBinding":
		checkSubjects(p)
	}
}

// refuse reports a field that the API server refuses the object for, unless what stands there is filled in later.
func refuse(p *review.Pass, at manifests.Field, format string, args ...any) *review.Draft {
	if kubeapi.HasPlaceholder(at) {
		return &review.Draft{}
	}
	return p.Report(at, format, args...).Detail("The API server refuses the object.")
}

// namedStrictly are the kinds whose names are DNS names: true for a single label of one.
var namedStrictly = map[string]bool{
	"Pod": false, "Deployment": false, "StatefulSet": false, "DaemonSet": false, "ReplicaSet": false, "ReplicationController": false,
	"Job": false, "CronJob": false, "ConfigMap": false, "Secret": false, "ServiceAccount": false, "PersistentVolumeClaim": false,
	"PersistentVolume": false, "Ingress": false, "IngressClass": false, "NetworkPolicy": false, "HorizontalPodAutoscaler": false,
	"PodDisruptionBudget": false, "StorageClass": false, "PriorityClass": false, "ResourceQuota": false, "LimitRange": false,
	"Service": true, "Namespace": true,
}

// cronJobName is how long the name of a CronJob may be: its Jobs' names have eleven letters more.
const cronJobName = 52

func checkObjectName(p *review.Pass) {
	o, name := p.Object, p.Object.Field().Get("metadata", "name")
	label, ok := namedStrictly[o.Kind]
	if !ok || name.Text() == "" {
		return
	}
	says := validation.IsDNS1123Subdomain(name.Text())
	if label {
		says = validation.IsDNS1123Label(name.Text())
	}
	switch {
	case len(says) > 0:
		refuse(p, name, "metadata.name %q is no name of a %s: %s", clip(name.Text()), o.Kind, firstSentence(says[0]))
	case o.Kind == "CronJob" && len(name.Text()) > cronJobName:
		refuse(p, name, "metadata.name of a CronJob has at most %d letters", cronJobName)
	}
}

// checkRestart holds a template's restart policy against its owner's: what a controller keeps running always restarts, and
// what a Job runs may not.
func checkRestart(p *review.Pass, pod *review.Workload) {
	policy := pod.Spec.Get("restartPolicy")
	switch text := policy.Text(); p.Object.Kind {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController":
		if text == "OnFailure" || text == "Never" {
			refuse(p, policy, "restartPolicy %s is none for a %s, whose pods always restart", text, p.Object.Kind)
		}
	case "Job", "CronJob":
		if text == "Always" || !policy.IsSet() {
			refuse(p, policy, "restartPolicy of a %s has to be OnFailure or Never", p.Object.Kind)
		}
	}
}

// checkVolumes reports mounts of volumes that the pod does not have, and volumes of two kinds at once.
func checkVolumes(p *review.Pass, pod *review.Workload) {
	names := volumeNames{}
	for _, v := range pod.Spec.Get("volumes").Items() {
		names.take(v.Get("name"))
		if sources := sourcesOf(v); len(sources) > 1 {
			refuse(p, sources[1], "volume %s has two sources, %s and %s", v.Get("name").Text(), lastKey(sources[0]), lastKey(sources[1]))
		}
	}
	for _, t := range p.Object.Field().Get("spec", "volumeClaimTemplates").Items() {
		names.take(t.Get("metadata", "name"))
	}
	if names.open || p.Object.Kind == "Pod" && injects(pod) {
		return // volumes are put in before anybody looks
	}
	for _, c := range pod.Containers {
		for _, key := range []string{"volumeMounts", "volumeDevices"} {
			for _, mount := range c.Get(key).Items() {
				names.check(p, c, mount.Get("name"))
			}
		}
	}
}

// volumeNames are the names of a pod's volumes.
type volumeNames struct {
	nameSet

	open bool // some are filled in later
}

func (n *volumeNames) take(name manifests.Field) {
	n.add(name.Text())
	n.open = n.open || kubeapi.HasPlaceholder(name)
}

func (n *volumeNames) check(p *review.Pass, c review.Container, name manifests.Field) {
	if name.Text() == "" || n.has[name.Text()] {
		return
	}
	meant := n.meant(name.Text())
	d := refuse(p, name, "%s mounts volume %s, which the pod does not have%s", c.Title(), clip(name.Text()), isMeant(meant))
	if meant != "" {
		d.Fix("Name volume "+meant, review.Set(name, meant)).Unsafe()
	}
}

// sourcesOf are the fields of a volume, or of a variable's valueFrom, that say where it comes from.
func sourcesOf(v manifests.Field) (sources []manifests.Field) {
	for _, e := range v.Entries() {
		if e.Key != "name" && e.Value.IsSet() {
			sources = append(sources, e.Value)
		}
	}
	return sources
}

// lastKey is the last key of a field's path.
func lastKey(f manifests.Field) string {
	return f.Path()[strings.LastIndexByte(f.Path(), '.')+1:]
}
