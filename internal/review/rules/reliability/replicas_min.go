package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var replicasMin = review.Rule{
	ID: "replicas-min", Level: review.Info,
	Summary: "A Deployment runs fewer pods than needed to survive the loss of one",
	Kinds:   []string{"Deployment.apps", "Rollout.argoproj.io"},
	Params:  func() any { return &replicasParams{Minimum: 2} },
	Check:   checkReplicasMin,
}

// replicasParams says how many pods there have to be at least.
type replicasParams struct {
	Minimum int64 `yaml:"minimum"`
}

func checkReplicasMin(p *review.Pass) {
	least := review.Params[replicasParams](p).Minimum
	at := p.Object.Field().Get("spec", "replicas")
	n := replicas(p.Object)
	if n == 0 || n >= least || at.IsSet() && !isInt(at) || isSingle(p) || scaler(p, p.Object) != nil {
		return
	}
	p.Report(at, "%s %s runs %d of at least %d pods", p.Object.Kind, p.Object.Name, n, least).
		Detail("While its node is drained or its pod is replaced nobody answers.").
		Fix("run more pods", review.Set(at, least)).Unsafe()
}

// isSingle reports whether the workload cannot run twice: it stops before it starts anew, or keeps a volume.
func isSingle(p *review.Pass) bool {
	return p.Object.Field().Get("spec", "strategy", "type").Text() == "Recreate" || keepsVolume(p)
}

func keepsVolume(p *review.Pass) bool {
	if p.Pod == nil {
		pods := p.Root.Workloads(p.Object)
		if len(pods) == 0 {
			return false
		}
		p.Pod = pods[0]
	}
	for _, volume := range p.Pod.List("volumes") {
		if volume.Get("persistentVolumeClaim").IsSet() {
			return true
		}
	}
	return false
}
