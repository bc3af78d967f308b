package rules_test

import (
	"cmp"
	"context"
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
	plantsPerClass = 40
	rootsPerRepo   = 14
	costlyBytes    = 300_000 // of what a root renders to: more of it is planted in rarely
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
	queue := make(chan plant)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for p := range queue {
				table.add(p.class, p.ground.try(t, p.lineSpot))
			}
		})
	}
	for _, p := range plants {
		queue <- p
	}
	close(queue)
	wait.Wait()
	checkFloors(t, table)
	table.write(t, "corpus")
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
	memory *memoryRenderer
}

// memoryRenderer remembers what the roots of base render to, as long as nothing that they read changes.
type memoryRenderer struct {
	review.Renderer
	mu    sync.Mutex
	known map[string]remembered
}

type remembered struct {
	rendering *manifests.Rendering
	reads     source.ReadSet
	err       error
}

func (m *memoryRenderer) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	key := string(root.Kind) + root.Path
	old, ok := m.recall(key)
	if ok && len(old.reads.Changed(tree)) == 0 {
		return old.rendering, old.reads, old.err
	}
	rendering, reads, err := m.Renderer.Render(ctx, tree, root, settings)
	if !ok {
		m.mu.Lock()
		m.known[key] = remembered{rendering, reads, err}
		m.mu.Unlock()
	}
	return rendering, reads, err
}

func (m *memoryRenderer) recall(key string) (remembered, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.known[key]
	return old, ok
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
	g.memory = &memoryRenderer{Renderer: lab.Renderer, known: map[string]remembered{}}
	g.engine = &review.Engine{Renderer: g.memory, Rules: lab.Rules, Now: time.Now}
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
	for _, root := range roots[:min(len(roots), max(rootsPerRepo, rootsPerRepo*limit/plantsPerClass))] {
		rendering, reads, err := g.memory.Render(t.Context(), g.tree, root, settings)
		if err != nil {
			continue
		}
		var files []string
		for _, read := range reads {
			if info, err := g.tree.Stat(read.Path); err == nil && info.Kind == source.File {
				files = append(files, read.Path)
			}
		}
		shown := shownTexts(rendering.Objects)
		for _, s := range spotsOf(g.tree, root, files) {
			if strings.Contains(shown, s.value) {
				found = append(found, plant{s, g, len(shown) > costlyBytes})
			}
		}
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
			if taken[p.class] >= limit || inFile[p.class+key] > round || lines[line] || p.costly && costly[p.class] >= limit/20 {
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

// try plants, reviews and compares.
func (g *ground) try(t *testing.T, s lineSpot) (got lineTally) {
	before, err := g.tree.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := g.tree.Stat(s.file)
	if err != nil {
		t.Fatal(err)
	}
	head, err := source.Edit(g.tree, map[string][]byte{info.Path: s.plant(before)})
	if err != nil {
		t.Fatal(err)
	}
	change := &source.Change{Base: g.tree, BaseID: "base", Head: head, Files: []source.FileChange{{
		Old: info.Path, New: info.Path, Hunks: []source.Hunk{{OldStart: s.line, OldLines: 1, NewStart: s.line, NewLines: 1}},
	}}}
	result, err := g.engine.Review(t.Context(), change, g.policy, review.Options{Only: append([]string{plantedRule}, localRules...)})
	if err != nil {
		t.Errorf("%s: %s:%d: %v", g.name, s.file, s.line, err)
		return got
	}
	for _, root := range result.Roots {
		if root.Status == review.Failed {
			if before, _ := g.memory.recall(string(root.Kind) + root.Path); before.err == nil {
				return lineTally{broken: 1}
			}
		}
	}
	g.compare(t, info.Path, s, change, result, &got)
	return got
}

// compare counts one plant: exact when every finding of it stands on its line and every root that shows it is named.
func (g *ground) compare(t *testing.T, file string, s lineSpot, change *source.Change, result *review.Result, got *lineTally) {
	where := path.Join(g.name, s.file) + ":" + strconv.Itoa(s.line)
	inFile, wrong := 0, 0
	for _, f := range result.Findings {
		onLine := f.Location.File == file && f.Location.Line == s.line
		switch {
		case f.Status != review.New || onLine && f.Location.Precision == manifests.Exact.String():
		case f.Rule != plantedRule:
			got.spurious++
			got.miss("%s: spurious: %s", where, describe(f))
		case f.Location.File == file && f.Location.Precision == manifests.InFile.String():
			inFile++
			got.miss("%s: only the file is known: %s", where, describe(f))
		default:
			wrong++
			got.miss("%s: wrong line: %s", where, describe(f))
		}
	}
	missing := g.missing(t, change, result)
	if len(missing) > 0 {
		got.miss("%s: missed in %s", where, strings.Join(missing, ", "))
	}
	switch {
	case len(rootsOf(result.Findings)) == 0 && len(missing) == 0:
		got.silent = 1
		return
	case len(missing) > 0:
		got.missed = 1
	case wrong > 0:
		got.wrong = 1
	case inFile > 0:
		got.inFile = 1
	default:
		got.exact = 1
	}
	got.planted = 1
}

// missing renders the roots that may show the plant without the engine, and returns those that do and are not named.
func (g *ground) missing(t *testing.T, change *source.Change, result *review.Result) (missing []string) {
	named := rootsOf(result.Findings)
	settings, err := g.engine.Settings(g.policy, review.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range g.roots {
		before, known := g.memory.recall(string(root.Kind) + root.Path)
		if named[root.Path] || !known || len(before.reads.Changed(change.Head)) == 0 {
			continue
		}
		if after, _, err := g.memory.Renderer.Render(t.Context(), change.Head, root, settings); err == nil && shows(after.Objects) {
			missing = append(missing, root.Path)
		}
	}
	return missing
}
