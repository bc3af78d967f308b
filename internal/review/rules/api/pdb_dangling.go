package api

import "github.com/landwaiter/landwaiter/internal/review"

var pdbDangling = review.Rule{
	ID: "pdb-dangling", Level: review.Warning,
	Summary: "A disruption budget selects no pods of what is rendered with it",
	Kinds:   []string{"PodDisruptionBudget"},
	Params:  newElsewhere,
	Check:   checkPDBDangling,
}

func checkPDBDangling(p *review.Pass) {
	o, selector := p.Object, p.Object.Field().Get("spec", "selector")
	if !selector.IsMap() || review.Params[elsewhere](p).has(o.Kind, p.Root.Namespace(o), o.Name) {
		return
	}
	if at, why, yes := (choice{selector, false}).dangles(p); yes {
		p.Report(at, "disruption budget %s selects no pods, %s", o.Name, why).
			Detail("The pods that are meant are not protected when nodes are drained.")
	}
}
