package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const (
	idA  = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	idB  = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	none = "0000000000000000000000000000000000000000"
)

func raw(oldMode, newMode, oldID, newID, status string, names ...string) string {
	return fmt.Sprintf(":%s %s %s %s %s\t%s\n", oldMode, newMode, oldID, newID, status, strings.Join(names, "\t"))
}

func TestParseDiff(t *testing.T) {
	t.Parallel()
	diff := raw("100644", "100644", idA, idB, "M", "a b") +
		raw("100644", "100644", idA, none, "M", "touched") +
		raw("100644", "100755", idA, idB, "R090", `"old\tname\303\274"`, "new") +
		raw("000000", "100644", none, idB, "A", "bin") +
		raw("100644", "120000", idA, idB, "T", "kind") +
		raw("160000", "160000", idA, idB, "M", "mod") +
		"\n" +
		"diff --git a/a b b/a b\nindex 1..2 100644\n--- a/a b\n+++ b/a b\n@@ -1 +1,2 @@ @@ -9,9 +9,9 @@\n-diff --git a/x b/x\n+@@ -5 +5 @@\n+x\r\n" +
		"@@ -7,2 +8,0 @@\n-x\n-y\n\\ No newline at end of file\n" +
		"diff --git \"a/old\\tname\\303\\274\" b/new\nold mode 100644\nnew mode 100755\nsimilarity index 90%\nrename from x\nrename to y\n@@ -3,0 +4 @@\n+z\n\\ No newline at end of file\n" +
		"diff --git a/bin b/bin\nnew file mode 100644\nindex 0..1\nBinary files /dev/null and b/bin differ\n" +
		"diff --git a/kind b/kind\ndeleted file mode 100644\n@@ -1,2 +0,0 @@\n-1\n-2\ndiff --git a/kind b/kind\nnew file mode 120000\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n" +
		"diff --git a/mod b/mod\n@@ -1 +1 @@\n-Subproject commit a\n+Subproject commit b\n"
	files, err := ParseDiff(strings.NewReader(diff), 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []FileChange{
		{Old: "a b", New: "a b", Hunks: []Hunk{{1, 1, 1, 2}, {7, 2, 8, 0}}},
		{Old: "touched", New: "touched"},
		{Old: "old\tnameü", New: "new", Hunks: []Hunk{{3, 0, 4, 1}}},
		{New: "bin", Binary: true},
		{Old: "kind", New: "kind", Hunks: []Hunk{{1, 2, 1, 1}}},
		{Old: "mod", New: "mod", Note: "submodule"},
	}
	for i, w := range want {
		if i >= len(files) || fmt.Sprint(files[i].FileChange) != fmt.Sprint(w) || files[i].Unmodified() != (w.Old == "touched") {
			t.Errorf("file %d:\n%+v\nwant\n%+v", i, files[i].FileChange, w)
		}
	}
	if e := files[4].NewEntry; e.Mode != Symlink || e.ID != idB || files[3].OldEntry.Mode != Removed {
		t.Errorf("entries: %+v", files)
	}
	if _, err := ParseDiff(strings.NewReader(diff), 5); !errors.Is(err, ErrFileCount) {
		t.Errorf("too many files: %v", err)
	}
}

func TestParseDiffRefuses(t *testing.T) {
	t.Parallel()
	file := raw("100644", "100644", idA, idB, "M", "a") + "\ndiff --git a/a b/a\n"
	for what, diff := range map[string]string{
		"raw without names":    ":100644 100644 a b M\n",
		"a field too few":      ":100644 a b M\tx\n",
		"an unending name":     raw("100644", "100644", idA, idB, "M", `"a`),
		"a patch of nothing":   "\ndiff --git a/a b/a\n",
		"a hunk of nothing":    "\n@@ -1 +1 @@\n",
		"another file's patch": raw("100644", "100644", idA, idB, "M", "a") + "\ndiff --git a/b b/b\n",
		"hunks out of order":   file + "@@ -5 +5 @@\n-x\n+y\n@@ -1 +1 @@\n-x\n+y\n",
		"too few lines":        file + "@@ -1,2 +1 @@\n-x\n+y\n",
		"the end in a hunk":    file + "@@ -1,2 +1 @@\n-x\n",
		"a huge count":         file + "@@ -1,99999999999 +1 @@\n-x\n",
		"a negative count":     file + "@@ -1,-1 +1 @@\n-x\n",
	} {
		if files, err := ParseDiff(strings.NewReader(diff), 10); err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %+v, %v", what, files, err)
		}
	}
}

// Lines longer than any buffer are content like any other.
func TestParseDiffLongLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3*diffBuffer)
	diff := raw("100644", "100644", idA, idB, "M", "a") + "\ndiff --git a/a b/a\n@@ -1 +1,2 @@\n-" + long + "\n+" + long + "\n+y\n@@ -9 +10 @@\n-" + long + "\n+"
	files, err := ParseDiff(strings.NewReader(diff+long), 10)
	if err != nil || !slices.Equal(files[0].Hunks, []Hunk{{1, 1, 1, 2}, {9, 1, 10, 1}}) {
		t.Errorf("%+v, %v", files, err)
	}
}

func FuzzParseDiff(f *testing.F) {
	f.Add(raw("100644", "100644", idA, idB, "M", `"a\303\274"`) + "\ndiff --git \"a/a\\303\\274\" \"b/a\\303\\274\"\n@@ -1 +1 @@\n-x\n+y\n\\ No newline\n")
	f.Add(raw("100644", "120000", idA, idB, "T", "k") + "\ndiff --git a/k b/k\n@@ -1,2 +0,0 @@\n-1\n-2\ndiff --git a/k b/k\n@@ -0,0 +1 @@\n+x\n")
	f.Fuzz(func(t *testing.T, diff string) {
		files, err := ParseDiff(strings.NewReader(diff), 100)
		if err != nil {
			return
		}
		for _, file := range files {
			sorted := slices.IsSortedFunc(file.Hunks, func(a, b Hunk) int { return a.NewStart - b.NewStart })
			if !sorted || file.Old == "" && file.New == "" && file.OldEntry.Mode != Removed {
				t.Errorf("%+v", file)
			}
			c := &Change{Base: build(t, nil, Limits{}), Files: []FileChange{file.FileChange}}
			for line := range 10 {
				c.ToBase(file.New, line)
				c.ToHead(file.Old, line)
			}
		}
	})
}

func FuzzTree(f *testing.F) {
	f.Add("a/b\nc", "../c", "l/../x")
	f.Add("a\na/b\n..\n", "l/l", "l")
	f.Fuzz(func(t *testing.T, paths, target, asked string) {
		files := map[string]string{"d/l@": target, "l@": target}
		for name := range strings.SplitSeq(paths, "\n") {
			files[name] = "x"
		}
		tree := build(t, files, Limits{})
		if _, err := tree.ReadFile(asked); err == nil {
			if _, err := tree.Stat(asked); err != nil {
				t.Errorf("read but not described: %v", err)
			}
		}
		err := Walk(tree, ".", func(info Info) error {
			_, err := tree.Stat(info.Path)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if info, err := tree.Stat(asked); err == nil && checkName(info.Path, 64) != nil && info.Path != "." {
			t.Errorf("led to %q", info.Path)
		}
	})
}
