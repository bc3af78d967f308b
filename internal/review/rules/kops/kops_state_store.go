package kops

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsStateStore = review.Rule{
	ID: "kops-state-store", Level: review.Error, Guidelines: []string{"G24", "G27"},
	Summary:   "The keys of a cluster are kept where they are read on the way, or by everybody",
	Kinds:     []string{cluster},
	Terraform: true,
	Check:     checkKopsStateStore,
	CheckRoot: checkStateBuckets,
}

func checkKopsStateStore(p *review.Pass) {
	for _, place := range []struct{ alpha2, alpha3 []string }{
		{[]string{"configBase"}, []string{"configStore", "base"}},
		{[]string{"keyStore"}, []string{"configStore", "keypairs"}},
		{[]string{"secretStore"}, []string{"configStore", "secrets"}},
	} {
		at := moved(p, place.alpha2, place.alpha3)
		if scheme, _, _ := strings.Cut(strings.ToLower(at.Text()), "://"); scheme == "http" || scheme == "ftp" {
			p.Report(at, "cluster %s keeps its state where it travels in the clear", p.Object.Name).
				Detail("The private keys of the cluster's authorities and its secrets are in it. Who sees them pass can make a certificate for any user.")
		}
	}
}
