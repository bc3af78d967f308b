package helm

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// sortsAlike holds that Helm, either line of it, sorts what headOf gives in place of a document as that document, and
// reports whether headOf gave anything.
func sortsAlike(t *testing.T, text string) bool {
	t.Helper()
	node, err := manifests.ParseYAML([]byte(text))
	if err != nil {
		return false
	}
	head, ok := headOf(text, node)
	if !ok {
		return false
	}
	// Others stand around it, so that its place shows.
	around := func(document string) map[string]string {
		return map[string]string{
			docKey(0): "kind: Service\n", docKey(1): "kind: Deployment\nmetadata: {annotations: {helm.sh/hook: test}}\n", docKey(2): document,
			docKey(3): "kind: Deployment\n", docKey(4): "kind: Unknown\n", docKey(5): "kind: Unknown\nmetadata: {annotations: {helm.sh/hook: post-install}}\n",
		}
	}
	for name, order := range map[string]func(map[string]string) (ordered, error){"3": order3, "4": order4} {
		want, err := order(around(text))
		if err != nil {
			t.Fatalf("Helm %s refuses %q: %v", name, text, err)
		}
		got, err := order(around(head))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("Helm %s sorts %q as %+v, and %q as %+v, %v", name, text, want, head, got, err)
		}
	}
	return true
}

var heads = map[string]bool{
	"": false, "# nothing\n": false, "- a\n": false, "text\n": false,
	"kind: Service\n": true,
	"apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  labels: {a: b}\nspec:\n  ports: [{port: 80, on: true, x: null, y: 1.5}]\n":      true,
	"kind: Job\nmetadata:\n  name: a\n  annotations:\n    helm.sh/hook: pre-install, test\n    helm.sh/hook-weight: \"-5\"\n    other: x\n": true,
	"kind: Job\nmetadata:\n  annotations:\n    helm.sh/hook: never\n":                                                                       true,
	"kind: Job\nmetadata:\n  annotations:\n    helm.sh/hook: test\ndata:\n  a: |\n    #!/bin/sh\n    a && b <c> [d] {e}? \"f\\n\"\n":        true,
	"kind: A\nx: [a?b]\n":                         false, // Helm's parser ends the text before "?"
	"kind: A\nx: \"a\\/b\"\n":                     false, // and does not know this escape
	"kind: yes\n":                                 false,
	"kind: 5\n":                                   false,
	"kind: ~\n":                                   false,
	"Kind: A\nkind: B\n":                          false,
	"kind: A\nKIND: B\n":                          false,
	"kind: A\nkind: B\n":                          false,
	"kind: A\nmetadata:\n":                        false,
	"kind: A\nmetadata: text\n":                   false,
	"kind: A\nmetadata: {Name: b}\n":              false,
	"kind: A\nmetadata: {name: [b]}\n":            false,
	"kind: A\nmetadata: {annotations: {a: 1}}\n":  false,
	"kind: A\nmetadata: {annotations: {a: on}}\n": false,
	"kind: A\nmetadata: {annotations: {1: a}}\n":  false,
	"kind: A\nmetadata: {annotations: [a]}\n":     false,
	"kind: A\nx: .nan\n":                          false,
	"kind: A\nx: -.INF\n":                         false,
	"kind: A\nx: \".inf\"\n":                      true,
	"kind: A\n~: x\n":                             false,
	"kind: A\n[a]: x\n":                           false,
	"kind: A\n1.5: x\n":                           false,
	"kind: A\nx: !!int text\n":                    false,
	"kind: A\nx: !t text\n":                       false,
	"x: &x Service\nkind: *x\n":                   false,
	"x: &x {kind: Service}\n<<: *x\n":             false,
	"kind: A\nx:\t1\n":                            false,
	"kind: A\nx: é\n":                             false,
	"%YAML 1.2\n---\nkind: A\n":                   false,
	"kind: A\n---\nkind: B\n":                     false,
	"kind: A\n...\n":                              false,
}

func TestHeads(t *testing.T) {
	t.Parallel()
	for text, want := range heads {
		if got := sortsAlike(t, text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// Most documents of real charts are sorted by their heads alone.
func TestHeadsCorpus(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("LANDWAITER_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "corpus")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*", "*.yaml")) // the pattern is a valid one
	if len(files) == 0 {
		t.Skip("no corpus: set LANDWAITER_CORPUS to where it lies")
	}
	documents, alike := 0, 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range manifests.SplitDocuments(text) {
			if documents++; sortsAlike(t, string(d.Data)) {
				alike++
			}
		}
	}
	if alike*2 < documents {
		t.Errorf("of %d documents, only %d are sorted by their heads", documents, alike)
	}
}

func FuzzHead(f *testing.F) {
	for text := range heads {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 10_000 {
			sortsAlike(t, text)
		}
	})
}

// Without a separator Helm is not asked for the documents of a text, and would have said the same.
func TestSplit4(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " \n\t", "a", "\n a: b\n  c\n\n", "a---\nb", "---", "---a\n", "\n---\na: b", "a\n---\nb\n---  \n\n---\n c\n", "a\n ---\nb", "a\r\n---\r\nb", "\u00a0---\na",
	} {
		if got, want := split4(text), releaseutil.SplitManifests(text); !maps.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if more := strings.ReplaceAll(text, "---", ""); !maps.Equal(split4(more), releaseutil.SplitManifests(more)) {
			t.Errorf("%q", more)
		}
	}
}
