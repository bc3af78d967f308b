package resources

import (
	"fmt"

	"github.com/landwaiter/landwaiter/internal/review"
)

var cpuLimits = review.Rule{
	ID: "cpu-limits", Level: review.Info, Off: true, Guidelines: []string{"G3"},
	Summary: "A container has no CPU limit, or has one where the policy forbids them",
	Kinds:   []string{review.Workloads},
	Params:  func() any { return &cpuLimitParams{Mode: "require"} },
	Check:   checkCPULimits,
}

// cpuLimitParams says what the policy wants of CPU limits.
type cpuLimitParams struct {
	Mode cpuLimitMode `yaml:"mode"`
}

// cpuLimitMode is "require" or "forbid".
type cpuLimitMode string

// UnmarshalText reads a mode and refuses any other word.
func (m *cpuLimitMode) UnmarshalText(text []byte) error {
	if *m = cpuLimitMode(text); *m != "require" && *m != "forbid" {
		return fmt.Errorf("mode %q is none of require, forbid", text)
	}
	return nil
}

func checkCPULimits(p *review.Pass) {
	if review.Params[cpuLimitParams](p).Mode == "require" {
		checkMissing("limits", "cpu", "%s has no cpu limit",
			"It may use all the CPU that its node has to spare, so its speed depends on who its neighbours are.")(p)
		return
	}
	for _, c := range claimants(p.Pod) {
		if limit := c.Get("resources", "limits", "cpu"); limit.IsSet() {
			p.Report(limit, "%s has a cpu limit, which the policy forbids", c.Title()).
				Detail("The kernel stops the container for the rest of each period once the limit is used up, even while the node is idle. Requests already share CPU fairly.").
				Fix("remove the limit", review.Remove(limit)).Unsafe()
		}
	}
}
