package reliability

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var topologySpread = review.Rule{
	ID: "topology-spread", Level: review.Info,
	Summary: "Several pods of a workload may all lie in one zone",
	Kinds:   replicated,
	Check:   checkTopologySpread,
}

func checkTopologySpread(p *review.Pass) {
	pods := p.Root.Workloads(p.Object)
	n, ok := steadyReplicas(p, p.Object)
	if len(pods) == 0 || !ok || n < 2 || keepsZonesApart(pods[0]) {
		return
	}
	p.Report(pods[0].Get("topologySpreadConstraints"), "%s %s does not spread its %d pods over zones", p.Object.Kind, p.Object.Name, n).
		Detail("They may all lie in one zone, and then that zone's failure stops them all.")
}

// keepsZonesApart reports whether a pod spreads over anything, or keeps away from its like by zone.
func keepsZonesApart(pod *review.Workload) bool {
	if len(pod.Get("topologySpreadConstraints").Items()) > 0 {
		return true
	}
	anti := pod.Get("affinity", "podAntiAffinity")
	for _, term := range anti.Get("requiredDuringSchedulingIgnoredDuringExecution").Items() {
		if strings.HasSuffix(term.Get("topologyKey").Text(), "/zone") {
			return true
		}
	}
	for _, term := range anti.Get("preferredDuringSchedulingIgnoredDuringExecution").Items() {
		if strings.HasSuffix(term.Get("podAffinityTerm", "topologyKey").Text(), "/zone") {
			return true
		}
	}
	return false
}
