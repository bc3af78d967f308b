package review

import (
	"slices"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Result is all that a review found out, before anybody decides how to show it.
type Result struct {
	BaseID   string
	HeadID   string // "" for a work tree
	Verdict  Verdict
	Roots    []RootResult // the roots that the change affects
	Total    int          // roots there are at head
	Modules  int          // modules of Terraform that the change affects: they are judged, and are no roots
	Findings []Finding
	Images   []ImageResult // of the affected roots at head
	Diff     []manifests.ObjectDiff
	Summary  Summary
	Notes    []string // what was not looked at, and why; what a reader should know

	Unreached    []string // changed files that lead to no root
	ImageChanges []ImageChange
	Reaches      []Reach // where changed objects go, by roots that objects of Argo CD and Flux make
	Timings      Timings
}

// Verdict is what the check says.
type Verdict string

// The verdicts.
const (
	Passed Verdict = "pass"
	Fails  Verdict = "fail"
)

// RootStatus says what became of an affected root.
type RootStatus string

// The statuses of roots. A root that only base has is skipped, with the reason "removed".
const (
	Rendered RootStatus = "rendered"
	Failed   RootStatus = "failed"
	Skipped  RootStatus = "skipped"
)

// RootResult is an affected root.
type RootResult struct {
	Path    string             `json:"path"`
	Kind    manifests.RootKind `json:"kind"`
	Status  RootStatus         `json:"status"`
	Reason  string             `json:"reason"`
	Objects int                `json:"objects"` // rendered at head
	Changed int                `json:"changed"` // objects added, removed or modified
	Because []string           `json:"because"`
}

// Summary counts findings.
type Summary struct {
	New      LevelCounts `json:"new"`
	Existing int         `json:"existing"`
	Fixed    int         `json:"fixed"`
	Exempt   int         `json:"exempt"`
}

// LevelCounts counts findings by level.
type LevelCounts struct {
	Error   int `json:"error"`
	Warning int `json:"warning"`
	Info    int `json:"info"`
}

// Total is the number of findings of all levels.
func (c LevelCounts) Total() int { return c.Error + c.Warning + c.Info }

// Timings says where the time went, in seconds.
type Timings struct {
	Discover float64 `json:"discover"`
	Render   float64 `json:"render"`
	Review   float64 `json:"review"`
	Images   float64 `json:"images"`
	Total    float64 `json:"total"`
}

// stopwatch measures the stages of a review.
type stopwatch struct{ start, lap time.Time }

func startWatch() *stopwatch { now := time.Now(); return &stopwatch{now, now} }

// split returns the seconds since the last split.
func (w *stopwatch) split() float64 {
	now := time.Now()
	d := now.Sub(w.lap)
	w.lap = now
	return d.Seconds()
}

func (w *stopwatch) total() float64 { return time.Since(w.start).Seconds() }

// Count sums findings up.
func Count(all []Finding) Summary {
	var s Summary
	for _, f := range all {
		switch f.Status {
		case Existing:
			s.Existing++
		case Fixed:
			s.Fixed++
		case Exempt:
			s.Exempt++
		default:
			s.New.add(f.Level)
		}
	}
	return s
}

func (c *LevelCounts) add(l Level) {
	switch l {
	case Error:
		c.Error++
	case Warning:
		c.Warning++
	default:
		c.Info++
	}
}

// Judge decides the verdict: new findings at the gate's level fail it.
func Judge(gate Gate, all []Finding) Verdict {
	if slices.ContainsFunc(all, func(f Finding) bool { return gate.Stops(&f) }) {
		return Fails
	}
	return Passed
}

// Stops reports whether a finding fails the check.
func (g Gate) Stops(f *Finding) bool {
	failOn := g.FailOn
	if failOn == 0 {
		failOn = Error
	}
	return f.Status == New && f.Level >= failOn
}
