package pod

import "github.com/landwaiter/landwaiter/internal/review"

var lowUID = review.Rule{
	ID: "low-uid", Level: review.Info, Guidelines: []string{"G1"},
	Summary: "A container's user or group may be one of the node's own",
	Kinds:   []string{review.Workloads},
	Params:  func() any { return &lowUIDParams{Minimum: 10000} },
	Check:   checkLowUID,
}

type lowUIDParams struct {
	Minimum int64 `yaml:"minimum"` // the lowest id that is not reported
}

func checkLowUID(p *review.Pass) {
	if p.Pod.Windows() {
		return
	}
	minimum := review.Params[lowUIDParams](p).Minimum
	for _, kind := range []struct{ key, name string }{{"runAsUser", "user"}, {"runAsGroup", "group"}} {
		for _, s := range effective(p.Pod, kind.key) {
			if id, ok := s.Int(); ok && id < minimum {
				p.Report(s.Field, "%s runs as %s %d, below %d", s.who, kind.name, id, minimum).
					Detail("Low ids belong to accounts of the node. Whoever gets out of the container acts as that account.")
			}
		}
	}
}
