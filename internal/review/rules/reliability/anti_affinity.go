package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var antiAffinity = review.Rule{
	ID: "anti-affinity", Level: review.Info,
	Summary: "Several pods of a workload may all lie on one node",
	Kinds:   replicated,
	Check:   checkAntiAffinity,
}

func checkAntiAffinity(p *review.Pass) {
	pods := p.Root.Workloads(p.Object)
	n, ok := steadyReplicas(p, p.Object)
	if len(pods) == 0 || !ok || n < 2 || spreads(pods[0]) {
		return
	}
	p.Report(pods[0].Get("affinity", "podAntiAffinity"), "%s %s does not keep its %d pods on different nodes", p.Object.Kind, p.Object.Name, n).
		Detail("Nothing stops the scheduler from putting them all on one node, and then one node's failure stops them all.")
}

// spreads reports whether a pod says anything of where its like should be.
func spreads(pod *review.Workload) bool {
	return pod.Get("affinity", "podAntiAffinity").IsSet() || len(pod.Get("topologySpreadConstraints").Items()) > 0
}
