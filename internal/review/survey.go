package review

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Survey is what a repository uses, as far as it renders: what a first policy can be made of.
type Survey struct {
	KubeVersion string   // what is reviewed for by default
	Roots       int      // how many there are
	Images      []string // image references as written, sorted
	Charts      []string // entries of charts.allow for the charts that are elsewhere, sorted
	Bases       []string // entries of bases.allow for the bases that are, sorted
	InSixMonths string   // a day
}

// Survey renders everything in a tree and says what it uses. Roots that do not render are left out of it.
func (e *Engine) Survey(ctx context.Context, tree source.Tree) (Survey, error) {
	plan, err := e.planOf(ctx, tree)
	if err != nil {
		return Survey{}, err
	}
	pairs, err := e.renderTree(ctx, tree, plan)
	if err != nil {
		return Survey{}, err
	}
	images, charts, bases := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for _, p := range pairs {
		p.elsewhere(charts, bases)
		if view := p.head.view(*p.Head, DefaultPolicy()); view != nil {
			view.eachImage(func(_ *manifests.Object, f ImageField) { images[f.Text()] = true })
		}
	}
	s := Survey{KubeVersion: NewestKube, Roots: plan.Total, InSixMonths: e.Now().AddDate(0, 6, 0).Format(time.DateOnly)}
	s.Images, s.Charts, s.Bases = slices.Sorted(maps.Keys(images)), slices.Sorted(maps.Keys(charts)), slices.Sorted(maps.Keys(bases))
	return s, nil
}

// planOf finds the roots of a tree that is compared with none.
func (e *Engine) planOf(ctx context.Context, tree source.Tree) (*Plan, error) {
	return e.Plan(ctx, &source.Change{Head: tree}, DefaultPolicy(), Options{})
}

// renderTree renders the roots of such a tree, without source lines.
func (e *Engine) renderTree(ctx context.Context, tree source.Tree, plan *Plan) ([]*pair, error) {
	run, err := e.prepare(&source.Change{Head: tree}, DefaultPolicy(), Options{})
	if err != nil {
		return nil, err
	}
	run.settings.Lines = false
	run.known(plan)
	return e.renderPairs(ctx, run, plan.Pairs)
}

// elsewhere adds the entries of charts.allow and bases.allow that would have fetched what a root lacks, as far as it says what
// that is.
func (p *pair) elsewhere(charts, bases map[string]bool) {
	if c := remote(*p.Head); c != nil && c.URL != "" {
		addEntry(charts, chartsAt(c.URL, c.Name))
	}
	if p.head.err == nil {
		return
	}
	for _, lack := range p.head.err.Lacks {
		if lack.Kind == manifests.LackChart {
			addEntry(charts, chartsAt(lack.Address, lack.Name))
			continue
		}
		base, err := baseOf(lack)
		if err != nil {
			continue // it is at fault itself, and reviews say so
		}
		_, address, _ := strings.Cut(base.URL, "://")
		address, _, _ = strings.Cut(address, "?")
		if parts := strings.SplitN(address, "/", 3); len(parts) == 3 {
			addEntry(bases, parts[0]+"/"+parts[1]+"/**")
		}
	}
}

// addEntry adds an entry that is a plain address, or such with all below it: what has a user, a query or stars in it is at fault
// itself, and allows something else than what is named.
func addEntry(entries map[string]bool, entry string) {
	if address := strings.TrimSuffix(entry, "/**"); manifests.AddressLetters.MatchString(address) && !strings.Contains(address, "@") {
		entries[entry] = true
	}
}

// chartsAt is the entry that allows the charts at an address; those beside one in a registry too, whose name ends its address.
func chartsAt(address, name string) string {
	place, registry := strings.CutPrefix(address, "oci://")
	switch {
	case !registry:
		return address
	case name == "" && strings.Contains(place, "/"):
		place = path.Dir(place)
	}
	return place + "/**"
}
