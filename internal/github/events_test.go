package github

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/event"
)

var us = Identity{AppID: 7, Slug: "landwaiter"}

// acme is the repository of these payloads.
var acme = event.Repository{Installation: 5, ID: 9, Owner: "acme", Name: "infra", DefaultBranch: "main"}

const baseCommit = "3333333333333333333333333333333333333333"

// payload is a webhook of acme/infra with what is added to it. nil takes a member away.
func payload(members map[string]any) map[string]any {
	all := map[string]any{
		"installation": map[string]any{"id": 5},
		"repository":   map[string]any{"id": 9, "name": "infra", "full_name": "acme/infra", "default_branch": "main", "owner": map[string]any{"login": "acme"}},
		"sender":       map[string]any{"login": "mona", "type": "User"},
	}
	for name, value := range members {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

func pullPayload(action string, more map[string]any) map[string]any {
	pull := map[string]any{
		"number": 12, "draft": false, "user": map[string]any{"login": "author"},
		"head": map[string]any{"ref": "fix", "sha": head, "repo": map[string]any{"id": 9}},
		"base": map[string]any{"ref": "main", "sha": baseCommit, "repo": map[string]any{"id": 9}},
	}
	for name, value := range more {
		pull[name] = value
	}
	return payload(map[string]any{"action": action, "number": 12, "pull_request": pull})
}

func checkPayload(event, action string, app int, pulls ...any) map[string]any {
	check := map[string]any{"id": 44, "head_sha": head, "external_id": "review-1", "app": map[string]any{"id": app}, "pull_requests": pulls,
		"check_suite": map[string]any{"head_branch": "fix"}}
	return payload(map[string]any{"action": action, event: check, "requested_action": map[string]any{"identifier": "fix"}})
}

func pullOf(number, repository int, head string) any {
	return map[string]any{"number": number, "head": map[string]any{"sha": head}, "base": map[string]any{"repo": map[string]any{"id": repository}}}
}

func commentPayload(action, body, author, kind string) map[string]any {
	return payload(map[string]any{"action": action,
		"issue":   map[string]any{"number": 12, "pull_request": map[string]any{"url": "x"}},
		"comment": map[string]any{"id": 77, "body": body, "user": map[string]any{"login": author, "type": kind}}})
}

// change sets a member deep in a payload: "pull_request.head.sha".
func change(p map[string]any, path string, value any) map[string]any {
	at := p
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		at = at[name].(map[string]any)
	}
	at[names[len(names)-1]] = value
	return p
}

func TestTasks(t *testing.T) {
	t.Parallel()
	pull := event.Task{Kind: event.Review, Subject: event.Subject{Repository: acme, Number: 12}, Head: head, Base: baseCommit, BaseRef: "main", Author: "author", Sender: "mona"}
	as := func(task event.Task, change func(*event.Task)) *event.Task { change(&task); return &task }
	again := as(pull, func(t *event.Task) { t.Again = true })
	const queueBranch = "refs/heads/gh-readonly-queue/main/pr-12-abc"
	group := func(action, reason string) map[string]any {
		return payload(map[string]any{"action": action, "reason": reason, "merge_group": map[string]any{
			"head_sha": head, "head_ref": queueBranch, "base_sha": baseCommit, "base_ref": "refs/heads/main"}})
	}
	grouped := event.Task{Kind: event.Review, Subject: event.Subject{Repository: acme, Ref: queueBranch}, Head: head, Base: baseCommit, BaseRef: "main", Sender: "mona"}
	rerun := event.Task{Kind: event.Review, Subject: event.Subject{Repository: acme, Number: 12}, Head: head, CheckRun: 44, External: "review-1", Sender: "mona", Again: true}
	command := event.Task{Kind: event.Command, Subject: event.Subject{Repository: acme, Number: 12}, Comment: 77, Text: "/landwaiter review", Sender: "mona"}
	inline := func() map[string]any {
		p := pullPayload("created", nil)
		p["comment"] = map[string]any{"id": 77, "body": "/landwaiter review", "user": map[string]any{"login": "mona", "type": "User"}}
		return p
	}
	push := func(ref, before, after string) map[string]any {
		return payload(map[string]any{"ref": ref, "before": before, "after": after})
	}
	forget := event.Task{Kind: event.Forget, Subject: event.Subject{Repository: event.Repository{Installation: 5}}, Sender: "mona"}
	removed := func(ids ...any) map[string]any {
		list := []any{}
		for _, id := range ids {
			list = append(list, map[string]any{"id": id, "full_name": "acme/infra"})
		}
		return payload(map[string]any{"action": "removed", "repositories_removed": list, "repository": nil})
	}
	tests := []struct {
		name, event string
		payload     map[string]any
		want        *event.Task
	}{
		{"opened", "pull_request", pullPayload("opened", nil), &pull},
		{"a draft", "pull_request", pullPayload("opened", map[string]any{"draft": true}), as(pull, func(t *event.Task) { t.Draft = true })},
		{"pushed", "pull_request", pullPayload("synchronize", nil), &pull},
		{"reopened", "pull_request", pullPayload("reopened", nil), again},
		{"ready", "pull_request", pullPayload("ready_for_review", nil), again},
		{"back to draft", "pull_request", pullPayload("converted_to_draft", map[string]any{"draft": true}), as(pull, func(t *event.Task) { t.Draft = true })},
		{"another base", "pull_request", change(pullPayload("edited", nil), "changes", map[string]any{"base": map[string]any{"ref": map[string]any{"from": "old"}}}), again},
		{"another title", "pull_request", change(pullPayload("edited", nil), "changes", map[string]any{"title": map[string]any{"from": "old"}}), nil},
		{"closed", "pull_request", pullPayload("closed", nil), as(pull, func(t *event.Task) { t.Kind = event.Cancel })},
		{"labeled", "pull_request", pullPayload("labeled", nil), nil},
		{"author gone", "pull_request", pullPayload("opened", map[string]any{"user": nil}), as(pull, func(t *event.Task) { t.Author = "" })},
		{"fork", "pull_request", change(pullPayload("opened", nil), "pull_request.head.repo.id", 99), as(pull, func(t *event.Task) { t.Fork = true })},
		{"fork gone", "pull_request", change(pullPayload("opened", nil), "pull_request.head.repo", nil), as(pull, func(t *event.Task) { t.Fork = true })},

		{"queued to merge", "merge_group", group("checks_requested", ""), &grouped},
		{"taken from the queue", "merge_group", group("destroyed", "dequeued"), as(grouped, func(t *event.Task) { t.Kind, t.Text = event.Cancel, "dequeued" })},
		{"for another reason", "merge_group", group("destroyed", "<b>"), as(grouped, func(t *event.Task) { t.Kind = event.Cancel })},

		{"re-run", "check_run", checkPayload("check_run", "rerequested", 7, pullOf(12, 9, head)), &rerun},
		{"re-run of a fork", "check_run", checkPayload("check_run", "rerequested", 7), as(rerun, func(t *event.Task) { t.Subject.Number = 0 })},
		{"re-run, one head of two", "check_run", checkPayload("check_run", "rerequested", 7, pullOf(12, 9, head), pullOf(13, 9, head)), as(rerun, func(t *event.Task) { t.Subject.Number = 0 })},
		{"re-run, pull request elsewhere", "check_run", checkPayload("check_run", "rerequested", 7, pullOf(12, 9, head), pullOf(3, 99, head), pullOf(4, 9, otherHead)), &rerun},
		{"re-run in the merge queue", "check_run", change(checkPayload("check_run", "rerequested", 7), "check_run.check_suite.head_branch", strings.TrimPrefix(queueBranch, "refs/heads/")),
			as(rerun, func(t *event.Task) { t.Subject.Number, t.Subject.Ref = 0, queueBranch })},
		{"re-run of another App", "check_run", checkPayload("check_run", "rerequested", 8, pullOf(12, 9, head)), nil},
		{"button", "check_run", checkPayload("check_run", "requested_action", 7, pullOf(12, 9, head)), as(rerun, func(t *event.Task) { t.Kind, t.Text, t.Again = event.Action, "fix", false })},
		{"button of another App", "check_run", checkPayload("check_run", "requested_action", 8, pullOf(12, 9, head)), nil},
		{"our own check run", "check_run", checkPayload("check_run", "created", 7), nil},
		{"re-run all", "check_suite", checkPayload("check_suite", "rerequested", 7, pullOf(12, 9, head)), as(rerun, func(t *event.Task) { t.CheckRun, t.External = 0, "" })},
		{"re-run all of another App", "check_suite", checkPayload("check_suite", "rerequested", 8, pullOf(12, 9, head)), nil},
		{"suite requested", "check_suite", checkPayload("check_suite", "requested", 7), nil},

		{"command", "issue_comment", commentPayload("created", "\r\n /landwaiter review\r\n", "mona", "User"), &command},
		{"command, two lines", "issue_comment", commentPayload("created", "/landwaiter accept abc\r\nmeant", "mona", "User"), as(command, func(t *event.Task) { t.Text = "/landwaiter accept abc\nmeant" })},
		{"command by another", "issue_comment", commentPayload("created", "/landwaiter review", "kim", "User"), as(command, func(t *event.Task) { t.Sender = "kim" })},
		{"edited command", "issue_comment", commentPayload("edited", "/landwaiter review", "mona", "User"), nil},
		{"command by a bot", "issue_comment", commentPayload("created", "/landwaiter review", "renovate[bot]", "Bot"), nil},
		{"command through our App", "issue_comment", change(commentPayload("created", "/landwaiter review", "mona", "User"), "comment.performed_via_github_app", map[string]any{"id": 7}), nil},
		{"talk", "issue_comment", commentPayload("created", "see /landwaiter review", "mona", "User"), nil},
		{"another word", "issue_comment", commentPayload("created", "/landwaiters review", "mona", "User"), nil},
		{"issue", "issue_comment", change(commentPayload("created", "/landwaiter review", "mona", "User"), "issue.pull_request", nil), nil},
		{"command on a line", "pull_request_review_comment", inline(), as(command, func(t *event.Task) { t.Inline = true })},

		{"push", "push", push("refs/heads/main", baseCommit, head), &event.Task{Kind: event.Warm, Subject: event.Subject{Repository: acme}, Head: head, BaseRef: "main", Sender: "mona"}},
		{"push elsewhere", "push", push("refs/heads/fix", baseCommit, head), nil},
		{"tag called main", "push", push("refs/tags/main", baseCommit, head), nil},
		{"push of nothing", "push", push("refs/heads/main", head, head), nil},
		{"branch deleted", "push", change(push("refs/heads/main", head, strings.Repeat("0", 40)), "deleted", true), nil},

		{"uninstalled", "installation", payload(map[string]any{"action": "deleted", "repository": nil}), &forget},
		{"suspended", "installation", payload(map[string]any{"action": "suspend", "repository": nil}), &forget},
		{"installed", "installation", payload(map[string]any{"action": "created", "repository": nil}), nil},
		{"repositories taken", "installation_repositories", removed(9, 10), as(forget, func(t *event.Task) { t.Repositories = []int64{9, 10} })},
		{"none taken", "installation_repositories", removed(), nil},
		{"added", "installation_repositories", payload(map[string]any{"action": "added"}), nil},
		{"ping", "ping", map[string]any{"zen": "x", "hook_id": 1}, nil},
		{"unknown", "quantum_entanglement", payload(nil), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Tasks(test.event, encode(t, test.payload), us)
			if err != nil {
				t.Fatal(err)
			}
			var want []event.Task
			if test.want != nil {
				want = []event.Task{*test.want}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func encode(t *testing.T, p map[string]any) []byte {
	t.Helper()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestTasksRefusesWhatIsNone: whoever can choose a name must not reach an address, a path or another installation.
func TestTasksRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	type hostile struct {
		event   string
		payload func() map[string]any
		path    string
		values  []any
	}
	pull := func() map[string]any { return pullPayload("opened", nil) }
	run := func() map[string]any { return checkPayload("check_run", "requested_action", 7, pullOf(12, 9, head)) }
	asked := func() map[string]any { return commentPayload("created", "/landwaiter review", "mona", "User") }
	names := []any{"", ".", "..", "a/b", "../x", "a b", "-x", "é", "a\nb", "a?b", "a#b", "%2e", strings.Repeat("a", 101), 3, nil}
	commits := []any{"", "main", strings.ToUpper(head[:39]) + "F", strings.Repeat("0", 40), head[:39], head + "1", "--upload-pack=x", nil, 1}
	branches := []any{"", "-x", "a..b", "a b", "/a", "a//b", "a.lock", "a/.b", "@", "a@{1}", "a~1", "a\x01", strings.Repeat("a", 256), nil}
	numbers := []any{0, -1, 1 << 40, "12", 1.5, nil, json.Number("99999999999999999999")}
	cases := []hostile{
		{"pull_request", pull, "installation", []any{nil, map[string]any{}, map[string]any{"id": 0}, map[string]any{"id": -5}, "x"}},
		{"pull_request", pull, "repository", []any{nil, map[string]any{}, 3}},
		{"pull_request", pull, "repository.id", numbers[:2]},
		{"pull_request", pull, "repository.owner.login", names},
		{"pull_request", pull, "repository.name", append(names[:6:6], names[7:]...)}, // a repository may be called -x
		{"pull_request", pull, "repository.default_branch", branches[1:13]},
		{"pull_request", pull, "pull_request", []any{nil, 1, []any{}}},
		{"pull_request", pull, "pull_request.number", numbers},
		{"pull_request", pull, "pull_request.head.sha", commits},
		{"pull_request", pull, "pull_request.base.sha", commits},
		{"pull_request", pull, "pull_request.base.ref", branches},
		{"pull_request", pull, "pull_request.user.login", []any{"a/b", "a b", "../x", "x[bot]y"}},
		{"pull_request", pull, "sender.login", []any{"a/b", "@x", "<img>"}},
		{"check_run", run, "check_run.id", []any{0, -1}},
		{"check_run", run, "check_run.head_sha", commits},
		{"check_run", run, "check_run.external_id", []any{"a\nb", strings.Repeat("x", 256)}},
		{"check_run", run, "requested_action", []any{nil, map[string]any{}, map[string]any{"identifier": "a b"}, map[string]any{"identifier": strings.Repeat("x", 21)}}},
		{"check_run", run, "check_run.check_suite.head_branch", []any{"gh-readonly-queue/../x"}},
		{"check_run", run, "check_run.pull_requests", []any{[]any{pullOf(-1, 9, head)}}},
		{"issue_comment", asked, "issue.number", numbers},
		{"issue_comment", asked, "comment.id", []any{0, -1}},
		{"issue_comment", asked, "comment.user.login", []any{"", "a/b"}},
		{"installation", func() map[string]any { return payload(map[string]any{"action": "deleted"}) }, "installation", []any{nil, map[string]any{"id": 0}}},
		{"installation_repositories", func() map[string]any {
			return payload(map[string]any{"action": "removed"})
		}, "repositories_removed", []any{[]any{map[string]any{"id": 0}}, []any{map[string]any{}}, []any{map[string]any{"id": 9}, map[string]any{"id": -9}}}},
	}
	for _, c := range cases {
		for _, value := range c.values {
			got, err := Tasks(c.event, encode(t, change(c.payload(), c.path, value)), us)
			if err == nil {
				t.Errorf("%s with %s %.60v gives %+v", c.event, c.path, fmt.Sprintf("%#v", value), got)
			} else if len(err.Error()) > 600 {
				t.Errorf("%s with %s: the error has %d bytes", c.event, c.path, len(err.Error()))
			}
		}
	}
}

func TestTasksOfBrokenPayloads(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for _, text := range []string{"", "{", "[]", `"x"`, "null1", "\xff\xfe", deep, `{"action":"opened"}`, `{"action":["opened"]}`, `{"action":"opened","pull_request":` + deep + `}`} {
		if got, err := Tasks("pull_request", []byte(text), us); err == nil {
			t.Errorf("%.40q gives %+v", text, got)
		}
	}
}

func FuzzTasks(f *testing.F) {
	add := func(event string, p map[string]any) {
		data, err := json.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(event, data)
	}
	add("pull_request", pullPayload("opened", nil))
	add("check_run", checkPayload("check_run", "requested_action", 7, pullOf(12, 9, head)))
	add("check_suite", checkPayload("check_suite", "rerequested", 7))
	add("issue_comment", commentPayload("created", "/landwaiter review", "mona", "User"))
	add("installation_repositories", payload(map[string]any{"action": "removed", "repositories_removed": []any{map[string]any{"id": 3}}}))
	add("push", payload(map[string]any{"ref": "refs/heads/main", "before": head, "after": baseCommit}))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		tasks, err := Tasks(name, data, us)
		if err != nil && tasks != nil {
			t.Fatal("tasks and an error")
		}
		for _, task := range tasks {
			repo := task.Subject.Repository
			if repo.Installation <= 0 {
				t.Fatalf("no installation: %+v", task)
			}
			if task.Kind != event.Forget && (checkName(repo.Owner, repo.Name) != nil || repo.ID <= 0) {
				t.Fatalf("no repository: %+v", task)
			}
			if (task.Kind == event.Review || task.Kind == event.Warm) && checkCommit("head", task.Head) != nil {
				t.Fatalf("no head: %+v", task)
			}
		}
	})
}
