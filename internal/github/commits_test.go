package github

import (
	"errors"
	"fmt"
	"testing"
)

func TestCommits(t *testing.T) {
	t.Parallel()
	s := play(t)
	ctx, c := t.Context(), s.client()
	s.warm()
	parent := s.pull.Head()
	id, err := c.Commit(ctx, s.repo, Commit{Branch: "change", Parent: parent, Message: "Apply fixes", Files: []File{
		{Path: "app.yaml", Content: []byte("fixed: ü\n")}, {Path: "run.sh", Content: []byte("#!/bin/sh\n"), Executable: true}}})
	if err != nil || s.infra.Head("change") != id || s.pull.Head() != id {
		t.Fatalf("%s, %v", id, err)
	}
	if got, _ := s.infra.File("change", "app.yaml"); got != "fixed: ü\n" {
		t.Errorf("app.yaml is %q", got)
	}
	if got, ok := s.infra.File("change", "other.yaml"); !ok || got != "a: b\n" {
		t.Errorf("other.yaml is %q", got)
	}
	s.expect("a commit of text", "GET /git/commits/{commit_sha}", "POST /git/trees", "POST /git/commits", "PATCH /git/refs/{ref+}")
	binary := []byte{0xff, 0xfe, 0}
	if _, err := c.Commit(ctx, s.repo, Commit{Branch: "new", Parent: id, Message: "binary", Create: true, Files: []File{{Path: "a/b", Content: binary}}}); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.infra.File("new", "a/b"); got != string(binary) {
		t.Errorf("a/b is %q", got)
	}
	for name, commit := range map[string]Commit{
		"the branch moved":    {Branch: "change", Parent: parent, Message: "x", Files: []File{{Path: "x", Content: []byte("x")}}},
		"the branch is there": {Branch: "new", Parent: id, Message: "x", Create: true, Files: []File{{Path: "x", Content: []byte("x")}}},
		"the branch is gone":  {Branch: "nowhere", Parent: id, Message: "x", Files: []File{{Path: "x", Content: []byte("x")}}},
	} {
		if _, err := c.Commit(ctx, s.repo, commit); !errors.Is(err, ErrMoved) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, path := range []string{"../x", "/x", "", "a/../b"} {
		if _, err := c.Commit(ctx, s.repo, Commit{Branch: "change", Parent: id, Message: "x", Files: []File{{Path: path}}}); !errors.Is(err, ErrRefused) {
			t.Errorf("%q: %v", path, err)
		}
	}
	n := NewPullRequest{Title: "Exempt", Body: "because", Branch: "new", Base: "main"}
	number, address, err := c.OpenPullRequest(ctx, s.repo, n)
	if err != nil || address != fmt.Sprintf("%s/acme/infra/pull/%d", s.URL(), number) {
		t.Fatalf("%d at %s, %v", number, address, err)
	}
	if again, same, err := c.OpenPullRequest(ctx, s.repo, n); err != nil || again != number || same != address {
		t.Errorf("again: %d at %s, %v", again, same, err)
	}
	if _, _, err := c.OpenPullRequest(ctx, s.repo, NewPullRequest{Title: "x", Branch: "nowhere", Base: "main"}); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}
