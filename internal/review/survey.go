package review

import (
	"context"
	"slices"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Survey is what a repository uses, as far as it renders: what a first policy can be made of.
type Survey struct {
	KubeVersion string   // what is reviewed for by default
	Roots       int      // how many there are
	Images      []string // image references as written, sorted
	InSixMonths string   // a day
}

// Survey renders everything in a tree and says what it uses. Roots that do not render are left out of it.
func (e *Engine) Survey(ctx context.Context, tree source.Tree) (Survey, error) {
	change := &source.Change{Head: tree}
	run, err := e.prepare(change, DefaultPolicy(), Options{})
	if err != nil {
		return Survey{}, err
	}
	run.settings.Lines = false
	plan, err := e.Plan(ctx, change, DefaultPolicy(), Options{})
	if err != nil {
		return Survey{}, err
	}
	run.known(plan)
	pairs, err := e.renderPairs(ctx, run, plan.Pairs)
	if err != nil {
		return Survey{}, err
	}
	images := make(map[string]bool)
	for _, p := range pairs {
		if view := p.head.view(*p.Head, DefaultPolicy()); view != nil {
			view.eachImage(func(_ *manifests.Object, f ImageField) { images[f.Text()] = true })
		}
	}
	s := Survey{KubeVersion: NewestKube, Roots: plan.Total, InSixMonths: e.Now().AddDate(0, 6, 0).Format(time.DateOnly)}
	for image := range images {
		s.Images = append(s.Images, image)
	}
	slices.Sort(s.Images)
	return s, nil
}
