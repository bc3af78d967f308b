package change

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// refusedStatefulSet is what a StatefulSet's update refuses beyond single fields. Its limit of revisions may change from
// Kubernetes 1.33 on.
func refusedStatefulSet(c pair) []refusal {
	if c.pass.Kube.AtLeast(33) {
		return nil
	}
	return c.refused(frozen{path: "spec.revisionHistoryLimit", name: "limit of revisions", fills: defaults{"": "10"}})
}

// refusedJob follows ValidateJobSpecUpdate of pkg/apis/batch/validation. What schedules the pods of a job that has not
// started may change while it is suspended; from 1.36 on so may their resources.
func refusedJob(c pair) (all []refusal) {
	for _, f := range []frozen{
		{path: "spec.selector", name: "selector"},
		{path: "spec.completionMode", name: "completion mode", fills: defaults{"": "NonIndexed"}},
		{path: "spec.podFailurePolicy", name: "failure policy"},
		{path: "spec.backoffLimitPerIndex", name: "limit of failures per index"},
		{path: "spec.successPolicy", name: "success policy"},
		{path: "spec.managedBy", name: "controller"},
	} {
		all = append(all, c.refused(f)...)
	}
	all = append(all, c.refusedCompletions()...)
	fills := podTemplate()
	if c.was.Get("spec", "suspend").True() {
		fills = fills.without("metadata.labels", "metadata.annotations", "spec.nodeSelector", "spec.tolerations",
			"spec.affinity.nodeAffinity", "spec.schedulingGates")
		if c.pass.Kube.AtLeast(36) {
			fills = fills.without("spec.containers[].resources", "spec.initContainers[].resources")
		}
	}
	return append(all, c.refused(frozen{path: "spec.template", name: "pod template", fills: fills})...)
}

// refusedCompletions follows validateCompletions: the number of an Indexed job may change together with its parallelism.
func (c pair) refusedCompletions() []refusal {
	if c.now.Get("spec", "completionMode").Text() == "Indexed" {
		completions, known := c.now.Get("spec", "completions").Int()
		parallelism, also := c.now.Get("spec", "parallelism").Int()
		if known && also && completions == parallelism {
			return nil
		}
	}
	was, now := c.at("spec.completions")
	if !was.IsSet() || !now.IsSet() { // the default of one depends on the other's
		return nil
	}
	return c.refused(frozen{path: "spec.completions", name: "number of completions"})
}

// podChanges are the fields of a Pod that may change, or that admission fills in.
var podChanges = []string{
	"spec.containers[].image", "spec.initContainers[].image", "spec.activeDeadlineSeconds", "spec.tolerations",
	"spec.schedulingGates", "spec.ephemeralContainers", "spec.terminationGracePeriodSeconds",
	"spec.containers[].resources", "spec.initContainers[].resources", "spec.nodeName", "spec.priority",
	"spec.preemptionPolicy", "spec.nodeSelector", "spec.affinity.nodeAffinity",
}

// refusedPod follows ValidatePodUpdate of pkg/apis/core/validation, which lets few fields change. Static pods, which a
// kubelet reads from files, are made anew instead; those of the control plane are known by their place.
func refusedPod(c pair) []refusal {
	spec := c.now.Get("spec")
	if c.pass.Object.Namespace == "kube-system" && spec.Get("hostNetwork").True() {
		return nil
	}
	fills := podTemplate().without(podChanges...)
	fills["spec.serviceAccountName"] = "default"
	return c.refused(frozen{path: "spec", name: "specification", fills: fills.under("spec")})
}

// refusedDefinition follows ValidateCustomResourceDefinitionStoredVersions: a version that objects were stored in must
// stay, until a migration has struck it from the status.
func refusedDefinition(c pair) (all []refusal) {
	named := func(of manifests.Field, test func(manifests.Field) bool) (names []string) {
		for _, version := range of.Get("spec", "versions").Items() {
			if test(version) {
				names = append(names, version.Get("name").Text())
			}
		}
		return names
	}
	there := named(c.now, func(manifests.Field) bool { return true })
	if len(there) == 0 {
		return nil
	}
	for _, stored := range named(c.was, func(v manifests.Field) bool { return v.Get("storage").True() }) {
		if !slices.Contains(there, stored) {
			all = append(all, refusal{at: c.now.Get("spec", "versions"), name: "stored version " + stored,
				maybe: "unless every object was migrated and the version struck from status.storedVersions"})
		}
	}
	return all
}
