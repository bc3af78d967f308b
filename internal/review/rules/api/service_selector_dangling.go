package api

import "github.com/landwaiter/landwaiter/internal/review"

var serviceSelectorDangling = review.Rule{
	ID: "service-selector-dangling", Level: review.Warning,
	Summary: "A Service selects no pods of what is rendered with it",
	Kinds:   []string{"Service"},
	Params:  newElsewhere,
	Check:   checkServiceSelectorDangling,
}

func checkServiceSelectorDangling(p *review.Pass) {
	o, selector := p.Object, p.Object.Field().Get("spec", "selector")
	if o.Group() != "" || len(selector.Entries()) == 0 || o.Field().Get("spec", "type").Text() == "ExternalName" ||
		review.Params[elsewhere](p).has("Service", p.Root.Namespace(o), o.Name) {
		return
	}
	if at, why, yes := (choice{selector, true}).dangles(p); yes {
		p.Report(at, "service %s selects no pods, %s", o.Name, why).
			Detail("The Service has no endpoints: whoever calls it gets no answer.")
	}
}
