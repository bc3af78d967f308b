package kops

import (
	"regexp"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsBurstable = review.Rule{
	ID: "kops-burstable", Level: review.Info, Guidelines: []string{"G30"},
	Summary: "A group that always runs is of machines which are slowed down when they work",
	Kinds:   []string{instanceGroup},
	Check:   checkKopsBurstable,
}

// burstable are AWS's machine types that work on credit.
var burstable = regexp.MustCompile(`^t[1-9][a-z]*\.`)

func checkKopsBurstable(p *review.Pass) {
	least, written := spec(p).Get("minSize").Int() // kops makes one or two machines where it is left out
	if role(p) == "Bastion" || written && least == 0 {
		return
	}
	types := []manifests.Field{spec(p).Get("machineType")}
	if mixed := spec(p).Get("mixedInstancesPolicy", "instances").Items(); len(mixed) > 0 {
		types = mixed // they are what the group is made of, whatever its machineType
	}
	for _, at := range types {
		if burstable.MatchString(at.Text()) {
			p.Report(at, "group %s is of %s machines, which work on credit", p.Object.Name, at.Text()).
				Detail("A control plane or a node under constant load uses the credit up. The machine is then slowed to a fraction, and everything on it times out at once, or it costs more where its credit is unlimited.")
		}
	}
}
