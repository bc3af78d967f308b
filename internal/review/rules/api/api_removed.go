package api

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

var apiRemoved = review.Rule{
	ID: "api-removed", Level: review.Error, Guidelines: []string{"G31"},
	Summary:     "The target Kubernetes version does not serve the object's API version",
	Kinds:       []string{review.AnyKind},
	Definitions: true,
	Check:       checkAPIRemoved,
}

func checkAPIRemoved(p *review.Pass) {
	o := p.Object
	switch is, since := standingOf(p, o); is {
	case removed:
		reportUnserved(p, fmt.Sprintf("Kubernetes %s does not serve %s", p.Kube, title(o)), fmt.Sprintf(
			"It is gone since Kubernetes 1.%d: the API server refuses the object, and what is in the cluster already can no longer be updated from here.", since))
	case early:
		if newest := kubeapi.Minors(); p.Kube.Minor < newest[len(newest)-1] { // of versions to come nobody knows when
			reportUnserved(p, fmt.Sprintf("Kubernetes %s does not serve %s yet", p.Kube, title(o)),
				fmt.Sprintf("It comes with Kubernetes 1.%d, and the target version is older: the API server refuses the object.", since))
		}
	case never:
		reportUnserved(p, "no Kubernetes version serves "+title(o), "The API server refuses the object.")
	case defined:
		checkDefinedVersion(p)
	}
}

// reportUnserved says that a version is not served, and what to write instead.
func reportUnserved(p *review.Pass, message, consequence string) {
	instead, ok := replacement(api(p), p.Object)
	if !ok {
		p.Report(p.Object.Field().Get("kind"), "%s", message).Detail("%s There is nothing of the kind to take its place.", consequence)
		return
	}
	d := p.Report(p.Object.Field().Get("apiVersion"), "%s: write %s", message, nameOf(instead, p.Object.Kind)).Detail("%s", consequence)
	fixVersion(p, d, instead)
}

// nameOf names a replacement: its version, and its kind where that is another.
func nameOf(k kubeapi.Kind, kind string) string {
	if k.Name != kind {
		return k.APIVersion + " " + k.Name
	}
	return k.APIVersion
}

// fixVersion offers to write the version that takes the place of an object's, when the object is right by its schema too.
func fixVersion(p *review.Pass, d *review.Draft, instead kubeapi.Kind) {
	o := p.Object
	if instead.Name != o.Kind {
		return
	}
	now := api(p).Schema(instead.APIVersion, instead.Name)
	if found, complete := now.Check(o.Field()); len(found) > 0 || !complete {
		return
	}
	d.Fix("Write "+instead.APIVersion, review.Set(o.Field().Get("apiVersion"), instead.APIVersion))
	if !meansTheSame(p) {
		d.Unsafe()
	}
}

// meansTheSame reports whether a version and the one that replaces it fill the same in where fields are left open, so
// that nothing but the name of the version changes.
func meansTheSame(p *review.Pass) bool {
	o := p.Object
	switch o.Group() {
	case "rbac.authorization.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "coordination.k8s.io", "node.k8s.io", "apiregistration.k8s.io":
		return true
	case "batch":
		return o.Kind == "CronJob"
	case "autoscaling":
		return o.APIVersion == "autoscaling/v2beta2"
	case "extensions":
		return o.Kind == "NetworkPolicy"
	case "networking.k8s.io":
		return o.Kind == "IngressClass"
	case "policy": // an empty selector selected nothing, and selects every pod now
		selector := o.Field().Get("spec", "selector")
		return len(selector.Get("matchLabels").Entries())+len(selector.Get("matchExpressions").Items()) > 0
	}
	return false
}

// checkDefinedVersion looks for the version of a custom object among those that its definition serves. A definition of
// another root may be older than the cluster's, so that it is only believed on versions that it has.
func checkDefinedVersion(p *review.Pass) {
	o := p.Object
	var serves []string
	for _, d := range definitionsOf(p, o) {
		v := d.Version(versionOf(o))
		if v != nil && v.Served || v == nil && p.Index.View(d.Object) != p.Root {
			return
		}
		for _, other := range d.Versions {
			if other.Served {
				serves = append(serves, d.Group+"/"+other.Name)
			}
		}
	}
	if len(serves) == 0 {
		return // patches of definitions, and such as are being removed
	}
	p.Report(o.Field().Get("apiVersion"), "the definition of %s does not serve %s: write %s", o.Kind, o.APIVersion, strings.Join(serves, " or ")).
		Detail("The API server refuses the object.")
}
