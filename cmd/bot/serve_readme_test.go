package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// tree reads the files of a directory, but Git's.
func tree(t testing.TB, dir string) githubtest.Files {
	t.Helper()
	files := githubtest.Files{}
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == ".git":
			return filepath.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(dir, name)
		files[filepath.ToSlash(relative)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestServeReadme plays the example's pull request, and holds that every line of the README's first block is what a reviewer
// sees then, in that order ("…" stands for what is left out of a line, or for lines).
func TestServeReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```text\n")
	block, _, ok := strings.Cut(rest, "\n```\n")
	if !ok {
		t.Fatal("the README has no block of text")
	}
	s := play(t, tree(t, filepath.Join("..", "..", "examples", "repository")))
	pr := s.open(tree(t, exampleRepository(t)))
	s.reviewed(pr, "failure", "6 errors")
	shown := strings.Split(pr.Conversation(), "\n")
	for line := range strings.SplitSeq(block, "\n") {
		if trimmed := strings.TrimSpace(line); trimmed == "" || trimmed == "…" {
			continue
		}
		begin, end, _ := strings.Cut(line, "…")
		at := slices.IndexFunc(shown, func(is string) bool { return strings.HasPrefix(is, begin) && strings.HasSuffix(is, end) })
		if at < 0 {
			t.Fatalf("README.md: %q is not what a reviewer sees (any more, or not after the line before it):\n%s", line, pr.Conversation())
		}
		shown = shown[at+1:]
	}
}
