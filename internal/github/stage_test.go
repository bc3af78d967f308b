package github

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github/githubtest"
	"github.com/landwaiter/landwaiter/internal/report"
)

// stage is a test GitHub with our App on acme/infra, and a pull request that changes lines 2 to 9 of app.yaml.
type stage struct {
	*githubtest.GitHub
	t      *testing.T
	hooked *githubtest.App
	inst   *githubtest.Installation
	infra  *githubtest.Repository
	pull   *githubtest.PullRequest
	app    *App
	repo   event.Repository
}

// numbered is a file of lines, some of which are changed.
func numbered(lines int, changed map[int]string) string {
	var b strings.Builder
	for i := 1; i <= lines; i++ {
		if text, ok := changed[i]; ok {
			b.WriteString(text + "\n")
		} else {
			fmt.Fprintf(&b, "line%d: x\n", i)
		}
	}
	return b.String()
}

func play(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, GitHub: githubtest.Start(githubtest.Options{Fatalf: t.Fatalf})}
	t.Cleanup(s.Close)
	t.Cleanup(func() {
		for _, v := range s.Violations() {
			t.Errorf("breaks GitHub's contract: %s", v)
		}
	})
	s.infra = s.Create("acme/infra", githubtest.Files{"app.yaml": numbered(40, nil), "other.yaml": "a: b\n"})
	s.infra.Grant("write", "alice")
	s.hooked = s.CreateApp(githubtest.AppOptions{Slug: "landwaiter", Permissions: granted, Events: heard})
	s.inst = s.hooked.Install(s.infra)
	s.open("change")
	app, err := NewApp(Settings{URL: s.URL(), AppID: s.hooked.ID, PrivateKey: []byte(s.hooked.PEM)})
	if err != nil {
		t.Fatal(err)
	}
	s.app = app
	s.repo = event.Repository{Installation: s.inst.ID, ID: s.infra.ID, Owner: "acme", Name: "infra", DefaultBranch: "main"}
	return s
}

// open opens a pull request, which is the one that is reviewed from then on.
func (s *stage) open(branch string) {
	s.pull = s.infra.Open(githubtest.Proposal{Author: "alice", Branch: branch, Files: githubtest.Files{"app.yaml": numbered(40, changes(2, 9))}})
}

// begin is the start of a subtest, which must not run beside others: it has a pull request of its own.
func (s *stage) begin(t *testing.T) {
	t.Helper()
	s.t = t
	s.open(strings.NewReplacer(" ", "-", ",", "").Replace(t.Name()))
	s.warm()
}

func changes(from, to int) map[int]string {
	changed := make(map[int]string)
	for i := from; i <= to; i++ {
		changed[i] = fmt.Sprintf("line%d: changed", i)
	}
	return changed
}

func always() error { return nil }

// publisher is a new process that goes about a review of the head.
func (s *stage) publisher(review string, resumed bool) *Publisher {
	return &Publisher{Client: s.app.Client(s.inst.ID), Repository: s.repo, Number: s.pull.Number, Head: s.pull.Head(), Review: review, Resumed: resumed, Current: always}
}

// warm makes the client know its token and its name, which later runs know too.
func (s *stage) warm() {
	s.t.Helper()
	if _, err := s.app.Identity(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.app.Client(s.inst.ID).Granted(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.ForgetRequests()
}

// calls returns what was asked since warm, as METHOD ENDPOINT; queries and mutations of GraphQL apart.
func (s *stage) calls() []string {
	var all []string
	for _, r := range s.Requests() {
		call := r.Method + " " + endpoint(r.Path)
		if strings.Contains(string(r.Body), `"mutation `) {
			call = "POST /graphql mutation"
		}
		call = strings.TrimPrefix(strings.ReplaceAll(call, "/repos/{owner}/{repo}", ""), "")
		all = append(all, call)
	}
	return all
}

func (s *stage) expect(what string, want ...string) {
	s.t.Helper()
	if got := s.calls(); !slices.Equal(got, want) {
		s.t.Errorf("%s:\ngot  %s\nwant %s", what, strings.Join(got, ", "), strings.Join(want, ", "))
	}
	s.ForgetRequests()
}

// fp is a fingerprint of a letter.
func fp(letter string) string { return strings.Repeat(letter, 32) }

// on is a comment on a line of app.yaml about findings that are called by letters.
func on(line int, text string, letters ...string) report.Comment {
	var all []string
	for _, l := range letters {
		all = append(all, fp(l))
	}
	return report.Comment{File: "app.yaml", Line: line, Fingerprints: all, Body: text + "\n\n<!-- landwaiter:" + strings.Join(all, ",") + " -->"}
}

func publication(comments ...report.Comment) report.Publication {
	check := report.Check{Name: "landwaiter", Conclusion: "success", Title: "Passed", Summary: "All is well.", Text: "No difference.",
		Actions: []report.Action{{Label: "Re-run", Description: "Look again", Identifier: "rerun"}}}
	if len(comments) > 0 {
		check.Conclusion, check.Title = "failure", fmt.Sprintf("%d errors", len(comments))
	}
	return report.Publication{Checks: []report.Check{check}, Comments: comments}
}

// run is one whole review.
func (s *stage) run(p *Publisher, pub report.Publication) (Outcome, error) {
	for _, step := range []func() error{
		func() error { _, err := p.Queue(s.t.Context(), "landwaiter"); return err },
		func() error { _, err := p.Start(s.t.Context(), "landwaiter"); return err },
	} {
		if err := step(); err != nil {
			return Outcome{}, err
		}
	}
	return p.Publish(s.t.Context(), pub)
}

func (s *stage) mustRun(review string, pub report.Publication) Outcome {
	s.t.Helper()
	out, err := s.run(s.publisher(review, false), pub)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// page is what the pull request shows of our comments: LINE TEXT, and how it is hidden.
func (s *stage) page() []string {
	var all []string
	for _, c := range s.pull.ReviewComments() {
		text, _, _ := strings.Cut(c.Body, "\n\n<!-- landwaiter:")
		line := fmt.Sprintf("%d %s", c.Line, strings.ReplaceAll(text, "\n", " "))
		if c.Author != "landwaiter[bot]" {
			line = c.Author + ": " + line
		}
		if c.Minimized != "" {
			line += " " + c.Minimized
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

func (s *stage) shows(what string, want ...string) {
	s.t.Helper()
	slices.Sort(want)
	if got := s.page(); !slices.Equal(got, want) {
		s.t.Errorf("%s: the page shows\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
