package rules_test

import (
	"os"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review/rules"
)

// TestReviewed holds that docs/rules-review.md has one row for each rule, below its area and with its level, and none for others:
// what nobody has read is to be seen there.
func TestReviewed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/rules-review.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, area := map[string]string{}, ""
	for line := range strings.Lines(string(page)) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			area = strings.TrimSpace(name)
		}
		cells := strings.Split(line, " | ")
		id, ok := strings.CutPrefix(cells[0], "| ")
		if !ok || len(cells) < 5 || id == "rule" {
			continue
		}
		if rows[id] != "" {
			t.Errorf("%s has two rows", id)
		}
		rows[id] = area + " " + cells[1]
	}
	for _, r := range rules.All() {
		if want := r.Area + " " + r.Level.String(); rows[r.ID] != want {
			t.Errorf("%s: the page has %q, want %q", r.ID, rows[r.ID], want)
		}
		delete(rows, r.ID)
	}
	for id := range rows {
		t.Errorf("%s is no rule", id)
	}
}
