package image

import (
	"path"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var tiller = review.Rule{
	ID: "tiller", Level: review.Error, Guidelines: []string{"G11", "G7"},
	Summary: "Helm 2's Tiller runs in the cluster",
	Kinds:   []string{review.Workloads, "Service"},
	Check:   checkTiller,
}

const tillerDetail = "Tiller takes orders from whoever reaches its port, without asking who it is, and carries them out with its own rights, mostly those of an administrator. Helm 2 ended in November 2020; Helm 3 and later need nothing in the cluster."

func checkTiller(p *review.Pass) {
	if p.Pod == nil {
		selector := p.Object.Field().Get("spec", "selector")
		if selector.Get("app").Text() == "helm" && selector.Get("name").Text() == "tiller" {
			p.Report(selector, "service %s opens Tiller to the cluster", p.Object.Name).Detail(tillerDetail)
		}
		return
	}
	each(p, func(u review.ImageField, ref images.Reference) {
		if path.Base(ref.Repository) == "tiller" {
			p.Report(u.Field, "%s runs Tiller, the server of Helm 2", u.Title).Detail(tillerDetail)
		}
	})
}
