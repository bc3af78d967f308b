package kops

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsMetadata = review.Rule{
	ID: "kops-metadata", Level: review.Error, Guidelines: []string{"G10"},
	Summary: "Pods can ask a machine's metadata service for its cloud role",
	Kinds:   []string{cluster, instanceGroup},
	Check:   checkKopsMetadata,
}

func checkKopsMetadata(p *review.Pass) {
	metadata := spec(p).Get("instanceMetadata")
	at, unsaid := metadata.Get("httpTokens"), ""
	if !at.IsSet() {
		unsaid = tokensOptional(p)
	}
	if at.IsSet() && at.Text() != "required" || unsaid != "" {
		p.Report(at, "%s %s answers metadata requests without a token%s", p.Object.Kind, p.Object.Name, unsaid).
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

// tokensRequired is the first minor version of Kubernetes for which kops requires tokens of groups that do not say.
//
// https://kops.sigs.k8s.io/releases/1.27-notes/
const tokensRequired = 27

// tokensOptional says why tokens are optional to a group that does not say: its cluster, as far as the repository has it,
// is one of AWS, and older than that.
func tokensOptional(p *review.Pass) string {
	if p.Object.Kind != "InstanceGroup" {
		return ""
	}
	name := p.Object.Field().Get("metadata", "labels").Get("kops.k8s.io/cluster").Text()
	for _, o := range slices.Concat(p.Root.OfKind("Cluster"), p.Index.OfKind("Cluster")) {
		of := o.Field().Get("spec")
		version, err := review.ParseKubeVersion(minorOf(of.Get("kubernetesVersion").Text()))
		if name != "" && o.Name == name && o.Group() == "kops.k8s.io" && err == nil && isAWS(of) && !version.AtLeast(tokensRequired) {
			return ", which is what kops makes of one that does not say with Kubernetes " + version.String()
		}
	}
	return ""
}
