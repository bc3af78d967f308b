package manifests

import (
	"context"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/source"
)

func TestMatchAbove(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"apps", "apps", true}, {"apps", "apps/a/b", true}, {"apps", "apps2", false}, {"apps/", "apps/a", true},
		{"apps/**", "apps", true}, {"apps/**", "apps/a/b", true}, {"apps/*", "apps", false}, {"apps/*", "apps/a/b", true},
		{"**", ".", true}, {"**", "a/b", true}, {"**/test", "a/test/b", true}, {"**/test", "test", false}, {"a/**/b", "a/x/y/b", true}, {"a/**/b", "a/b", false},
		{"a*c", "abc", true}, {"a*c", "ac/x", true}, {"a*c", "ab", false}, {"*-x-*", "a-x-b", true}, {"*-x-*", "a-x", false}, {"a*a", "a", false},
		{"a/*/c", "a/b/c", true}, {"a/*/c", "a/c", false}, {".", ".", true}, {"**/" + strings.Repeat("*a", 30), strings.Repeat("a/", 40) + "b", false},
	} {
		if got := matchAbove([]string{"none", c.pattern}, c.path); got != c.want {
			t.Errorf("%q and %q: %v", c.pattern, c.path, got)
		}
	}
}

func FuzzMatchAbove(f *testing.F) {
	f.Add("a/**/b*", "a/x/by")
	f.Add("a", "/a")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		if len(pattern)+len(path) > 400 || pattern == "" || strings.HasPrefix(pattern, "/") || strings.HasPrefix(path, "/") {
			return
		}
		if matchAbove([]string{pattern}, path) != matchAbove([]string{pattern + "/**"}, path) {
			t.Errorf("%q and all below it are not the same for %q", pattern, path)
		}
	})
}

// TestDiscoverHidden proves that files which others read as objects are roots, however they are written.
func TestDiscoverHidden(t *testing.T) {
	t.Parallel()
	const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}`
	for name, text := range map[string]string{
		"row":         `{"a":1}` + pod + `}`,
		"deep":        pod + `,"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
		"escaped":     `{"\u0061piVersion":"v1","k\u0069nd":"Pod"}`,
		"base64":      "apiVersion: v1\n!!binary a2luZA==: Pod\n",
		"encoded tag": "apiVersion: v1\n!<tag:yaml.org,2002:bin%61ry> a2luZA==: Pod\n",
		"bomb":        " " + strings.ReplaceAll(strings.TrimSuffix(bomb(), "\n"), "\n", "\n "),
	} {
		d := discover(t, memoryTree(t, map[string][]byte{"a/x.yaml": []byte(text)}))
		if said := describe(d); said != "plain a a/x.yaml\n" {
			t.Errorf("%s: %s", name, said)
		}
	}
}

// TestDiscoverSays proves that nothing of a tree that cannot be followed goes unsaid.
func TestDiscoverSays(t *testing.T) {
	t.Parallel()
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("0", 64) + "\nsize 12\n"
	blobs := blobMap{"out": []byte("../../etc"), "a/kustomization.yaml": []byte(pointer), "b/x.yaml": []byte(pointer), "big/x.yaml": make([]byte, 200)}
	entries := []source.Entry{
		{Path: "out", Mode: source.Symlink}, {Path: "vendor/sub", Mode: source.Gitlink, ID: strings.Repeat("1", 40)},
		{Path: "a/kustomization.yaml", Mode: source.Regular, Size: -1}, {Path: "b/x.yaml", Mode: source.Regular, Size: -1},
		{Path: "big/x.yaml", Mode: source.Regular, Size: 200},
	}
	tree, err := source.New(entries, blobs, source.Limits{FileSize: 160})
	if err != nil {
		t.Fatal(err)
	}
	d := discover(t, tree)
	said := describe(d)
	for _, want := range []string{"kustomize a\n", "! out: symbolic link leads out", "! vendor/sub: is a Git submodule", "! a/kustomization.yaml: is a Git LFS pointer",
		"! b/x.yaml: is a Git LFS pointer", "plain big big/x.yaml\n"} { // rendering says that it is too large, and fails
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Discover(ctx, tree, DiscoverOptions{}); err == nil {
		t.Error("an ended context is not noticed")
	}
}
