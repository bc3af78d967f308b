package pod

import (
	"fmt"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
	"k8s.io/pod-security-admission/api"
)

var capabilitiesAdded = review.Rule{
	ID: "capabilities-added", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A container adds capabilities beyond the standard's",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Params:  func() any { return &capabilityParams{Standard: capabilityList(standard.Baseline)} },
	Check:   checkCapabilitiesAdded,
}

// capabilityParams says which Pod Security Standard's list is held to.
type capabilityParams struct {
	Standard capabilityList `yaml:"standard"`
}

// capabilityList is the level of the standards whose list it is: baseline or restricted.
type capabilityList api.Level

// UnmarshalText reads a level that has a list.
func (l *capabilityList) UnmarshalText(text []byte) error {
	*l = capabilityList(text)
	if *l != capabilityList(standard.Baseline) && *l != capabilityList(standard.Restricted) {
		return fmt.Errorf("standard %q: want baseline or restricted", text)
	}
	return nil
}

// Adapt makes profile restricted hold to the restricted list.
func (c *capabilityParams) Adapt(profile string, _ bool) {
	if profile == string(standard.Restricted) {
		c.Standard = capabilityList(standard.Restricted)
	}
}

func checkCapabilitiesAdded(p *review.Pass) {
	level := api.Level(review.Params[capabilityParams](p).Standard)
	for _, c := range p.Pod.Containers {
		context := c.Get("securityContext")
		add := context.Get("capabilities", "add")
		for _, item := range add.Items() {
			name := capability(item)
			if name == "" || standard.AllowsCapability(level, name) {
				continue
			}
			p.Report(item, "%s adds the capability %s", c.Title(), name).
				Detail("%s The %s standard does not allow it.", powerOf(name), level).
				Fix("Do not add "+name, review.Remove(sole(item, add, context.Get("capabilities"), context))).Unsafe()
		}
	}
}

// powerOf says what a capability amounts to.
func powerOf(name string) string {
	switch name {
	case "ALL":
		return "Every capability is root on the node in all but name."
	case "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH", "BPF", "SYS_BOOT", "MAC_ADMIN":
		return name + " is known to be enough to leave the container."
	case "NET_ADMIN":
		return "With it the container can change its network, and the node's where it shares that."
	case "NET_RAW":
		return "With it the container can forge packets, and so speak for its neighbours."
	}
	return name + " gives the container power over the kernel that programs seldom need."
}
