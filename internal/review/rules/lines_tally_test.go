package rules_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

var updateLines = flag.Bool("update-lines", false, "write the measured tables into docs/source-lines.md")

const linesPage = "../../../docs/source-lines.md"

// lineTally counts what was planted, and where the findings stand.
type lineTally struct {
	planted int // with an effect on what is rendered
	exact   int // every finding on the very line, known to be exact
	inFile  int // the file is right, the line is not claimed
	wrong   int // a finding on another line
	missed  int // no finding, or not for every root
	// spurious are new findings that the plant did not cause.
	spurious int
	// silent plants changed nothing that is rendered, broken ones made a root fail: both are counted apart.
	silent, broken int
	misses         []string
}

func (t *lineTally) miss(format string, args ...any) {
	t.misses = append(t.misses, fmt.Sprintf(format, args...))
}

func (t *lineTally) add(other lineTally) {
	t.planted += other.planted
	t.exact += other.exact
	t.inFile += other.inFile
	t.wrong += other.wrong
	t.missed += other.missed
	t.spurious += other.spurious
	t.silent += other.silent
	t.broken += other.broken
	t.misses = append(t.misses, other.misses...)
}

func (t *lineTally) row(name string, apart bool) string {
	share := 100 * float64(t.exact) / float64(max(t.planted, 1))
	row := fmt.Sprintf("| %s | %d | %d (%.1f %%) | %d | %d | %d | %d |", name, t.planted, t.exact, share, t.inFile, t.wrong, t.missed, t.spurious)
	if apart {
		row += fmt.Sprintf(" %d | %d |", t.silent, t.broken)
	}
	return row + "\n"
}

// lineTable holds tallies by class. Its methods may be called from several goroutines.
type lineTable struct {
	mu      sync.Mutex
	classes map[string]*lineTally
}

func newLineTable() *lineTable { return &lineTable{classes: map[string]*lineTally{}} }

func (t *lineTable) add(class string, tally lineTally) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.classes[class] == nil {
		t.classes[class] = &lineTally{}
	}
	t.classes[class].add(tally)
}

func (t *lineTable) total() lineTally {
	var all lineTally
	for _, class := range t.classes {
		all.add(*class)
	}
	return all
}

// markdown writes the table, with the columns for what is counted apart when there is any.
func (t *lineTable) markdown() string {
	all := t.total()
	apart := all.silent+all.broken > 0
	var b strings.Builder
	b.WriteString("| class | planted | exact line | only file | wrong line | missed | spurious |")
	if apart {
		b.WriteString(" without effect | no longer renders |")
	}
	b.WriteString("\n|---|---|---|---|---|---|---|" + strings.Repeat("---|", 2*min(all.silent+all.broken, 1)) + "\n")
	for _, class := range slices.Sorted(maps.Keys(t.classes)) {
		b.WriteString(t.classes[class].row(class, apart))
	}
	b.WriteString(all.row("**all**", apart))
	return b.String()
}

// write logs the table, and puts it into the page between the marks of this name when that is asked for.
func (t *lineTable) write(tb testing.TB, name string) {
	table := t.markdown()
	tb.Logf("%s:\n%s", name, table)
	if !*updateLines || tb.Failed() {
		return
	}
	page, err := os.ReadFile(linesPage)
	if err != nil {
		tb.Fatal(err)
	}
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		tb.Fatalf("%s has no place for the table %s", linesPage, name)
	}
	if err := os.WriteFile(linesPage, []byte(before+begin+"\n"+table+"\n"+end+after), 0o644); err != nil {
		tb.Fatal(err)
	}
}
