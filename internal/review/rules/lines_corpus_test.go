package rules_test

import (
	"cmp"
	"hash/fnv"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

// How much of the corpus is planted in. LANDWAITER_PLANTS says how many plants a class gets at most; everything else
// is in proportion.
const (
	plantsPerClass = 20
	together       = 16 // of one repository in one change
	rootsPerRepo   = 16
	costlyBytes    = 300_000 // of what a root renders to: in more than that is planted rarely
	costlyRoots    = 4       // that read a file: likewise
)

// localRules are rules of the catalogue that look at nothing but one object. What they newly find on a line that
// nobody changed is spurious.
var localRules = []string{"privileged", "run-as-non-root", "read-only-root-filesystem", "memory-limits", "image-latest"}

// TestSourceLinesCorpus plants values in real repositories, one at a time, each on a line that this test chose by
// itself, and expects every field that then shows it to be reported on that very line, and nothing else.
func TestSourceLinesCorpus(t *testing.T) {
	limit := plantsPerClass
	if n, err := strconv.Atoi(os.Getenv("LANDWAITER_PLANTS")); err == nil {
		limit = n
	}
	var plants []plant
	for _, dir := range lineRepositories(t) {
		g := openGround(t, dir)
		plants = append(plants, g.plants(t, limit)...)
	}
	plants = choosePlants(plants, limit)
	table := newLineTable()
	queue := make(chan []plant)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for together := range queue {
				tryTogether(t, together, table)
			}
		})
	}
	for _, together := range groupPlants(plants) {
		queue <- together
	}
	close(queue)
	wait.Wait()
	checkFloors(t, table)
	table.write(t, "corpus")
}

// tryTogether plants several spots in one change. When anything is not as it should be, fewer are planted together:
// in the end each has a change of its own, and that counts.
func tryTogether(t *testing.T, plants []plant, table *lineTable) {
	got := plants[0].ground.try(t, plants)
	if half := len(plants) / 2; half > 0 && slices.ContainsFunc(got, func(g lineTally) bool { return len(g.misses)+g.broken > 0 }) {
		tryTogether(t, plants[:half], table)
		tryTogether(t, plants[half:], table)
		return
	}
	for i, p := range plants {
		table.add(p.class, got[i])
	}
}

// checkFloors fails below what was measured when this was written.
func checkFloors(t *testing.T, table *lineTable) {
	t.Helper()
	for class, tally := range table.classes {
		for _, miss := range tally.misses {
			t.Logf("%s: %s", class, miss)
		}
		if tally.planted >= 10 && tally.exact*100 < tally.planted*classFloor {
			t.Errorf("%s: only %d of %d plants are found on their line", class, tally.exact, tally.planted)
		}
	}
	all := table.total()
	if all.exact*1000 < all.planted*allFloor || all.missed > 0 || all.spurious > 0 {
		t.Errorf("of %d plants %d are exact, %d missed, and %d findings are spurious", all.planted, all.exact, all.missed, all.spurious)
	}
}

// The floors, in percent of a class and in per mille of all.
const (
	classFloor = 90
	allFloor   = 980
)

func lineRepositories(t *testing.T) []string {
	corpus := os.Getenv("LANDWAITER_CORPUS")
	if corpus == "" {
		corpus = "../../../../shared/corpus"
	}
	found, err := filepath.Glob(filepath.Join(corpus, "*"))
	if err != nil || len(found) == 0 {
		t.Skip("no corpus: LANDWAITER_CORPUS names no directory")
	}
	return slices.DeleteFunc(found, func(dir string) bool {
		info, err := os.Stat(dir)
		return err != nil || !info.IsDir()
	})
}

// ground is a repository that is planted in.
type ground struct {
	name   string
	tree   source.Tree
	engine *review.Engine
	policy *review.Policy
	roots  []manifests.Root
	listed map[string]bool // the roots that a review sees: a directory that Argo CD or Flux renders is theirs, not one of roots
	memory *memoryRenderer
}

func openGround(t *testing.T, dir string) *ground {
	t.Helper()
	tree, err := source.OpenDir(dir, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	lab := lineLab()
	policy, err := lab.Policy(nil)
	if err != nil {
		t.Fatal(err)
	}
	found, err := manifests.Discover(t.Context(), tree, manifests.DiscoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	g := &ground{name: filepath.Base(dir), tree: tree, policy: policy, roots: found.Roots}
	g.memory = &memoryRenderer{Renderer: lab.Renderer, known: map[string]remembered{}, heads: map[source.Tree]map[string]remembered{}}
	g.engine = &review.Engine{Renderer: g.memory, Rules: lab.Rules, Now: time.Now, Cache: manifests.OpenCache(t.TempDir(), 1<<20, "lines")}
	listed, _, err := g.engine.Roots(t.Context(), &source.Change{Base: tree, Head: tree}, policy, review.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g.listed = map[string]bool{}
	for _, root := range listed {
		g.listed[memoryKey(manifests.Root{Kind: root.Kind, Path: root.Path})] = true
	}
	return g
}

// plant is a spot of a repository.
type plant struct {
	lineSpot
	ground *ground
	costly bool
}

func (p plant) order() uint64 { return order(p.ground.name, p.file, strconv.Itoa(p.line), p.keys) }

// order shuffles, always in the same way.
func order(words ...string) uint64 {
	h := fnv.New64a()
	for _, word := range words {
		h.Write([]byte(word + "\x00"))
	}
	return h.Sum64()
}

// plants renders some roots and finds the spots whose values they show.
func (g *ground) plants(t *testing.T, limit int) []plant {
	t.Helper()
	roots := slices.Clone(g.roots)
	slices.SortFunc(roots, func(a, b manifests.Root) int {
		return cmp.Compare(order(a.Path, string(a.Kind)), order(b.Path, string(b.Kind)))
	})
	settings, err := g.engine.Settings(g.policy, review.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var found []plant
	readers := map[string]int{}
	for _, root := range roots[:min(len(roots), max(rootsPerRepo, rootsPerRepo*limit/plantsPerClass))] {
		rendering, reads, err := g.memory.Render(t.Context(), g.tree, root, settings)
		if err != nil {
			continue
		}
		var files []string
		for _, read := range reads {
			if info, err := g.tree.Stat(read.Path); err == nil && info.Kind == source.File && info.Path == read.Path {
				files = append(files, read.Path)
				readers[read.Path]++
			}
		}
		shown := shownTexts(rendering.Objects)
		for _, s := range spotsOf(g.tree, root, files) {
			if strings.Contains(shown, s.value) {
				found = append(found, plant{s, g, len(shown) > costlyBytes})
			}
		}
	}
	for i := range found {
		found[i].costly = found[i].costly || readers[found[i].file] > costlyRoots
	}
	return found
}

func shownTexts(objects []*manifests.Object) string {
	var b strings.Builder
	for _, o := range objects {
		o.Walk(func(f manifests.Field) { b.WriteString(f.Text() + "\n") })
	}
	return b.String()
}

// choosePlants takes at most limit plants of a class, spread over repositories and files, few of which are costly.
func choosePlants(all []plant, limit int) []plant {
	slices.SortFunc(all, func(a, b plant) int { return cmp.Compare(a.order(), b.order()) })
	taken, inFile, costly := map[string]int{}, map[string]int{}, map[string]int{}
	lines := map[string]bool{}
	var chosen []plant
	for round := range 8 { // of each file one, then a second …
		for _, p := range all {
			key := p.ground.name + "/" + p.file
			line := key + ":" + strconv.Itoa(p.line)
			if taken[p.class] >= limit || inFile[p.class+key] > round || lines[line] || p.costly && costly[p.class] >= limit/6 {
				continue
			}
			taken[p.class]++
			inFile[p.class+key]++
			lines[line] = true
			if p.costly {
				costly[p.class]++
			}
			chosen = append(chosen, p)
		}
	}
	return chosen
}

// groupPlants puts plants of one repository together, each on a line of its own, and only one that is a number.
func groupPlants(plants []plant) [][]plant {
	var groups [][]plant
	for _, p := range plants {
		i := slices.IndexFunc(groups, func(g []plant) bool {
			return g[0].ground == p.ground && len(g) < together && !slices.ContainsFunc(g, func(q plant) bool {
				return q.file == p.file && q.line == p.line || q.whole && p.whole
			})
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], p)
	}
	return groups
}

// try plants, reviews and compares.
func (g *ground) try(t *testing.T, plants []plant) []lineTally {
	change, err := g.change(plants)
	if err != nil {
		t.Errorf("%s: %s:%d: %v", g.name, plants[0].file, plants[0].line, err)
		return make([]lineTally, len(plants))
	}
	defer g.memory.watch(change.Head)()
	result, err := g.engine.Review(t.Context(), change, g.policy, review.Options{Only: append([]string{plantedRule}, localRules...), Repository: g.name})
	if err != nil {
		t.Errorf("%s: %s:%d: %v", g.name, plants[0].file, plants[0].line, err)
		return make([]lineTally, len(plants))
	}
	for _, root := range result.Roots {
		if before, _ := g.memory.recall(memoryKey(manifests.Root{Kind: root.Kind, Path: root.Path})); root.Status == review.Failed && before.err == nil {
			if len(plants) == 1 {
				t.Logf("%s: %s/%s:%d: no longer renders: %s", plants[0].class, g.name, plants[0].file, plants[0].line, root.Reason)
			}
			return slices.Repeat([]lineTally{{broken: 1}}, len(plants))
		}
	}
	got := make([]lineTally, len(plants))
	shows := g.shows(t, change)
	for i, p := range plants {
		got[i] = p.compare(i, plants, shows, result)
	}
	return got
}

// change makes the change that plants these.
func (g *ground) change(plants []plant) (*source.Change, error) {
	change := &source.Change{Base: g.tree, BaseID: "base"}
	files, hunks := map[string][]byte{}, map[string][]source.Hunk{}
	for i, p := range plants {
		data, edited := files[p.file]
		if !edited {
			var err error
			if data, err = g.tree.ReadFile(p.file); err != nil {
				return nil, err
			}
		}
		files[p.file] = p.plant(data, i)
		hunks[p.file] = append(hunks[p.file], source.Hunk{OldStart: p.line, OldLines: 1, NewStart: p.line, NewLines: 1})
	}
	for file, changed := range hunks {
		slices.SortFunc(changed, func(a, b source.Hunk) int { return cmp.Compare(a.OldStart, b.OldStart) })
		change.Files = append(change.Files, source.FileChange{Old: file, New: file, Hunks: changed})
	}
	slices.SortFunc(change.Files, func(a, b source.FileChange) int { return cmp.Compare(a.New, b.New) })
	var err error
	change.Head, err = source.Edit(g.tree, files)
	return change, err
}

// shows says which roots of head show which plants. Roots that the review rendered are not rendered again, others
// that read a changed file are.
func (g *ground) shows(t *testing.T, change *source.Change) map[string]map[string]bool {
	settings, err := g.engine.Settings(g.policy, review.Options{})
	if err != nil {
		t.Fatal(err)
	}
	roots := map[string]map[string]bool{}
	for _, before := range g.memory.rendered() {
		key := memoryKey(before.root)
		if !g.listed[key] || len(before.reads.Changed(change.Head)) == 0 {
			continue
		}
		after, ok := g.memory.recallHead(change.Head, key)
		if !ok {
			after.rendering, _, after.err = g.memory.Renderer.Render(t.Context(), change.Head, before.root, settings)
		}
		if after.err == nil {
			roots[before.root.Path] = shown(after.rendering.Objects)
		}
	}
	return roots
}

// compare counts one plant: exact when every finding of it stands on its line and every root that shows it is named.
func (p plant) compare(i int, plants []plant, shows map[string]map[string]bool, result *review.Result) (got lineTally) {
	where := path.Join(p.ground.name, p.file) + ":" + strconv.Itoa(p.line)
	what := p.planted(i)
	for _, f := range result.Findings {
		switch {
		case f.Status != review.New || f.Rule == plantedRule && f.Message != "holds "+what || f.Rule != plantedRule && i > 0:
		case f.Rule != plantedRule && !slices.ContainsFunc(plants, func(q plant) bool { return q.holds(f.Location) }):
			got.spurious++
			got.miss("%s: spurious: %s", where, describe(f))
		case f.Rule != plantedRule, p.holds(f.Location) && f.Location.Precision == manifests.Exact.String():
		case f.Location.File == p.file && f.Location.Precision == manifests.InFile.String():
			got.inFile = 1
			got.miss("%s: only the file is known: %s", where, describe(f))
		default:
			got.wrong = 1
			got.miss("%s: wrong line: %s", where, describe(f))
		}
	}
	named, shown := rootsOf(result.Findings, what), 0
	for root, plants := range shows {
		if plants[what] {
			shown++
		}
		if plants[what] && !named[root] {
			got.missed = 1
			got.miss("%s: missed in %s", where, root)
		}
	}
	return got.settled(len(named)+shown > 0)
}

// settled counts a plant in one column only.
func (t lineTally) settled(effect bool) lineTally {
	switch {
	case !effect:
		t.silent = 1
		return t
	case t.missed > 0:
		t.wrong, t.inFile = 0, 0
	case t.wrong > 0:
		t.inFile = 0
	case t.inFile == 0:
		t.exact = 1
	}
	t.planted = 1
	return t
}

func (p plant) holds(at review.Location) bool { return at.File == p.file && at.Line == p.line }
