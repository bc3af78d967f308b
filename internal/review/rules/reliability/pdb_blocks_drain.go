package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var pdbBlocksDrain = review.Rule{
	ID: "pdb-blocks-drain", Level: review.Warning,
	Summary: "A disruption budget allows no disruption at all",
	Kinds:   []string{"PodDisruptionBudget"},
	Check:   checkPDBBlocksDrain,
}

const blocksDetail = "Its pods can never be evicted, so that no node they are on can be drained: upgrades and autoscalers wait for ever, until somebody removes the budget."

func checkPDBBlocksDrain(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	most, least := spec.Get("maxUnavailable"), spec.Get("minAvailable")
	switch {
	case most.Text() == "0" || most.Text() == "0%":
		p.Report(most, "budget %s lets no pod be away", p.Object.Name).Detail(blocksDetail).
			Fix("let one pod be away", review.Set(most, 1)).Unsafe()
	case least.Text() == "100%":
		p.Report(least, "budget %s lets no pod be away", p.Object.Name).Detail(blocksDetail)
	default:
		n, ok := least.Int()
		for _, o := range budgeted(p, p.Object) {
			if pods, known := steadyReplicas(p, o); ok && known && n == pods {
				p.Report(least, "budget %s asks for all %d pods of %s %s", p.Object.Name, pods, o.Kind, o.Name).Detail(blocksDetail)
				return
			}
		}
	}
}
