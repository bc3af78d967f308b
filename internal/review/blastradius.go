package review

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// RuleBlastRadius is the id of the finding, made by the engine, that a few lines change very much.
const RuleBlastRadius = "change-blast-radius"

// BlastRadius says from when on that is worth a word: so many objects or roots, and so many objects for each changed line.
type BlastRadius struct {
	Objects int `yaml:"objects"` // changed objects, counted in every root
	Roots   int `yaml:"roots"`   // roots with changed objects
	PerLine int `yaml:"perLine"` // changed objects for each changed line
}

// radius is what a change does, counted.
type radius struct {
	objects, lines int
	roots          map[string]int // changed objects by root
	namespaces     map[string]bool
	causes         map[string]int // changed objects by the changed files that affect their root
}

// blastRadius makes the finding of a change that reaches far for its size. It stands on the file that reaches farthest.
func (r *run) blastRadius(pairs []*pair, diffs []manifests.ObjectDiff) []Finding {
	i := slices.IndexFunc(r.active, func(a activeRule) bool { return a.ID == RuleBlastRadius })
	if i < 0 || r.change.Base == nil {
		return nil
	}
	most, ok := r.active[i].params.(*BlastRadius)
	n := r.measure(pairs, diffs)
	if !ok || n.objects < most.Objects && len(n.roots) < most.Roots || n.objects < most.PerLine*n.lines || n.objects == 0 {
		return nil
	}
	at, file := n.farthest(r.change)
	roots := slices.SortedFunc(maps.Keys(n.roots), func(a, b string) int { return cmp.Or(-cmp.Compare(n.roots[a], n.roots[b]), cmp.Compare(a, b)) })
	return []Finding{{
		Rule: RuleBlastRadius, Level: r.levels[RuleBlastRadius], Status: New, Root: roots[0], Roots: roots[1:], Location: at,
		Guidelines: r.guidelines(RuleBlastRadius), Fingerprint: fingerprint(RuleBlastRadius + "|" + file),
		Message: fmt.Sprintf("%s changed: %s in %s and %s", count(n.lines, "line"), count(n.objects, "object"), count(len(n.roots), "root"), count(len(n.namespaces), "namespace")),
		Detail:  "All of them roll out as soon as they are synchronised. Where the order matters, or something may go wrong, change one stage after the other.",
	}}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// measure counts what a change does, and the lines that do it: those of files that affect some root.
func (r *run) measure(pairs []*pair, diffs []manifests.ObjectDiff) radius {
	n := radius{objects: len(diffs), roots: map[string]int{}, namespaces: map[string]bool{}, causes: map[string]int{}}
	for _, d := range diffs {
		n.roots[d.Root]++
		if d.Object.Namespace != "" {
			n.namespaces[d.Object.Namespace] = true
		}
	}
	for _, p := range pairs {
		if !p.kind().Renders() {
			continue
		}
		for _, file := range p.because {
			n.causes[file] += n.roots[p.path()]
		}
	}
	for _, f := range r.change.Files {
		if n.causes[cmp.Or(f.New, f.Old)]+n.causes[f.Old] == 0 {
			continue
		}
		for _, h := range f.Hunks {
			n.lines += max(h.OldLines, h.NewLines)
		}
	}
	return n
}

// farthest returns the first touched line of the file behind most changed objects, and the file.
func (n radius) farthest(change *source.Change) (Location, string) {
	files := slices.SortedFunc(maps.Keys(n.causes), func(a, b string) int { return cmp.Or(-cmp.Compare(n.causes[a], n.causes[b]), cmp.Compare(a, b)) })
	for _, file := range files {
		for _, f := range change.Files {
			if f.New == file && len(f.Hunks) > 0 {
				return touchedAt(file, max(f.Hunks[0].NewStart, 1)), file
			}
		}
	}
	return Location{Precision: manifests.Unknown.String()}, ""
}
