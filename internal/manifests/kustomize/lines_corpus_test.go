package kustomize

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// tally counts the leaf fields of a repository by precision.
type tally struct {
	leaves, exact, inFile, unknown, wrong int
	shown                                 int
	tree                                  source.Tree
	files                                 map[string]*sourceFile
}

// sourceFile is a file as the checker reads it.
type sourceFile struct {
	content string
	lines   []string
}

func (n *tally) file(name string) *sourceFile {
	if f := n.files[name]; f != nil {
		return f
	}
	data, err := n.tree.ReadFile(name)
	if err != nil {
		return nil
	}
	f := &sourceFile{string(data), strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")}
	n.files[name] = f
	return f
}

// report fails the test for wrong lines, and for too few exact ones.
func (n *tally) report(t *testing.T) {
	t.Logf("%d leaves: exact %.2f %%, file %.2f %%, unknown %.2f %%; wrong %d", n.leaves, share(n.exact, n.leaves), share(n.inFile, n.leaves), share(n.unknown, n.leaves), n.wrong)
	if n.wrong > 0 {
		t.Errorf("%d lines are wrong", n.wrong)
	}
	if n.leaves > 0 && share(n.exact, n.leaves) < 99 {
		t.Errorf("only %.2f %% are exact", share(n.exact, n.leaves))
	}
}

func share(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) }

func (n *tally) object(t *testing.T, dir string, o *manifests.Object) {
	i := -1
	o.Walk(func(f manifests.Field) {
		if i++; f.Node().Kind != yaml.ScalarNode {
			return
		}
		n.leaves++
		if i >= len(o.Origins) {
			t.Fatalf("%s: %s has fewer origins than fields", dir, o.Identity)
		}
		origin := o.Origins[i]
		switch {
		case len(origin) == 0:
			n.unknown++
			n.show(t, "unknown: %s: %s %s = %.60q", dir, o.Identity, f.Path(), f.Node().Value)
		case origin[0].Precision == manifests.Exact:
			n.exact++
			if !plausible(n.file(origin[0].Span.File), o, f, origin[0].Span.Line) {
				n.wrong++
				n.show(t, "wrong: %s: %s %s = %.60q is not on %s:%d", dir, o.Identity, f.Path(), f.Node().Value, origin[0].Span.File, origin[0].Span.Line)
			}
		default:
			n.inFile++
			n.show(t, "file: %s: %s %s = %.60q from %v", dir, o.Identity, f.Path(), f.Node().Value, origin)
		}
	})
}

func (n *tally) show(t *testing.T, format string, args ...any) {
	if n.shown++; n.shown <= 40 || strings.HasPrefix(format, "wrong") && n.wrong <= 40 {
		t.Logf(format, args...)
	}
}

// plausible reports whether a line of the source, or the block that begins on it, holds a field's value or a part
// of it; or whether the line is the first of a file that became the value.
func plausible(in *sourceFile, o *manifests.Object, f manifests.Field, at int) bool {
	if in == nil || at < 1 || at > len(in.lines) {
		return false
	}
	value := f.Node().Value
	if decoded, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(value, "\n", "")); err == nil && o.Kind == "Secret" && strings.HasPrefix(f.Path(), "data") && !strings.Contains(in.lines[at-1], value) {
		value = string(decoded)
	}
	if in.content == value && at == 1 {
		return true
	}
	line := in.lines[at-1]
	squeezed := squeeze(strings.Join(in.lines[at-1:min(len(in.lines), at+40)], " "))
	want := squeeze(value[:min(len(value), 200)])
	want = want[:min(len(want), 24)]
	if numeric(line, f) || want == "" || strings.Contains(line, strings.TrimSpace(value)) && holdsKey(f, line) || strings.Contains(squeezed, want) && holdsKey(f, line) {
		return true
	}
	return partOf(line, value)
}

// squeeze leaves out what a writer of YAML is free to choose: blanks, quotes, escapes.
func squeeze(s string) string {
	return strings.NewReplacer(" ", "", "\n", "", "\t", "", `"`, "", "'", "", `\n`, "", `\t`, "", `\`, "").Replace(s)
}

// holdsKey reports whether the line is about the field: it holds its key, or its value itself.
func holdsKey(f manifests.Field, line string) bool {
	p := f.Path()
	if i := strings.LastIndexAny(strings.TrimSuffix(p, "]"), ".["); i >= 0 {
		p = strings.TrimSuffix(p[i+1:], "]")
	}
	if i := strings.LastIndexByte(f.Path(), '['); i >= 0 && strings.HasSuffix(f.Path(), "]") {
		p = strings.TrimSuffix(f.Path()[i+1:], "]")
	}
	first, _, _ := strings.Cut(strings.TrimSpace(f.Node().Value), "\n")
	return strings.Contains(line, p) || strings.Contains(squeeze(line), squeeze(first[:min(len(first), 12)])) || strings.Contains(line, "value") || strings.HasSuffix(line, "|") || strings.HasSuffix(line, ">-")
}

// partOf reports whether a value on the line is part of the field's value: a name before its prefix, a tag, a text
// with variables.
func partOf(line, value string) bool {
	for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" :,{}[]\"'=@", r) }) {
		if len(word) > 1 && strings.Contains(value, word) {
			return true
		}
	}
	return strings.Contains(line, "$(")
}

func numeric(line string, f manifests.Field) bool {
	_, written, _ := strings.Cut(line, ":")
	var v any
	if yaml.Unmarshal([]byte(written), &v) != nil {
		return false
	}
	switch n := v.(type) {
	case int, float64, bool:
		return fmt.Sprint(n) == f.Node().Value
	case nil:
		return f.Node().Tag == "!!null"
	}
	return false
}
