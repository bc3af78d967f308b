package kops

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsAdmission = review.Rule{
	ID: "kops-admission", Level: review.Warning, Guidelines: []string{"G26"},
	Summary: "Admission plug-ins that hold nodes and pods in check are off",
	Kinds:   []string{cluster},
	Check:   checkKopsAdmission,
}

// wanted are the plug-ins that a cluster has to have. kops and Kubernetes switch both on by default.
var wanted = [...]string{"NodeRestriction", "PodSecurity"}

func checkKopsAdmission(p *review.Pass) {
	api := spec(p).Get("kubeAPIServer")
	for _, item := range api.Get("disableAdmissionPlugins").Items() {
		if slices.Contains(wanted[:], item.Text()) {
			p.Report(item, "cluster %s switches off the admission plug-in %s", p.Object.Name, item.Text()).Detail("%s", lacking(item.Text()))
		}
	}
	// Where the list counts, it replaces that of kops, but not what Kubernetes itself switches on, as PodSecurity. Current
	// versions of kops put their own in its place, and add those of appendAdmissionPlugins.
	for _, key := range []string{"enableAdmissionPlugins", "admissionControl"} {
		list := api.Get(key)
		if len(list.Items()) > 0 && !slices.ContainsFunc(list.Items(), func(f manifests.Field) bool { return f.Text() == "NodeRestriction" }) {
			p.Report(list, "cluster %s lists its admission plug-ins without NodeRestriction", p.Object.Name).Detail("%s", lacking("NodeRestriction"))
		}
	}
}

func lacking(plugin string) string {
	if plugin == "NodeRestriction" {
		return "Without it a kubelet may change other nodes and their pods, so that one machine that is taken over takes over all."
	}
	return "Without it the labels that namespaces have for the Pod Security Standards do nothing."
}
