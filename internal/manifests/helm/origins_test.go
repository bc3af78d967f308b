package helm_test

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm"
	"github.com/landwaiter/landwaiter/internal/source"
	"github.com/rogpeppe/go-internal/txtar"
)

var mark = regexp.MustCompile(`@([a-z0-9-]+)`)

// TestOrigins renders charts whose lines carry marks, and compares the places of fields with the marks named in
// the archive's file "want". A mark followed by "+1" is the line after it.
// A line that begins with "LF" is not for files with other line ends, of which YAML prints texts in one line.
func TestOrigins(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/origins/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no charts", err)
	}
	for _, archive := range archives {
		for _, lineEnd := range []string{"\n", "\r\n"} {
			checkArchive(t, archive, lineEnd)
		}
	}
}

// markedChart reads the files of an archive, with other line ends, the places of its marks, and what is wanted.
func markedChart(t testing.TB, archive, lineEnd string) (files, marks map[string]string, want string) {
	t.Helper()
	parsed, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	files, marks = map[string]string{}, map[string]string{}
	for _, f := range parsed.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		files[f.Name] = strings.ReplaceAll(string(f.Data), "\n", lineEnd)
		for i, line := range strings.Split(string(f.Data), "\n") {
			for _, m := range mark.FindAllStringSubmatch(line, -1) {
				marks[m[1]] = fmt.Sprintf("%s:%d", f.Name, i+1)
			}
		}
	}
	return files, marks, want
}

func checkArchive(t *testing.T, archive, lineEnd string) {
	t.Helper()
	files, marks, want := markedChart(t, archive, lineEnd)
	for _, number := range []int{3, 4} {
		root := manifests.Root{Dir: "chart", Values: []string{"values/prod.yaml"}}
		settings := manifests.Settings{HelmLine: number, IncludeCRDs: true, Lines: true}
		rendering, err := helm.New().Render(context.Background(), treeOf(files), root, settings)
		if err != nil {
			t.Fatal(err)
		}
		if len(rendering.Notes) > 0 {
			t.Errorf("notes: %q", rendering.Notes)
		}
		for line := range strings.Lines(want) {
			line, only := strings.CutPrefix(line, "LF ")
			if !only || lineEnd == "\n" {
				checkOrigin(t, rendering.Objects, marks, strings.TrimSpace(line))
			}
		}
	}
}

// checkOrigin checks one line of "want": Kind/name field.path: role precision @mark, …
func checkOrigin(t *testing.T, objects []*manifests.Object, marks map[string]string, line string) {
	t.Helper()
	field, places, _ := strings.Cut(line, ": ")
	object, path, _ := strings.Cut(field, " ")
	for _, o := range objects {
		if o.Kind+"/"+o.Name != object {
			continue
		}
		origin, exists := o.OriginAt(path)
		if !exists {
			t.Errorf("%s: no such field", field)
			return
		}
		want := strings.Split(places, ", ")
		for i, place := range want {
			words := strings.Fields(place)
			words[2] = placeOf(marks, words[2])
			if got := show(origin, i); got != strings.Join(words, " ") {
				t.Errorf("%s: place %d: got %s, want %s\nall: %s", field, i, got, strings.Join(words, " "), showAll(origin))
			}
		}
		return
	}
	t.Errorf("%s: no such object", object)
}

func placeOf(marks map[string]string, name string) string {
	name, after, _ := strings.Cut(strings.TrimPrefix(name, "@"), "+")
	file, line, _ := strings.Cut(marks[name], ":")
	n, _ := strconv.Atoi(line)
	more, _ := strconv.Atoi(after)
	return fmt.Sprintf("%s:%d", file, n+more)
}

func show(origin manifests.Origin, i int) string {
	if i >= len(origin) {
		return "nothing"
	}
	f := origin[i]
	return fmt.Sprintf("%s %s %s:%d", f.Role, f.Precision, f.Span.File, f.Span.Line)
}

func showAll(origin manifests.Origin) string {
	var all []string
	for i := range origin {
		all = append(all, show(origin, i))
	}
	return strings.Join(all, ", ")
}

// TestCorpusOrigins counts how well the fields of the corpus are placed, and checks what is called exact against
// the line it names.
func TestCorpusOrigins(t *testing.T) {
	fields, verified, wrong := 0, 0, 0
	kinds := map[string]int{}
	for _, s := range corpus(t) {
		tree := treeAt(s.repo)
		rendering, err := helm.New().Render(context.Background(), tree, s.root(), manifests.Settings{KubeVersion: testKubeVersion, Lines: true})
		if err != nil {
			continue // TestCorpusEqualsHelm lists these
		}
		sources := lineReader{tree, map[string][]string{}}
		for _, o := range rendering.Objects {
			i := 0
			o.Walk(func(f manifests.Field) {
				origin := o.Origins[i]
				i++
				fields++
				if len(origin) == 0 {
					kinds["unknown"]++
					return
				}
				kinds[fmt.Sprintf("%s %s", origin[0].Role, origin[0].Precision)]++
				if value := f.Text(); origin[0].Precision == manifests.Exact && origin[0].Role == manifests.RoleValues && value != "" {
					if sources.shows(origin[0], value) {
						verified++
					} else if wrong++; wrong <= 20 {
						t.Logf("%s %s %s: %q is not on %s:%d", s, o.Identity, f.Path(), value, origin[0].Span.File, origin[0].Span.Line)
					}
				}
			})
		}
	}
	t.Logf("%d fields: %v; of exact values %d are literally on their line, %d are not", fields, kinds, verified, wrong)
	if fields == 0 || kinds["unknown"]*100 > fields || wrong*50 > verified {
		t.Errorf("more than 1 %% unknown, or more than 2 %% of the exact values not on their lines")
	}
}

// lineReader reads lines of files.
type lineReader struct {
	tree  source.Tree
	files map[string][]string
}

// shows reports whether a value, or its first line, is on the line of a frame or the one after it.
func (r lineReader) shows(f manifests.Frame, value string) bool {
	if r.files[f.Span.File] == nil {
		data, err := r.tree.ReadFile(f.Span.File)
		if err != nil {
			return false
		}
		r.files[f.Span.File] = strings.Split(string(data), "\n")
	}
	lines := r.files[f.Span.File]
	if f.Span.Line < 1 || f.Span.Line > len(lines) {
		return false
	}
	near := strings.Join(lines[f.Span.Line-1:min(f.Span.Line+1, len(lines))], "\n")
	first, _, _ := strings.Cut(strings.TrimSpace(value), "\n")
	if strings.Contains(near, first) || strings.Contains(near, "{{") {
		return true
	}
	_, written, ok := strings.Cut(lines[f.Span.Line-1], ": ") // a part of the field's text
	if !ok {
		written = lines[f.Span.Line-1]
	}
	written = strings.Trim(written, " -\"'")
	return written != "" && strings.Contains(value, written)
}
