package pod

import "github.com/landwaiter/landwaiter/internal/review"

var hostPort = review.Rule{
	ID: "host-port", Level: review.Error, Guidelines: []string{"G1", "G17"},
	Summary: "A container takes a port of the node",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Check:   checkHostPort,
}

func checkHostPort(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		for _, port := range c.Get("ports").Items() {
			field := port.Get("hostPort")
			if n, ok := field.Int(); ok && n != 0 {
				p.Report(field, "%s takes port %d of the node", c.Title(), n).
					Detail("Whoever reaches the node reaches the container, past Services and their rules, and only one pod of the kind fits on a node.").
					Fix("Remove hostPort", review.Remove(field)).Unsafe()
			}
		}
	}
}
