package pod

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var capabilitiesDropAll = review.Rule{
	ID: "capabilities-drop-all", Level: review.Warning, Guidelines: []string{"G1"},
	Summary: "A container keeps the runtime's default capabilities",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-restricted"},
	Check:   checkCapabilitiesDropAll,
}

func checkCapabilitiesDropAll(p *review.Pass) {
	if p.Pod.Windows() {
		return
	}
	for _, c := range p.Pod.Containers {
		drop := c.Get("securityContext", "capabilities", "drop")
		if !names(drop, "ALL") {
			d := p.Report(drop, "%s does not drop all capabilities", c.Title()).
				Detail("It keeps what the runtime grants by default: among others to send raw packets, to change owners of files and to override their permissions.").
				Fix("Drop ALL", review.Set(drop, []any{"ALL"}))
			if !withoutRoot(c) {
				d.Unsafe()
			}
		}
	}
}

// withoutRoot reports whether a container is known not to run as root. The kernel gives capabilities of the default
// set to root only, so such a container does not use them.
func withoutRoot(c review.Container) bool {
	uid, known := c.Effective("runAsUser").Int()
	return known && uid > 0 || !known && c.Effective("runAsNonRoot").True()
}

// names reports whether a list of capabilities holds one.
func names(list manifests.Field, name string) bool {
	for _, item := range list.Items() {
		if capability(item) == name {
			return true
		}
	}
	return false
}

// capability returns a capability's name as the standards write it. Runtimes take it in any case, and some with the
// kernel's prefix.
func capability(f manifests.Field) string {
	return strings.TrimPrefix(strings.ToUpper(f.Text()), "CAP_")
}
