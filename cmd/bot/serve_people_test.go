package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// TestServeCommands are the commands in comments, and who is listened to.
func TestServeCommands(t *testing.T) {
	s := play(t, infrastructure())
	s.repo.Grant("read", "mallory")
	pr := s.open(bad())
	s.reviewed(pr, "failure", "1 error")
	for _, try := range []struct{ by, text, want string }{
		{"mallory", "/landwaiter review", ""},
		{"mallory", "/landwaiter fix", ""},
		{"mallory", "/landwaiter help", ""},
		{"bob", "I like /landwaiter review", ""},
		{"bob", "/landwaiterreview", ""},
		{"bob", "/landwaiter", "| command |"},
		{"bob", "/landwaiter help", "| command |"},
		{"bob", "/landwaiter dance @ada", "There is no command `dance`"},
		{"bob", "/landwaiter explain privileged\nplease", "privileged"},
		{"bob", "/landwaiter explain no-such-rule", "There is no rule `no-such-rule`"},
		{"bob", "/landwaiter review", "Reviewing `"},
		{"bob", "/landwaiter fix", "1 safe fix in 1 file"},
		{"bob", "/landwaiter fix", "nothing that can be fixed safely"},
	} {
		before := len(answers(pr))
		id := pr.Comment(try.by, try.text)
		s.idle()
		got := answers(pr)[before:]
		if try.want == "" && len(got) > 0 || try.want != "" && (len(got) != 1 || !strings.Contains(got[0], try.want)) {
			t.Errorf("%s says %q: the answer is %q, want %q", try.by, try.text, got, try.want)
		}
		comments := pr.Comments()
		at := slices.IndexFunc(comments, func(c githubtest.IssueComment) bool { return c.ID == id })
		if seen := slices.Contains(comments[at].Reactions, "eyes"); seen != (try.want != "") {
			t.Errorf("%s says %q: eyes are %v", try.by, try.text, seen)
		}
	}
	s.reviewed(pr, "success", "Passed")
	s.failed = 0
	for i, a := range answers(pr) { // each says below which comment it stands, so that two to one question differ
		if strings.Count(a, "<!-- landwaiter answers ") != 1 {
			t.Errorf("answer %d is %q", i, a)
		}
	}
	pr.Close("ada")
	pr.Comment("bob", "/landwaiter review")
	s.idle()
	if all := answers(pr); !strings.Contains(all[len(all)-1], "closed") {
		t.Errorf("the last answer is %q", all[len(all)-1])
	}
}

// TestServeInlineCommand is a command in a thread, which is answered there.
func TestServeInlineCommand(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(bad())
	s.reviewed(pr, "failure", "1 error")
	pr.Reply("bob", visible(pr)[0].ID, "/landwaiter explain privileged")
	s.idle()
	all := pr.ReviewComments()
	if len(all) != 3 || all[2].ReplyTo != all[0].ID || !strings.Contains(all[2].Body, "privileged") || !slices.Equal(all[1].Reactions, []string{"eyes"}) {
		t.Errorf("the thread is %+v", all)
	}
}

// TestServeLostAnswers holds that what was done is not done again, and is answered once, when GitHub does what it is asked
// and says that it failed.
func TestServeLostAnswers(t *testing.T) {
	files := infrastructure()
	files[".github/landwaiter.yaml"] = "acknowledge: [{rules: [privileged, pss-baseline, pss-restricted], by: [\"@bob\"]}]\n"
	const comments = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
	for _, after := range []bool{true, false} {
		for verb, path := range map[string]string{"accept": comments, "fix": comments, "fix again": "/repos/{owner}/{repo}/git/refs/{ref}"} {
			t.Run(fmt.Sprintf("%s, done %v", verb, after), func(t *testing.T) {
				s := play(t, files)
				pr := s.open(bad())
				s.reviewed(pr, "action_required", "")
				text, want := "/landwaiter fix", "1 safe fix in 1 file"
				if verb == "accept" {
					text, want = "/landwaiter accept "+fingerprint(visible(pr)[0].Body)+" it is meant", "Accepted by `@bob`"
				}
				method := map[bool]string{true: "POST", false: "PATCH"}[path == comments]
				s.GitHub.Fail(githubtest.Fault{Method: method, Path: path, Times: 1, Status: http.StatusBadGateway, After: after})
				pr.Comment("bob", text)
				s.reviewed(pr, "success", "")
				if got := answers(pr); len(got) != 1 || !strings.Contains(got[0], want) {
					t.Errorf("the answers are %q, want one with %q", got, want)
				}
				if verb != "accept" && s.Count("POST", "/repos/{owner}/{repo}/git/commits") > 2 {
					t.Error("it was committed more than once")
				}
			})
		}
	}
}

// TestServeReconcile are the ways of a comment: it moves with its line, stays where a person answered, is left alone where
// a person edited or hid it, and goes when its finding does.
func TestServeReconcile(t *testing.T) {
	files := infrastructure()
	files["apps/api/deployment.yaml"] = deployment("api", "")
	s := play(t, files)
	web, api := deployment("web", privileged), deployment("api", privileged)
	pr := s.open(githubtest.Files{webFile: web, "apps/api/deployment.yaml": api})
	s.reviewed(pr, "failure", "2 errors")
	first := s.commented(pr, "apps/api/deployment.yaml:26", webFile+":26")
	pr.Reply("bob", first[0].ID, "Let us talk about this.")
	s.edit("bob", first[1].ID, "I know better.\n\n"+marker(first[1].Body))

	moved := strings.Replace(web, "  replicas: 2\n", "  replicas: 2\n  minReadySeconds: 5\n", 1)
	pr.Push("ada", githubtest.Files{webFile: moved, "apps/api/deployment.yaml": strings.Replace(api, "  replicas: 2\n", "  replicas: 2\n  minReadySeconds: 5\n", 1)})
	s.reviewed(pr, "failure", "2 errors")
	now := s.commented(pr, "apps/api/deployment.yaml:27", webFile+":27")
	if len(now) != 2 || now[0].ID != first[0].ID || now[1].ID != first[1].ID {
		t.Errorf("comments were made anew: %+v", now)
	}
	pr.Push("ada", githubtest.Files{webFile: deployment("web", "") + "# mended\n", "apps/api/deployment.yaml": deployment("api", "") + "# mended\n"})
	s.reviewed(pr, "success", "Passed")
	for _, c := range pr.ReviewComments() {
		if hidden := c.Minimized != ""; hidden != (c.ID == first[1].ID) {
			t.Errorf("the comment on %s of %s is hidden as %q", c.Path, c.Author, c.Minimized)
		}
	}
	// What was corrected comes back: where it was talked about the conversation goes on.
	pr.Push("ada", githubtest.Files{webFile: moved, "apps/api/deployment.yaml": api})
	s.reviewed(pr, "failure", "2 errors")
}

// marker is the hidden line at the end of a comment.
func marker(body string) string {
	return body[strings.LastIndex(body, "<!--"):]
}

// edit lets a person change a comment on a line.
func (s *stage) edit(by string, comment int64, body string) {
	s.Helper()
	payload, err := json.Marshal(map[string]string{"body": body})
	if err != nil {
		s.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPatch, fmt.Sprintf("%srepos/acme/infra/pulls/comments/%d", s.RESTURL(), comment), bytes.NewReader(payload))
	if err != nil {
		s.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.Token(by))
	request.Header.Set("User-Agent", by)
	request.Header.Set("Content-Type", "application/json")
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		s.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		s.Fatalf("%s may not edit: %s", by, response.Status)
	}
}

// TestServePolicyChange holds that a change of the policy is judged by the old one, and that its effect is told.
func TestServePolicyChange(t *testing.T) {
	s := play(t, infrastructure())
	files := bad()
	files[".github/landwaiter.yaml"] = "rules: {privileged: off, pss-baseline: off, pss-restricted: off}\n"
	pr := s.open(files)
	run := s.reviewed(pr, "failure", "1 error")
	for _, want := range []string{"policy", "privileged"} {
		if !strings.Contains(run.Summary, want) {
			t.Errorf("the summary lacks %q:\n%s", want, run.Summary)
		}
	}
	pr.Push("ada", githubtest.Files{webFile: deployment("web", ""), ".github/landwaiter.yaml": "rules:\n  privileged: of\n"})
	run = s.reviewed(pr, "failure", "")
	if !slices.ContainsFunc(run.Annotations, func(a githubtest.Annotation) bool { return a.Path == ".github/landwaiter.yaml" && a.StartLine == 2 }) {
		t.Errorf("the mistake has no annotation: %+v", run.Annotations)
	}
}

// TestServeUnreadablePolicy holds that a policy that does not parse fails the check with its line, until it is mended.
func TestServeUnreadablePolicy(t *testing.T) {
	files := infrastructure()
	files[".github/landwaiter.yaml"] = "gate:\n  failsOn: error\n"
	s := play(t, files)
	pr := s.open(good())
	run := s.reviewed(pr, "action_required", ".github/landwaiter.yaml:2")
	s.repo.Push("ada", "main", "Mend the policy", githubtest.Files{".github/landwaiter.yaml": "gate:\n  failOn: error\n"})
	if err := s.repo.ReRun("bob", run.ID); err != nil {
		t.Fatal(err)
	}
	s.reviewed(pr, "success", "Passed")
}

// TestServeOrganisation holds that the policy of the organisation lies under that of its repositories, and can lock keys.
func TestServeOrganisation(t *testing.T) {
	s := prepare(t, infrastructure())
	home := s.Create("acme/.github", githubtest.Files{".github/landwaiter.yaml": "images: {deny: [ghcr.io/acme/old]}\nlock: [images.deny]\n"})
	home.Grant("write", "ada")
	s.inst.Add(home)
	s.start()
	pr := s.open(githubtest.Files{"apps/old/deployment.yaml": deployment("old", "")})
	s.reviewed(pr, "failure", "1 error")
	home.Push("ada", "main", "Allow it", githubtest.Files{".github/landwaiter.yaml": "lock: [images.deny]\n"})
	pr.Comment("bob", "/landwaiter review")
	s.reviewed(pr, "success", "")
	s.repo.Push("ada", "main", "A policy", githubtest.Files{".github/landwaiter.yaml": "profile: recommended\nimages: {deny: []}\n"})
	pr.Comment("bob", "/landwaiter review")
	run := s.reviewed(pr, "action_required", ".github/landwaiter.yaml:2")
	if !strings.Contains(run.Summary, "locked by acme/.github/.github/landwaiter.yaml:1") {
		t.Errorf("the summary does not say who locked it:\n%s", run.Summary)
	}
}
