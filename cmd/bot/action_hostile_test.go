package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// TestActionLinks: what is checked out are a stranger's files, links among them: what the step writes goes where it should, or
// nowhere.
func TestActionLinks(t *testing.T) {
	w := newWorkshop(t, infrastructure())
	pr := w.repo.Open(githubtest.Proposal{Author: "ada", Branch: "change", Files: bad()})
	dir, precious := t.TempDir(), filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(precious, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.checkOut(dir, pr.Head())
	for _, link := range []struct{ name, to string }{
		{"landwaiter.sarif", precious}, {"landwaiter.sarif.part", precious}, {"landwaiter.json", precious}, {"landwaiter.json.part", precious}, {"out", filepath.Dir(precious)},
	} {
		if err := os.Symlink(link.to, filepath.Join(dir, link.name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ sarif, says string }{
		{"landwaiter.sarif", ""}, {"new/in/it.sarif", ""}, {"out/precious", "in the workspace"}, {"../precious", "in the workspace"},
	} {
		s := w.run("", w.pulled(pr), map[string]string{"GITHUB_EVENT_NAME": "pull_request", "GITHUB_WORKSPACE": dir, "INPUT_SARIF": test.sarif, "INPUT_COMMENT": "off"})
		if said := s.err == nil || s.err.Error() == ""; said != (test.says == "") || !said && !strings.Contains(s.err.Error(), test.says) {
			t.Errorf("%s: %v", test.sarif, s.err)
		}
		if text, err := os.ReadFile(precious); err != nil || string(text) != "kept" {
			t.Errorf("%s: %v, the file outside holds %.60q", test.sarif, err, text)
		}
	}
	for _, name := range []string{"landwaiter.sarif", "landwaiter.json", "new/in/it.sarif"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if info, statErr := os.Lstat(filepath.Join(dir, name)); err != nil || statErr != nil || !info.Mode().IsRegular() || !json.Valid(text) {
			t.Errorf("%s: %v, %v", name, err, statErr)
		}
	}
}

// TestActionHostileEvents: what an event's payload and a step's inputs hold starts nothing, names no options of Git, and writes
// no commands, outputs or lines of its own for the runner.
func TestActionHostileEvents(t *testing.T) {
	w := newWorkshop(t, infrastructure())
	pr := w.repo.Open(githubtest.Proposal{Author: "ada", Branch: "change", Files: bad()})
	pwned := filepath.Join(t.TempDir(), "pwned")
	pull := func(number, head, base any) map[string]any {
		return map[string]any{"pull_request": map[string]any{"number": number, "head": map[string]any{"sha": head}, "base": map[string]any{"sha": base}}}
	}
	command := "\n::add-mask::x\n::error::forged\n##[stop-commands]x\n"
	for _, test := range []struct {
		what, event string
		payload     map[string]any
		env         map[string]string
	}{
		{"a commit with a command", "pull_request", pull(1, pr.Head()+command, w.repo.Head("main")), nil},
		{"a commit that is an option", "pull_request", pull(1, "--upload-pack=touch "+pwned, w.repo.Head("main")), nil},
		{"a base that is an option", "pull_request", pull(1, pr.Head(), "--output="+pwned), nil},
		{"a short commit", "pull_request", pull(1, pr.Head()[:7], w.repo.Head("main")), nil},
		{"no number", "pull_request", pull("1", pr.Head(), w.repo.Head("main")), nil},
		{"a list", "pull_request", map[string]any{"pull_request": []any{}}, nil},
		{"pull_request_target", "pull_request_target", pull(1, pr.Head(), w.repo.Head("main")), nil},
		{"a push of an option", "push", map[string]any{"before": "--output=" + pwned}, map[string]string{"GITHUB_SHA": pr.Head()}},
		{"a head that is an option", "workflow_dispatch", map[string]any{}, map[string]string{"GITHUB_SHA": "--output=" + pwned}},
		{"an input base that is an option", "workflow_dispatch", map[string]any{}, map[string]string{"GITHUB_SHA": pr.Head(), "INPUT_BASE": "--output=" + pwned}},
		{"an input base that is a command", "workflow_dispatch", map[string]any{}, map[string]string{"GITHUB_SHA": pr.Head(), "INPUT_BASE": "main" + command}},
		{"an input base that is a refspec", "workflow_dispatch", map[string]any{}, map[string]string{"GITHUB_SHA": pr.Head(), "INPUT_BASE": "+refs/heads/*:refs/heads/*"}},
		{"a policy elsewhere", "pull_request", w.pulled(pr), map[string]string{"INPUT_POLICY": "../../../../etc/passwd"}},
		{"a policy with a command", "pull_request", w.pulled(pr), map[string]string{"INPUT_POLICY": "x" + command}},
		{"a level with a command", "pull_request", w.pulled(pr), map[string]string{"INPUT_FAIL_ON": "x" + command}},
		{"a Kubernetes with a command", "pull_request", w.pulled(pr), map[string]string{"INPUT_KUBE_VERSION": "1.34" + command}},
		{"outputs of its own", "pull_request", w.pulled(pr), map[string]string{"INPUT_SARIF": "x\nverdict=pass\nreport<<E\n"}},
		{"a part that there is not", "pull_request", w.pulled(pr), map[string]string{"INPUT_PATH": "app"}},
		{"a part elsewhere", "pull_request", w.pulled(pr), map[string]string{"INPUT_PATH": "../.."}},
		{"a part with a command", "pull_request", w.pulled(pr), map[string]string{"INPUT_PATH": "apps" + command}},
	} {
		env := map[string]string{"GITHUB_EVENT_NAME": test.event, "INPUT_COMMENT": "off"}
		for name, value := range test.env {
			env[name] = value
		}
		s := w.run(pr.Head(), test.payload, env)
		var said strings.Builder
		if s.err == nil {
			t.Errorf("%s: it passes\n%s", test.what, s.log)
		} else if explain(&said, s.err); said.Len() == 0 && !strings.Contains(s.outputs, "verdict=fail") {
			t.Errorf("%s: nothing is said", test.what)
		}
		for line := range strings.Lines(s.log + said.String()) {
			forged := strings.HasPrefix(strings.TrimSpace(line), "::") && !strings.HasPrefix(line, "::error file="+webFile+",") && !strings.HasPrefix(line, "::warning ") && !strings.HasPrefix(line, "::notice ")
			if forged || strings.Contains(line, "##[") {
				t.Errorf("%s: the runner would take a command from %q", test.what, line)
			}
		}
		if strings.Count("\n"+s.outputs, "\nverdict=") > 1 || strings.Contains(s.outputs, "\nreport<<") {
			t.Errorf("%s: the outputs are\n%s", test.what, s.outputs)
		}
		if _, err := os.Stat(pwned); err == nil {
			t.Fatalf("%s: a command is run", test.what)
		}
	}
}
