package manifests

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
)

// object makes an object of YAML.
func object(t *testing.T, text string) *Object {
	t.Helper()
	o, err := NewObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func objects(t *testing.T, texts ...string) (all []*Object) {
	t.Helper()
	for _, text := range texts {
		all = append(all, object(t, text))
	}
	return all
}

const (
	mapOne = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: x\n"
	mapTwo = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: two\ndata:\n  a: x\n"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	other := strings.Replace(mapOne, "a: x", "a: y", 1)
	tests := map[string]struct {
		base, head []string
		want       string
	}{
		"nothing":                {[]string{mapOne, mapTwo}, []string{mapTwo, mapOne}, ""},
		"added":                  {[]string{mapOne}, []string{mapTwo, mapOne}, "added ConfigMap/two"},
		"removed":                {[]string{mapOne, mapTwo}, []string{mapTwo}, "removed ConfigMap/one"},
		"modified":               {[]string{mapOne, mapTwo}, []string{mapTwo, other}, "modified ConfigMap/one"},
		"said in other words":    {[]string{mapOne}, []string{"# c\nkind: ConfigMap\napiVersion: 'v1'\ndata: {a: \"x\"}\nmetadata: {name: one}\n"}, ""},
		"a number for a text":    {[]string{strings.Replace(mapOne, "a: x", "a: '1'", 1)}, []string{strings.Replace(mapOne, "a: x", "a: 1", 1)}, "modified ConfigMap/one"},
		"another version":        {[]string{"apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: a}\n"}, []string{"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"}, "modified Deployment/a"},
		"another group":          {[]string{"apiVersion: extensions/v1\nkind: Deployment\nmetadata: {name: a}\n"}, []string{"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"}, "added Deployment/a, removed Deployment/a"},
		"another namespace":      {[]string{mapOne}, []string{strings.Replace(mapOne, "name: one", "name: one\n  namespace: n", 1)}, "added ConfigMap/n/one, removed ConfigMap/one"},
		"one of two of one name": {[]string{mapOne, other}, []string{other}, "removed ConfigMap/one"},
		"two of one name swap":   {[]string{mapOne, other}, []string{other, mapOne}, ""},
		"a list in other order":  {[]string{mapOne + "l: [a, b]\n"}, []string{mapOne + "l: [b, a]\n"}, "modified ConfigMap/one"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range Diff("root", objects(t, test.base...), objects(t, test.head...)) {
				got = append(got, string(d.Change)+" "+d.Object.String())
				if d.Root != "root" || d.Unified == "" {
					t.Errorf("difference %+v", d)
				}
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestUnified(t *testing.T) {
	t.Parallel()
	diffs := Diff("r", objects(t, mapOne), objects(t, strings.Replace(mapOne, "a: x\n", "a: y", 1)))
	want := "--- base\n+++ head\n@@ -3,4 +3,4 @@\n metadata:\n   name: one\n data:\n-  a: x\n+  a: y\n"
	if len(diffs) != 1 || diffs[0].Unified != want {
		t.Errorf("got %q, want %q", diffs, want)
	}
}

// Each hunk's header must say where its lines are on both sides, also after a hunk that joins several edits.
func TestUnifiedHunks(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.Repeat("x ", 60), " ")
	for i := range lines {
		lines[i] = fmt.Sprintf("line %d\n", i)
	}
	for name, edits := range map[string]map[int]string{
		"joined edits": {10: "new\n", 12: "line 12\nadded\nadded\n", 40: "later\n"},
		"deletions":    {5: "", 7: "", 30: "later\n", 50: ""},
		"both ends":    {0: "", 2: "two\nmore\n", 25: "", 59: "last\n"},
	} {
		before, after := slices.Clone(lines), slices.Clone(lines)
		for i, text := range edits {
			after[i] = text
		}
		old, now := strings.Join(before, ""), strings.Join(after, "")
		if diff := Unified("a", "b", old, now); !headersFit(diff, strings.Split(old, "\n"), strings.Split(now, "\n")) {
			t.Errorf("%s: a header is wrong in\n%s", name, diff)
		}
	}
	if got := Unified("a", "b", "same\n", "same\n"); got != "" {
		t.Errorf("equal texts differ: %q", got)
	}
}

// headersFit reports whether every line of a difference stands where its hunk's header says.
func headersFit(diff string, before, after []string) bool {
	old, now, hunks := 0, 0, 0
	for _, line := range strings.Split(diff, "\n") {
		if n, _ := fmt.Sscanf(line, "@@ -%d", &old); n == 1 {
			_, _ = fmt.Sscanf(line[strings.Index(line, "+"):], "+%d", &now)
			hunks++
			continue
		}
		if hunks == 0 || line == "" {
			continue
		}
		if line[0] != '+' {
			if before[old-1] != line[1:] {
				return false
			}
			old++
		}
		if line[0] != '-' {
			if after[now-1] != line[1:] {
				return false
			}
			now++
		}
	}
	return hunks > 1
}

// TestUnifiedWhole holds differences of texts that are new or gone against the library's.
func TestUnifiedWhole(t *testing.T) {
	for _, text := range []string{"", "a", "a\n", "\n", "a\nb", "a\nb\n", "\n\n", "a\r\nb\r\n", "%s\n\n%d"} {
		for _, pair := range [][2]string{{"", text}, {text, ""}} {
			unified, err := udiff.ToUnifiedDiff("base", "head", pair[0], udiff.Lines(pair[0], pair[1]), udiff.DefaultContextLines)
			if err != nil {
				t.Fatal(err)
			}
			for _, hunk := range unified.Hunks {
				hunk.ToLine = hunk.FromLine
			}
			if got, want := Unified("base", "head", pair[0], pair[1]), unified.String(); got != want {
				t.Errorf("from %q to %q:\n%s\nwant\n%s", pair[0], pair[1], got, want)
			}
		}
	}
}
