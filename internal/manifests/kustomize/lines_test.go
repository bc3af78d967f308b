package kustomize

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// TestLines renders the repositories in testdata/lines. Each archive is a class of sources; its file "want" holds
// lines of
//
//	DIRECTORY KIND/NAME PATH: FILE:LINE FILE:LINE …
//
// the whole stack of that field's Origin, "~" before a place of which only the file is claimed.
func TestLines(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/lines/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			t.Parallel()
			files, want := readArchive(t, archive)
			checkLines(t, files, want)
		})
	}
}

// readArchive returns the repository in an archive and its expectations. A file named *.crlf loses the suffix and
// gets CRLF line ends.
func readArchive(t *testing.T, name string) (files map[string][]byte, want []string) {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	files = map[string][]byte{}
	for _, f := range txtar.Parse(data).Files {
		switch {
		case f.Name == "want":
			want = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		case strings.HasSuffix(f.Name, ".crlf"):
			files[strings.TrimSuffix(f.Name, ".crlf")] = []byte(strings.ReplaceAll(string(f.Data), "\n", "\r\n"))
		default:
			files[f.Name] = f.Data
		}
	}
	return files, want
}

func checkLines(t *testing.T, files map[string][]byte, want []string) {
	tree := memory(t, files)
	rendered := map[string][]*manifests.Object{}
	for _, line := range want {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		field, places, _ := strings.Cut(line, ": ")
		words := strings.SplitN(field, " ", 3)
		if len(words) != 3 {
			t.Fatalf("bad expectation %q", line)
		}
		if rendered[words[0]] == nil {
			got, err := New(nil).Render(context.Background(), tree, manifests.Root{Dir: words[0]}, manifests.Settings{Lines: true})
			if err != nil {
				t.Fatalf("%s: %v", words[0], err)
			}
			rendered[words[0]] = got.Objects
		}
		got, found := stack(rendered[words[0]], words[1], words[2])
		if !found {
			t.Errorf("%s: no such field in\n%s", field, printed(rendered[words[0]]))
		} else if got != places {
			t.Errorf("%s:\n got %s\nwant %s", field, got, places)
		}
	}
}

func stack(objects []*manifests.Object, object, path string) (string, bool) {
	for _, o := range objects {
		if !strings.HasPrefix(o.Identity.String(), strings.TrimSuffix(object, "*")) || !strings.HasSuffix(object, "*") && o.Identity.String() != object {
			continue
		}
		origin, exists := o.OriginAt(strings.TrimPrefix(path, "."))
		if !exists {
			continue
		}
		var places []string
		for _, f := range origin {
			place := fmt.Sprintf("%s:%d", f.Span.File, f.Span.Line)
			if f.Precision != manifests.Exact {
				place = "~" + place
			}
			places = append(places, place)
		}
		return strings.Join(places, " "), true
	}
	return "", false
}
