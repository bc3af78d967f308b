package manifests

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// DiffKind says what happened to an object.
type DiffKind string

// What can happen to an object.
const (
	Added    DiffKind = "added"
	Removed  DiffKind = "removed"
	Modified DiffKind = "modified"
)

// ObjectDiff is what a change does to one rendered object. Secret values are masked in it.
type ObjectDiff struct {
	Root    string   `json:"root"`
	Object  Identity `json:"object"`
	Change  DiffKind `json:"change"`
	Unified string   `json:"unified"` // a unified difference of the objects' YAML
}

// maxTwins is how many objects of one identity are searched for the one that stayed.
const maxTwins = 16

// Diff compares the objects of one root at base and head by identity, whatever their order. Objects that say
// the same in another way (order of keys, quotes, comments) are left out.
func Diff(root string, base, head []*Object) []ObjectDiff {
	before := make(map[Identity][]*Object, len(base))
	for _, o := range base {
		before[diffKey(o)] = append(before[diffKey(o)], o)
	}
	var changed []*Object // of head; of several objects of one identity those that stayed are no part of it
	for _, o := range head {
		left := before[diffKey(o)]
		if i := slices.IndexFunc(left[:min(len(left), maxTwins)], func(old *Object) bool { return same(old, o) }); i >= 0 {
			before[diffKey(o)] = slices.Delete(left, i, i+1)
			continue
		}
		changed = append(changed, o)
	}
	var diffs []ObjectDiff
	for _, o := range changed {
		var old *Object
		if left := before[diffKey(o)]; len(left) > 0 {
			old, before[diffKey(o)] = left[0], left[1:]
		}
		diffs = append(diffs, diffOf(root, old, o))
	}
	for _, o := range base {
		if left := before[diffKey(o)]; len(left) > 0 && left[0] == o {
			before[diffKey(o)] = left[1:]
			diffs = append(diffs, diffOf(root, o, nil))
		}
	}
	return diffs
}

// diffKey is an object's identity without the version, which may change while the object stays.
func diffKey(o *Object) Identity {
	id := o.Identity
	id.APIVersion = id.Group()
	return id
}

// same reports whether two objects say the same to the API server.
func same(a, b *Object) bool {
	if bytes.Equal(a.Raw, b.Raw) {
		return true
	}
	var left, right any
	if a.Field().Decode(&left) != nil || b.Field().Decode(&right) != nil {
		return false
	}
	return reflect.DeepEqual(left, right)
}

func diffOf(root string, before, after *Object) ObjectDiff {
	var old, now []byte
	d := ObjectDiff{Root: root, Change: Modified}
	if before != nil {
		d.Object, old = before.Identity, before.Masked()
	}
	if after != nil {
		d.Object, now = after.Identity, after.masked(before)
	}
	switch {
	case before == nil:
		d.Change = Added
	case after == nil:
		d.Change = Removed
	}
	d.Unified = Unified("base", "head", withNewline(old), withNewline(now))
	return d
}

// Unified compares two texts line by line and returns a unified difference as POSIX diff -u has it, with three lines of
// context; "" when they are equal.
func Unified(oldName, newName, before, after string) string {
	if before == "" || after == "" {
		return unifiedWhole(oldName, newName, before, after)
	}
	unified, err := udiff.ToUnifiedDiff(oldName, newName, before, udiff.Lines(before, after), udiff.DefaultContextLines)
	if err != nil {
		return "" // edits that were made from the text fit into it
	}
	ahead := 0 // how many lines longer the new text is so far; the library loses those that join two edits of a hunk
	for _, hunk := range unified.Hunks {
		hunk.ToLine = hunk.FromLine + ahead
		for _, line := range hunk.Lines {
			switch line.Kind {
			case udiff.Insert:
				ahead++
			case udiff.Delete:
				ahead--
			}
		}
	}
	return unified.String()
}

// unifiedWhole is Unified for a text that is new or gone as a whole: one of the two is empty.
func unifiedWhole(oldName, newName, before, after string) string {
	text, sign := before+after, byte('+')
	if text == "" {
		return ""
	}
	lines := strings.Count(text, "\n")
	if !strings.HasSuffix(text, "\n") {
		lines++
	}
	old, now := "0,0", hunkRange(lines)
	if before != "" {
		old, now, sign = now, old, '-'
	}
	var b strings.Builder
	b.Grow(len(text) + lines + len(oldName) + len(newName) + 64)
	fmt.Fprintf(&b, "--- %s\n+++ %s\n@@ -%s +%s @@\n", oldName, newName, old, now)
	for line := range strings.Lines(text) {
		b.WriteByte(sign)
		b.WriteString(line)
	}
	if !strings.HasSuffix(text, "\n") {
		b.WriteString("\n\\ No newline at end of file\n")
	}
	return b.String()
}

// hunkRange is what a hunk's head says of the first lines of a text.
func hunkRange(lines int) string {
	if lines == 1 {
		return "1"
	}
	return "1," + strconv.Itoa(lines)
}

func withNewline(text []byte) string {
	if len(text) > 0 && text[len(text)-1] != '\n' {
		return string(text) + "\n"
	}
	return string(text)
}
