package gitops

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Limits of what the objects of a repository may ask for.
const (
	maxSteps     = 10_000_000 // names of files times the size of patterns, and parameters
	perSet       = 100        // steps for the parameters of an Application
	maxGenerated = 1000       // Applications of one ApplicationSet
	maxFilled    = 16 << 20   // bytes that templates of one ApplicationSet become
	maxTaken     = 256 << 20  // bytes of values that objects take from others, all together
	perLine      = 200        // bytes that the place of a line takes besides
)

// Errors of what goes beyond the limits.
var (
	errSteps     = errors.New("the patterns and generators of the repository's objects ask for too much: name directories instead of patterns, or combine less")
	errGenerated = fmt.Errorf("it makes more than %d Applications, which is more than is reviewed: split it", maxGenerated)
	errTaken     = fmt.Errorf("the values that objects take from ConfigMaps are more than %d MiB altogether: take less, or less often", maxTaken>>20)
	errFilled    = fmt.Errorf("its template becomes more than %d MiB with its parameters", maxFilled>>20)
)

// spend counts steps of work; an error when there were too many, or nobody waits for it any more.
func (w *World) spend(steps int) error {
	if err := w.ended(); err != nil {
		return err
	}
	if w.spent += steps; w.spent > maxSteps {
		return errSteps
	}
	return nil
}

// ended says why nobody waits any more; nil while somebody does.
func (w *World) ended() error {
	if w.repository.Ended == nil {
		return nil
	}
	return w.repository.Ended()
}

// take counts a text that an object takes from another one; an error when all of them are too much.
func (w *World) take(text string) error {
	if w.taken += len(text) + perLine*strings.Count(text, "\n"); w.taken > maxTaken {
		return errTaken
	}
	return nil
}

// usualPath is how long a path may be, in bytes, that costs no more than others to match: it takes time in the product of
// its length and the pattern's.
const usualPath = 128

// walk visits what is in and below a directory of the tree, at the cost of so many steps each.
func (w *World) walk(dir string, cost int, visit func(source.Info) error) error {
	return source.Walk(w.repository.Tree, dir, func(f source.Info) error {
		if err := w.spend(cost * (1 + len(f.Path)/usualPath)); err != nil {
			return err
		}
		if f.Kind == source.Dir && (reserved(f.Path) || f.Path == manifests.ElsewhereDir) {
			return fs.SkipDir
		}
		return visit(f)
	})
}

// cost is what matching a name against patterns costs.
func cost(patterns ...string) int {
	steps := 5 // reading the entry itself
	for _, p := range patterns {
		steps += 1 + len(p)/8
	}
	return steps
}
