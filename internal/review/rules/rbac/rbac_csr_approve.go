package rbac

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/review"
)

var csrApprove = review.Rule{
	ID: "rbac-csr-approve", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A role can approve certificate requests",
	Kinds:   onRoles(),
	Check:   checkCSRApprove,
}

var approveCertificates = power{
	can: "approve certificate requests (%s)", verbs: []string{"update", "patch"}, named: review.Error,
	on: []resources{{group: "certificates.k8s.io", names: []string{"certificatesigningrequests/approval"}, cluster: true}},
}

// useSigners is the right that the API server asks for beside that on the request.
var useSigners = power{
	verbs: []string{"approve"}, named: review.Error,
	on: []resources{{group: "certificates.k8s.io", names: []string{"signers"}, cluster: true}},
}

func checkCSRApprove(p *review.Pass) {
	grants := grantsOf(p.Object)
	signers := signersOf(grants)
	for _, g := range grants {
		d := reportPower(p, g, approveCertificates, approveCertificates.hits(g))
		if d == nil {
			continue
		}
		d.Detail("%s %s", "A certificate for API clients names its user and groups itself: who approves requests can let one pass as any user that is bound to cluster-admin, and a certificate cannot be taken back before it ends. Only the group system:masters is refused by default.", holdersOf(p))
		if len(signers) > 0 && !harms(signers) {
			d.Lower(review.Warning)
		}
	}
}

// signersOf names the signers for which grants let the holder approve; none when a grant says them all, or none does.
func signersOf(grants []grant) (names []string) {
	for _, g := range grants {
		if len(useSigners.hits(g)) == 0 {
			continue
		}
		if !g.named() {
			return nil
		}
		for _, name := range g.names {
			names = append(names, name.Text())
		}
	}
	return names
}

// approvesClients reports whether grants let the holder approve for a signer whose certificates are those of users.
func approvesClients(grants []grant) bool {
	return slices.ContainsFunc(grants, func(g grant) bool {
		return len(useSigners.hits(g)) > 0 && (!g.named() || harms(signersOf([]grant{g})))
	})
}

// harms reports whether one of the signers makes certificates that the API server takes for those of users.
func harms(signers []string) bool {
	for _, name := range signers {
		switch name {
		case "kubernetes.io/kube-apiserver-client", "kubernetes.io/*", "kubernetes.io/kube-apiserver-client-kubelet":
			return true
		}
	}
	return false
}
