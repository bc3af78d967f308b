package kops

import (
	"regexp"

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
	at := spec(p).Get("machineType")
	least, _ := spec(p).Get("minSize").Int()
	if role(p) == "Bastion" || least == 0 || !burstable.MatchString(at.Text()) {
		return
	}
	p.Report(at, "group %s is of %s machines, which work on credit", p.Object.Name, at.Text()).
		Detail("Once the credit is used up the machine is slowed to a fraction, and a control plane or a node under constant load uses it up. Everything on it then times out at once.")
}
