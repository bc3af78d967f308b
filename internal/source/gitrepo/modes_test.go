package gitrepo

import (
	"maps"
	"testing"
)

func TestExecutable(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("run.sh", "#!\n", "a/b.yaml", "a: 1\n", "a/[b].sh", "x\n", "a/b.sh", "x\n")
	r.git("add", ".")
	r.git("update-index", "--chmod=+x", "run.sh", "a/[b].sh")
	r.git("commit", "-qm", "x")
	opened, err := Open(t.Context(), r.dir, Options{Env: r.env})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	got, err := opened.Executable(t.Context(), "HEAD", []string{"run.sh", "a/b.yaml", "a/[b].sh", "gone"})
	if want := map[string]bool{"run.sh": true, "a/[b].sh": true}; err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := opened.Executable(t.Context(), "nothing", nil); err == nil {
		t.Error("a revision that is not there is no error")
	}
}
