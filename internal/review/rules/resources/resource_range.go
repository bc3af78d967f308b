package resources

import (
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"k8s.io/apimachinery/pkg/api/resource"
)

var resourceRange = review.Rule{
	ID: "resource-range", Level: review.Warning, Guidelines: []string{"G3"},
	Summary: "A request or limit is outside the policy's range, or has an unlikely unit",
	Kinds:   []string{review.Workloads},
	Params:  func() any { return &rangeParams{} },
	Check:   checkResourceRange,
}

// rangeParams gives the least and the most of each resource.
type rangeParams struct {
	CPU    span `yaml:"cpu"`
	Memory span `yaml:"memory"`
}

// span is a range of amounts; an end that is not given is open.
type span struct {
	Min amount `yaml:"min"`
	Max amount `yaml:"max"`
}

func checkResourceRange(p *review.Pass) {
	params := review.Params[rangeParams](p)
	check := func(title string, resources manifests.Field) {
		for _, list := range []string{"requests", "limits"} {
			checkAmount(p, title, resources.Get(list, "cpu"), "cpu", params.CPU)
			checkAmount(p, title, resources.Get(list, "memory"), "memory", params.Memory)
		}
		checkOrder(p, title, resources)
	}
	for _, c := range claimants(p.Pod) {
		check(c.Title(), c.Get("resources"))
	}
	check("the pod", p.Pod.Get("resources"))
}

func checkAmount(p *review.Pass, title string, at manifests.Field, name string, want span) {
	q, ok := quantity(at)
	switch {
	case !ok && at.Text() != "" && !images.IsUnresolved(at.Text()):
		p.Report(at, "%s gives %s by what is no quantity", title, name).
			Detail("The API server refuses it: amounts are numbers with a unit such as m, Mi or Gi behind them.")
	case !ok || q.IsZero():
	case name == "cpu" && unlikelyCPU(at.Text(), q):
		reportUnit(p, at, title, name, "thousandths of a core are written with m", "m")
	case name == "memory" && q.Cmp(resource.MustParse("1Mi")) < 0:
		reportUnit(p, at, title, name, "no program lives in less than 1Mi, mebibytes are written with Mi", "Mi")
	case want.Min.Quantity != nil && q.Cmp(*want.Min.Quantity) < 0:
		p.Report(at, "%s gives %s of %s, below the policy's %s", title, at.Text(), name, want.Min).
			Detail("The policy sets what a container is to ask for at least, so that it can do its work at all.")
	case want.Max.Quantity != nil && q.Cmp(*want.Max.Quantity) > 0:
		p.Report(at, "%s gives %s of %s, above the policy's %s", title, at.Text(), name, want.Max).
			Detail("The policy sets what one container may take at most, so that others have their share of a node.")
	}
}

// unlikelyCPU reports whether a number of cores was meant to be something else: memory, or thousandths.
func unlikelyCPU(text string, q resource.Quantity) bool {
	return hasSuffix(text, "Ki", "Mi", "Gi", "k", "M", "G") || q.Cmp(resource.MustParse("1000")) > 0
}

func reportUnit(p *review.Pass, at manifests.Field, title, name, hint, unit string) {
	draft := p.Report(at, "%s gives %s in an unlikely unit: %s", title, name, at.Text()).
		Detail("It is a valid amount, but hardly the one that was meant: %s.", hint)
	if number := digits(at.Text()); number != "" {
		draft.Fix("write "+number+unit, review.Set(at, number+unit)).Unsafe()
	}
}

// digits returns the whole number that text begins with.
func digits(text string) string {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	if end < len(text) && text[end] == '.' {
		return ""
	}
	return text[:end]
}

// checkOrder reports requests above their limits, which the API server refuses.
func checkOrder(p *review.Pass, title string, resources manifests.Field) {
	for _, name := range []string{"cpu", "memory", "ephemeral-storage"} {
		request, limit := resources.Get("requests", name), resources.Get("limits", name)
		r, hasRequest := quantity(request)
		l, hasLimit := quantity(limit)
		if hasRequest && hasLimit && r.Cmp(l) > 0 {
			p.Report(request, "%s requests more %s than its limit of %s", title, name, limit.Text()).
				Detail("The API server refuses such a pod.").Related(limit)
		}
	}
}
