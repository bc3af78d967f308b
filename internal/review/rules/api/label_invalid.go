package api

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

var labelInvalid = review.Rule{
	ID: "label-invalid", Level: review.Warning,
	Summary: "A label or annotation is not written as Kubernetes takes them",
	Kinds:   []string{review.AnyKind},
	Check:   checkLabelInvalid,
}

func checkLabelInvalid(p *review.Pass) {
	if ofProgram(p.Object) {
		return
	}
	root := p.Object.Field()
	checkMeta(p, root.Get("metadata"))
	for _, pod := range p.Root.Workloads(p.Object) {
		if pod.Meta.Path() != "metadata" {
			checkMeta(p, pod.Meta)
		}
		checkLabels(p, "node label", pod.Spec.Get("nodeSelector"))
	}
	if p.Object.Kind == "Service" && p.Object.Group() == "" {
		checkLabels(p, "label", root.Get("spec", "selector"))
	}
	checkLabels(p, "label", root.Get("spec", "selector", "matchLabels"))
}

func checkMeta(p *review.Pass, meta manifests.Field) {
	checkLabels(p, "label", meta.Get("labels"))
	for _, e := range meta.Get("annotations").Entries() {
		checkKey(p, "annotation", e, strings.ToLower(e.Key)) // as the API server does
	}
}

func checkLabels(p *review.Pass, what string, labels manifests.Field) {
	for _, e := range labels.Entries() {
		checkKey(p, what, e, e.Key)
		if value := e.Value; !kubeapi.HasPlaceholder(value) {
			if says := validation.IsValidLabelValue(value.Text()); len(says) > 0 {
				p.Report(value, "%s %s has a value that is not allowed: %s", what, e.Key, firstSentence(says[0])).
					Detail("The API server refuses the object.")
			}
		}
	}
}

func checkKey(p *review.Pass, what string, e manifests.Entry, key string) {
	if strings.ContainsAny(key, "${}<>") { // filled in later
		return
	}
	if says := validation.IsQualifiedName(key); len(says) > 0 {
		p.Report(e.Value, "%s %s has a name that is not allowed: %s", what, e.Key, firstSentence(says[0])).
			Detail("The API server refuses the object.")
	}
}

// firstSentence cuts examples and patterns off what Kubernetes says.
func firstSentence(says string) string {
	says, _, _ = strings.Cut(says, " (e.g.")
	return says
}
