package pod

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var privilegeEscalation = review.Rule{
	ID: "privilege-escalation", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A container may gain more privileges than it starts with",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-restricted"},
	Check:   checkPrivilegeEscalation,
}

func checkPrivilegeEscalation(p *review.Pass) {
	if p.Pod.Windows() {
		return
	}
	for _, c := range p.Pod.Containers {
		field := c.Get("securityContext", "allowPrivilegeEscalation")
		if is(field, false) {
			continue
		}
		message := "%s does not rule out privilege escalation"
		if field.True() {
			message = "%s allows privilege escalation"
		}
		d := p.Report(field, message, c.Title()).
			Detail("Programs in it may gain rights through set-user-ID files and file capabilities. With allowPrivilegeEscalation: false the kernel rules that out.")
		if !needsEscalation(c) {
			d.Fix("Set allowPrivilegeEscalation to false", review.Set(field, false))
		}
	}
}

// needsEscalation reports whether the API server refuses to switch escalation off for the container.
func needsEscalation(c review.Container) bool {
	for _, item := range c.Get("securityContext", "capabilities", "add").Items() {
		if capability(item) == "SYS_ADMIN" {
			return true
		}
	}
	return strings.EqualFold(c.Get("securityContext", "privileged").Text(), "true")
}
