package kops

import (
	"regexp"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsEdgeGroup = review.Rule{
	ID: "kops-edge-group", Level: review.Warning, Guidelines: []string{"G18"},
	Summary: "Edge nodes take any pod, or cannot be chosen",
	Kinds:   []string{instanceGroup},
	Check:   checkKopsEdgeGroup,
}

// edgeWord finds the word in names and labels: edge, ingress-edge, edge_eu1, but not knowledge.
var edgeWord = regexp.MustCompile(`(^|[^a-z])edge([^a-z]|$)`)

func checkKopsEdgeGroup(p *review.Pass) {
	labels, taints := spec(p).Get("nodeLabels"), spec(p).Get("taints")
	labelled := slices.ContainsFunc(labels.Entries(), func(e manifests.Entry) bool {
		return e.Key != "kops.k8s.io/instancegroup" && (edgeWord.MatchString(e.Key) || edgeWord.MatchString(e.Value.Text()))
	})
	if !labelled && !edgeWord.MatchString(p.Object.Name) || role(p) != "Node" {
		return
	}
	if len(taints.Items()) == 0 {
		p.Report(taints, "edge group %s has no taint", p.Object.Name).
			Detail("Any pod can land on the machines that face the internet, and whoever breaks into an edge finds it there.")
	}
	if !labelled {
		p.Report(labels, "edge group %s has no label to be chosen by", p.Object.Name).
			Detail("Ingress controllers and load balancers find the edge nodes by a label. Without one they are spread over all nodes.")
	}
}
