package report

import (
	"encoding/json"
	"io"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// jsonReport is the contract of "landwaiter review -o json", version 1. Its schema is docs/review.schema.json.
type jsonReport struct {
	Version  int                    `json:"version"`
	Verdict  review.Verdict         `json:"verdict"`
	Base     string                 `json:"base"`
	Head     string                 `json:"head"`
	Roots    []review.RootResult    `json:"roots"`
	Findings []review.Finding       `json:"findings"`
	Images   []jsonImage            `json:"images"`
	Diff     []manifests.ObjectDiff `json:"diff"`
	Summary  review.Summary         `json:"summary"`
	Notes    []string               `json:"notes"`
	Timings  review.Timings         `json:"timings"`
}

type jsonImage struct{}

// JSON writes the report as one JSON object, the contract's version 1.
func JSON(w io.Writer, r *Report) error {
	out := jsonReport{
		Version: 1, Verdict: r.Verdict, Base: r.BaseID, Head: r.HeadID,
		Roots: orEmpty(r.Roots), Findings: []review.Finding{}, Images: []jsonImage{}, Diff: orEmpty(r.Diff),
		Summary: r.Summary, Notes: orEmpty(r.Notes), Timings: r.Timings,
	}
	for _, f := range r.Findings {
		if f.Level >= r.Level {
			out.Findings = append(out.Findings, f)
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
