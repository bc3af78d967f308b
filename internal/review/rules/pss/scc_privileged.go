package pss

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var sccPrivileged = review.Rule{
	ID: "scc-privileged", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "An OpenShift SecurityContextConstraints allows privileged containers",
	Kinds:   []string{"SecurityContextConstraints"},
	Check:   checkSCCPrivileged,
}

func checkSCCPrivileged(p *review.Pass) {
	constraints := p.Object.Field()
	field := constraints.Get("allowPrivilegedContainer")
	if !field.True() {
		return
	}
	p.Report(field, "constraints %s allow privileged containers", p.Object.Name).
		Detail("%s may run a container that has every right on its node.", grantees(constraints)).
		Fix("Allow no privileged containers", review.Set(field, false)).Unsafe()
}

// grantees says who may use the constraints, besides those whom a role lets.
func grantees(constraints manifests.Field) string {
	var names []string
	for _, key := range []string{"users", "groups"} {
		for _, item := range constraints.Get(key).Items() {
			names = append(names, item.Text())
		}
	}
	if len(names) == 0 {
		return "Whoever a role lets use them"
	}
	return "Whoever a role lets use them, and " + strings.Join(names, ", ") + ","
}
