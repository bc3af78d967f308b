package review

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/landwaiter/landwaiter/internal/source"
)

// dirTree is a tree of files in a directory of the test.
func dirTree(t *testing.T, files map[string]string) source.Tree {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := source.OpenDir(dir, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return tree
}

// TestNames reads lines of kustomizations in the directory app, and wants what they say of a file's path.
func TestNames(t *testing.T) {
	t.Parallel()
	const target = "app/components/policies/deny.yaml"
	tests := map[string]struct {
		line string
		want string
	}{
		"an entry with the file":                 {"- components/policies/deny.yaml", target},
		"an entry with its directory":            {"  - components/policies", "app/components/policies"},
		"with its way there":                     {"- ../app/components/policies/", "app/components/policies"},
		"in flow style":                          {"components: [components/other, \"components/policies\"]", "app/components/policies"},
		"behind the key of an item":              {"- path: components/policies/deny.yaml", target},
		"a key that is called as a directory is": {"components:", ""},
		"so does one in an item":                 {"- components: x", ""},
		"a directory beside it":                  {"- components/policies-of-others", ""},
		"a directory that it lies in":            {"- .", ""},
		"a comment":                              {"# - components/policies", ""},
		"nothing":                                {"", ""},
	}
	for name, test := range tests {
		tree := dirTree(t, map[string]string{"app/kustomization.yaml": test.line})
		change := &source.Change{Head: tree, Files: []source.FileChange{{New: "app/kustomization.yaml", Hunks: []source.Hunk{{NewStart: 1, NewLines: 1}}}}}
		_, line := namesOf(change, addedNames).find(target)
		if (line == 1) != (test.want != "") {
			t.Errorf("%s: %q names the file: %v, want %q", name, test.line, line, test.want)
		}
	}
}

// TestNamesBest wants the line that says most of a file's path, the first of equals, in another file.
func TestNamesBest(t *testing.T) {
	t.Parallel()
	tree := dirTree(t, map[string]string{
		"a/x.yaml":             "r: [../b]\n",
		"a/kustomization.yaml": "resources:\n- ../b\n- ../b/c\n- ../b/c\n- ../b/c/self.yaml\n",
		"b/c/self.yaml":        "me: self.yaml\n",
	})
	change := &source.Change{Head: tree}
	for _, file := range []string{"a/x.yaml", "a/kustomization.yaml", "b/c/self.yaml"} {
		change.Files = append(change.Files, source.FileChange{New: file, Hunks: []source.Hunk{{NewStart: 1, NewLines: 5}}})
	}
	for target, want := range map[string]namingLine{
		"b/d.yaml": {"a/x.yaml", 1}, "b/c/d.yaml": {"a/kustomization.yaml", 3}, "b/c/self.yaml": {"a/kustomization.yaml", 5},
		"a/y.yaml": {}, "bb/d.yaml": {}, "": {},
	} {
		file, line := namesOf(change, addedNames).find(target)
		if (namingLine{file, line}) != want {
			t.Errorf("%q: %s:%d, want %v", target, file, line, want)
		}
	}
}
