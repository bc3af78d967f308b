package kops

import "github.com/landwaiter/landwaiter/internal/review"

var kopsMetadata = review.Rule{
	ID: "kops-metadata", Level: review.Error, Guidelines: []string{"G10"},
	Summary: "Pods can ask a machine's metadata service for its cloud role",
	Kinds:   []string{cluster, instanceGroup},
	Check:   checkKopsMetadata,
}

func checkKopsMetadata(p *review.Pass) {
	metadata := spec(p).Get("instanceMetadata")
	if at := metadata.Get("httpTokens"); at.IsSet() && at.Text() != "required" {
		p.Report(at, "%s %s answers metadata requests without a token", p.Object.Kind, p.Object.Name).
			Detail("A program that can be made to fetch an address, as many can, then hands out the credentials of the node's cloud role.").
			Fix("Require tokens", review.Set(at, "required")).Unsafe()
	}
	if at := metadata.Get("httpPutResponseHopLimit"); at.IsSet() {
		if n, ok := at.Int(); ok && n > 1 {
			p.Report(at, "%s %s lets metadata answers travel %d hops", p.Object.Kind, p.Object.Name, n).
				Detail("One hop ends on the machine. With more they reach pods, which are one hop further, and with them the node's cloud role.").
				Fix("Keep answers on the machine", review.Set(at, 1)).Unsafe()
		}
	}
}
