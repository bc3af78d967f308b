package pod

import (
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
)

var probeHost = review.Rule{
	ID: "probe-host", Level: review.Warning, Guidelines: []string{"G1"},
	Summary: "A probe or lifecycle handler asks a host of its own choice",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Check:   checkProbeHost,
}

func checkProbeHost(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		for _, host := range standard.Hosts(c) {
			p.Report(host, "%s has kubelet ask the host %s", c.Title(), host.Text()).
				Detail("Kubelet sends the request from the node, past every network policy: whoever writes the manifest can probe what only nodes reach. Without a host it is the pod itself that is asked.").
				Fix("Ask the pod itself", review.Remove(host)).Unsafe()
		}
	}
}
