package kops

import "github.com/landwaiter/landwaiter/internal/review"

var kopsServiceAccountIssuer = review.Rule{
	ID: "kops-service-account-issuer", Level: review.Warning, Guidelines: []string{"G10"},
	Summary: "Programs share the cloud role of their node",
	Kinds:   []string{cluster},
	Check:   checkKopsServiceAccountIssuer,
}

func checkKopsServiceAccountIssuer(p *review.Pass) {
	iam := spec(p).Get("iam")
	if at := iam.Get("legacy"); at.True() {
		p.Report(at, "cluster %s has cloud roles of the old kind, which may do nearly everything", p.Object.Name).
			Detail("They let every node read and write far more than its part of the cloud. Current versions of kops no longer make them.").
			Fix("Use the narrow roles", review.Remove(at)).Unsafe()
	}
	if at := iam.Get("useServiceAccountExternalPermissions"); at.False() || onAWS(p) && !at.True() {
		p.Report(at, "cluster %s gives its add-ons no cloud roles of their own", p.Object.Name).
			Detail("They use the node's then, and so can every other pod of it. With an issuer that the cloud can look up (serviceAccountIssuerDiscovery) each service account has its own role.")
	}
}
