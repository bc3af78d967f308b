package pod

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var appArmor = review.Rule{
	ID: "apparmor", Level: review.Info, Guidelines: []string{"G2"},
	Summary: "A container names no AppArmor profile",
	Kinds:   []string{review.Workloads},
	Check:   checkAppArmor,
}

func checkAppArmor(p *review.Pass) {
	if p.Pod.Windows() {
		return
	}
	for _, c := range p.Pod.Containers {
		field := c.Effective("appArmorProfile", "type")
		if kind := field.Text(); confined(kind) || kind == "Unconfined" {
			continue
		}
		old := appArmorProfiles.annotation(p.Pod, c).Text()
		if old == "runtime/default" || old == "unconfined" || strings.HasPrefix(old, "localhost/") {
			continue
		}
		d := p.Report(field, "%s names no AppArmor profile", c.Title()).
			Detail("Nodes with AppArmor use the runtime's default profile all the same. To name it makes that certain: a node without AppArmor then refuses the pod.")
		if p.Kube.AtLeast(30) {
			d.Fix("Use the runtime's default profile", review.Set(field, "RuntimeDefault"))
		}
	}
}
