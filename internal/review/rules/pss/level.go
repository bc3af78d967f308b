package pss

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
	"k8s.io/pod-security-admission/api"
)

// checkLevel reports every field at which a pod fails a level of the standards.
func checkLevel(p *review.Pass, level api.Level) {
	for _, v := range standard.Violations(p.Pod, level, standard.Version(p.Kube)) {
		d := p.Report(v.Field, "%s fails the check %s of the %s standard: %s", v.Subject, v.Check, level, wanted(v)).
			Detail("A namespace that enforces %s at Kubernetes %s refuses the pod: %s.", level, p.Kube, v.Says)
		if all, ok := lowerAll(v.Field); ok {
			d.Fix("Write ALL in capitals", review.Set(all, "ALL"))
		}
	}
}

// wants says what to write for a check, by its name before the standard's.
var wants = map[string]string{
	"privileged": "privileged may only be false", "allowPrivilegeEscalation": "allowPrivilegeEscalation has to be false",
	"procMount": "procMount may only be Default", "runAsNonRoot": "runAsNonRoot has to be true", "runAsUser": "runAsUser may not be 0",
	"windowsHostProcess": "hostProcess may only be false", "seccompProfile": "the profile has to be RuntimeDefault or Localhost",
	"appArmorProfile": "the profile may only be RuntimeDefault or Localhost", "seLinuxOptions": "leave user and role out, and the type to the runtime",
	"hostNamespaces": "the node's namespaces are not for pods", "hostPorts": "ports of the node are not for pods",
	"hostPathVolumes": "paths of the node are not for pods", "restrictedVolumes": "mount it by a persistentVolumeClaim",
	"sysctls": "only safe sysctls may be set", "hostProbesAndHostLifecycle": "leave the host out, which then is the pod",
}

// wanted returns what a violation asks for.
func wanted(v standard.Violation) string {
	name, level, _ := strings.Cut(v.Check, "_")
	if name == "seccompProfile" && level == "baseline" {
		return "the profile may not be Unconfined"
	}
	if want := wants[name]; want != "" {
		return want
	}
	_, lower := lowerAll(v.Field)
	switch adds := strings.Contains(v.Field.Path(), ".add["); {
	case adds && level == "restricted":
		return "nothing but NET_BIND_SERVICE may be added"
	case adds:
		return "it may not be added"
	case lower:
		return "ALL has to be written in capitals"
	case name == "capabilities":
		return "drop has to name ALL"
	}
	return v.Says
}

// lowerAll finds the item of a list of capabilities that means ALL, and is not written so as admission reads it.
func lowerAll(drop manifests.Field) (manifests.Field, bool) {
	for _, item := range drop.Items() {
		if text := item.Text(); strings.EqualFold(text, "ALL") {
			return item, text != "ALL"
		}
	}
	return manifests.Field{}, false
}

// enforceLabel returns the label by which a namespace enforces a level, which may be absent.
func enforceLabel(namespace *manifests.Object) manifests.Field {
	return namespace.Field().Get("metadata", "labels", api.EnforceLevelLabel)
}

// enforcedLevel returns the level that a namespace enforces; ok is false when it names none.
func enforcedLevel(namespace *manifests.Object) (level api.Level, ok bool) {
	text := enforceLabel(namespace).Text()
	if text == "" {
		return standard.Privileged, false
	}
	level, err := api.ParseLevel(text)
	return level, err == nil
}

// strictestFor returns the strictest level that the root's pods in a namespace meet; privileged when there are none
// to judge by.
func strictestFor(p *review.Pass, namespace string) api.Level {
	var pods []*review.Workload
	for _, o := range p.Root.Objects {
		if p.Root.Namespace(o) == namespace {
			pods = append(pods, p.Root.Workloads(o)...)
		}
	}
	if len(pods) == 0 {
		return standard.Privileged
	}
	return standard.Strictest(pods, standard.Version(p.Kube))
}

// offerLevel offers to enforce the strictest level that the pods of the namespace meet, where that is one at all.
func offerLevel(p *review.Pass, d *review.Draft) {
	if level := strictestFor(p, p.Object.Name); level != standard.Privileged {
		d.Fix("Enforce "+string(level)+", which the namespace's pods here meet",
			review.Set(enforceLabel(p.Object), string(level))).Unsafe()
	}
}
