package resources

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var resourceRatio = review.Rule{
	ID: "resource-ratio", Level: review.Info, Guidelines: []string{"G3"},
	Summary: "A limit is many times its request",
	Kinds:   []string{review.Workloads},
	Params:  func() any { return &ratioParams{CPU: 4, Memory: 2} },
	Check:   checkResourceRatio,
}

// ratioParams says how many times its request a limit may be; 0 is any.
type ratioParams struct {
	CPU    float64 `yaml:"cpu"`
	Memory float64 `yaml:"memory"`
}

func checkResourceRatio(p *review.Pass) {
	params := review.Params[ratioParams](p)
	for _, c := range claimants(p.Pod) {
		checkRatio(p, c, "cpu", params.CPU)
		checkRatio(p, c, "memory", params.Memory)
	}
}

func checkRatio(p *review.Pass, c review.Container, name string, most float64) {
	limit, request := c.Get("resources", "limits", name), c.Get("resources", "requests", name)
	times, ok := ratio(limit, request)
	if !ok || most <= 0 || times <= most {
		return
	}
	p.Report(limit, "%s limits %s to %.3g times its request", c.Title(), name, times).
		Detail("The scheduler counts the request of %s and the container may use up to %s. Where many do, nodes are promised several times over, and who gets what is decided under pressure.",
			request.Text(), limit.Text()).
		Related(request)
}

// ratio divides two quantities; ok is false unless both are written and the request is more than nothing.
func ratio(limit, request manifests.Field) (times float64, ok bool) {
	l, hasLimit := quantity(limit)
	r, hasRequest := quantity(request)
	if !hasLimit || !hasRequest || r.Sign() <= 0 {
		return 0, false
	}
	return l.AsApproximateFloat64() / r.AsApproximateFloat64(), true
}
