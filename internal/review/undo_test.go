package review

import (
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

const undoBase = `apiVersion: v1
kind: Pod
metadata: {name: web, labels: {a: one, b: two}}
spec:
  automountServiceAccountToken: false
  containers:
  - name: web
    args: [serve, --log, /var/log, --quiet]
    script: |
      one
      two
      three
  - {name: side, image: side:1}
  rules:
  - {to: x, except: [p, q]}
`

const undoHead = `apiVersion: v1
kind: Pod
metadata: {name: web, labels: {b: three}}
spec:
  containers:
  - {name: new, image: new:1}
  - name: web
    args: [--quiet, serve]
    script: |
      one
      3
      four
  rules:
  - {to: x, except: [q]}
`

// TestUndo puts back what was taken away, first one piece, then two and so on: each is a step, and in the end nothing of base
// is missing, while what was added stays.
func TestUndo(t *testing.T) {
	t.Parallel()
	before, now := mustObject(t, undoBase), mustObject(t, undoHead)
	var all undoing
	if all.undo(before, now) != now {
		t.Error("with nothing put back the object is another")
	}
	want := []string{"metadata.labels.a", "metadata.labels.b", "spec.automountServiceAccountToken", "spec.containers[0].args[1]",
		"spec.containers[0].args[2]", "spec.containers[0].script", "spec.containers[1]", "spec.rules[0].except[0]"}
	var got []string
	for _, p := range all.pieces {
		got = append(got, p.was)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("pieces:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	last := print(now.Field().Node())
	for put := 1; put <= len(want); put++ {
		some := undoing{left: put}
		text := print(some.undo(before, now).Field().Node())
		if text == last || len(some.pieces) != len(want) {
			t.Errorf("piece %d changes nothing, or there are other pieces then: %d", put, len(some.pieces))
		}
		last = text
	}
	whole := undoing{left: len(want)}
	o := whole.undo(before, now)
	if args := o.Field().Get("spec", "containers").At(1).Get("args"); wordsOf(args) != "--quiet serve --log /var/log" {
		t.Errorf("the arguments are %q", wordsOf(args))
	}
	if except := o.Field().Get("spec", "rules").At(0).Get("except"); wordsOf(except) != "p q" {
		t.Errorf("the exceptions are %q", wordsOf(except))
	}
	if o.Field().Get("spec", "containers").At(0).Get("name").Text() != "new" || now.Field().Get("metadata", "labels", "a").Exists() {
		t.Error("what was added is gone, or head itself was changed")
	}
	if script := o.Field().Get("spec", "containers").At(1).Get("script").Text(); script != "one\ntwo\nthree\n" {
		t.Errorf("the script is %q", script)
	}
}

func wordsOf(list manifests.Field) string {
	var all []string
	for _, item := range list.Items() {
		all = append(all, item.Text())
	}
	return strings.Join(all, " ")
}

func mustObject(t *testing.T, text string) *manifests.Object {
	t.Helper()
	o, err := manifests.NewObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestTextHunks tells lines apart that were removed, replaced and added.
func TestTextHunks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		old, young string
		want       []textHunk
	}{
		{"a b c", "a b c", nil},
		{"a b c d", "a c d", []textHunk{{1, 2, 1, 1}}},
		{"a b c d", "a x c", []textHunk{{1, 2, 1, 2}, {3, 4, 3, 3}}},
		{"a", "x a y", []textHunk{{0, 0, 0, 1}, {1, 1, 2, 3}}},
		{"a b", "", []textHunk{{0, 2, 0, 0}}},
	} {
		got := textHunks(strings.Fields(c.old), strings.Fields(c.young))
		if len(got) != len(c.want) {
			t.Errorf("%s to %s: %v, want %v", c.old, c.young, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s to %s: %v, want %v", c.old, c.young, got, c.want)
			}
		}
	}
}
