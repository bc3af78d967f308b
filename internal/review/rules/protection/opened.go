package protection

import (
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/network"
)

const openedDetail = "At base network policies kept them closed. Compare what is allowed with what the pods need, and name peers and ports."

// reportOpened reports pods that are more open than at base, by something that head has.
func reportOpened(p *review.Pass) {
	for _, o := range network.Opened(p) {
		if o.Gone == nil && o.On != nil {
			finishOpened(p.ReportOn(o.On, o.At, "%s", o.Says), o)
		}
	}
}

// reportUncovered reports pods that a policy closed which is gone.
func reportUncovered(p *review.Pass) {
	for _, o := range network.Opened(p) {
		if o.Gone == p.Object {
			finishOpened(p.Report(p.Object.Field(), "%s, as %s %s is removed", o.Says, p.Object.Kind, p.Object.Name), o)
		}
	}
}

func finishOpened(d *review.Draft, o network.Opening) {
	d.Detail("%s", openedDetail).Effect("%s", o.Says)
	if o.Mild {
		d.Lower(review.Warning)
	}
}
