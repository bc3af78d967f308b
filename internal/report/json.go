package report

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// jsonReport is the contract of "landwaiter review -o json", version 1. Its schema is docs/review.schema.json.
type jsonReport struct {
	Version   int                    `json:"version"`
	Verdict   review.Verdict         `json:"verdict"`
	Base      string                 `json:"base"`
	Head      string                 `json:"head"`
	Roots     []review.RootResult    `json:"roots"`
	Findings  []review.Finding       `json:"findings"`
	Images    []review.ImageResult   `json:"images"`
	Diff      []manifests.ObjectDiff `json:"diff"`
	Reaches   []review.Reach         `json:"reaches"`
	Summary   review.Summary         `json:"summary"`
	Notes     []string               `json:"notes"`
	Unreached []string               `json:"unreached"` // changed files that lead to no root
	Timings   review.Timings         `json:"timings"`
	Tool      jsonTool               `json:"tool"`
}

// jsonTool says what made a report.
type jsonTool struct {
	Version   string `json:"version"`
	Renderers string `json:"renderers"`
}

// JSON writes the report as one JSON object, the contract's version 1.
func JSON(w io.Writer, r *Report) error {
	shown := newShown(r)
	out := jsonReport{
		Version: 1, Verdict: r.Verdict, Base: r.BaseID, Head: r.HeadID,
		Roots: append([]review.RootResult{}, r.Roots...), Findings: []review.Finding{}, Images: orEmpty(r.Images), Diff: orEmpty(r.Diff),
		Reaches: append([]review.Reach{}, r.Reaches...), Summary: r.Summary, Notes: orEmpty(r.Notes), Unreached: orEmpty(r.Unreached), Timings: r.Timings,
		Tool: jsonTool{r.Version, r.Renderers},
	}
	for i := range out.Roots {
		out.Roots[i].Because = orEmpty(out.Roots[i].Because)
	}
	for i := range out.Reaches {
		out.Reaches[i].Namespaces, out.Reaches[i].Waves = orEmpty(out.Reaches[i].Namespaces), orEmpty(out.Reaches[i].Waves)
	}
	for _, f := range r.Findings {
		if f.Level >= r.Level {
			out.Findings = append(out.Findings, shown.public(f))
		}
	}
	return writeJSON(w, out)
}

// writeJSON writes indented JSON in which a GitHub runner's log finds no command. What is broken up can only be part
// of a string, where the escape means the same.
func writeJSON(w io.Writer, value any) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err
	}
	_, err := w.Write(bytes.ReplaceAll(out.Bytes(), []byte("##["), []byte(`#\u0023[`)))
	return err
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
