package report

import (
	"fmt"
	"testing"

	"github.com/landwaiter/landwaiter/internal/source"
)

// TestHunks holds hunks to what git diff writes with three lines of context, of files with so many lines at head.
func TestHunks(t *testing.T) {
	t.Parallel()
	at := func(numbers ...int) (hunks []source.Hunk) {
		for i := 0; i < len(numbers); i += 4 {
			hunks = append(hunks, source.Hunk{OldStart: numbers[i], OldLines: numbers[i+1], NewStart: numbers[i+2], NewLines: numbers[i+3]})
		}
		return hunks
	}
	for _, test := range []struct {
		name  string
		hunks []source.Hunk
		lines int
		want  string // of the headers' right sides
	}{
		{"a line in the middle", at(10, 1, 10, 1), 20, "[{7 13}]"},
		{"the first line", at(1, 1, 1, 1), 20, "[{1 4}]"},
		{"the last line", at(20, 1, 20, 1), 20, "[{17 20}]"},
		{"a line taken out", at(10, 1, 9, 0), 19, "[{7 12}]"},
		{"the first line taken out", at(1, 1, 0, 0), 19, "[{1 3}]"},
		{"the last line taken out", at(20, 1, 19, 0), 19, "[{17 19}]"},
		{"six lines between", at(10, 1, 10, 1, 17, 1, 17, 1), 30, "[{7 20}]"},
		{"seven lines between", at(10, 1, 10, 1, 18, 1, 18, 1), 30, "[{7 13} {15 21}]"},
		{"six lines behind a removal", at(10, 1, 9, 0, 17, 1, 16, 1), 30, "[{7 19}]"},
		{"seven lines behind a removal", at(10, 1, 9, 0, 18, 1, 17, 1), 30, "[{7 12} {14 20}]"},
		{"a new file", at(0, 0, 1, 5), 5, "[{1 5}]"},
		{"an emptied file", at(1, 5, 0, 0), 0, "[]"},
		{"a difference that GitHub does not load", at(1, 10_000, 1, 10_000), 10_000, "[]"},
		{"nothing but a mode", nil, 10, "[]"},
	} {
		if got := fmt.Sprint(hunksOf(&source.FileChange{Hunks: test.hunks}, test.lines)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	if got := hunksOf(&source.FileChange{Hunks: at(1, 1, 1, 1), Binary: true}, 9); got != nil {
		t.Errorf("a binary file shows the lines %v", got)
	}
}
