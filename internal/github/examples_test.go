package github

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/event"
)

// exampleTasks is what real payloads ask for, by file: KIND SUBJECT HEAD, as far as seven characters of it, then what
// else matters. All others ask for nothing.
var exampleTasks = map[string]string{
	"check_run.requested_action":        "action electron/electron#26764 5bd5f19 text=lgtm|26764",
	"check_run.rerequested":             "review github/hello-world@ d6fde92 again",
	"check_suite.rerequested":           "review Codertocat/Hello-World#2 ec26c3e again",
	"installation.deleted":              "forget /@ ",
	"installation.suspend":              "forget /@ ",
	"installation_repositories.removed": "forget /@  repositories=[1296269]",
	"merge_group.checks_requested":      "review octo-org/octo-repo@refs/heads/gh-readonly-queue/main/pr-104-929f8209d40f77f4abc622a499c93a83babdbe64 2ffea6d",
	"pull_request.closed":               "cancel Codertocat/Hello-World#2 ec26c3e",
	"pull_request.converted_to_draft":   "review Codertocat/Hello-World#2 ec26c3e",
	"pull_request.opened":               "review Codertocat/Hello-World#2 ec26c3e",
	"pull_request.ready_for_review":     "review Codertocat/Hello-World#2 ec26c3e again",
	"pull_request.reopened":             "review Codertocat/Hello-World#2 ec26c3e again",
	"pull_request.synchronize":          "review Codertocat/Hello-World#2 ec26c3e",
}

// TestTasksOfExamples reads the payloads that Octokit publishes. Those that come from a repository's webhook get the
// installation that an App's webhook would name.
func TestTasksOfExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/webhooks/*.*.json")
	if err != nil || len(files) < 25 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	seen := make(map[string]bool)
	for _, file := range append(files, "testdata/webhooks/push.json", "testdata/webhooks/ping.json") {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		kind, _, _ := strings.Cut(name, ".")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var p map[string]any
		if err := json.Unmarshal(data, &p); err != nil {
			t.Fatal(err)
		}
		if p["installation"] == nil {
			p["installation"] = map[string]any{"id": 5}
		}
		tasks, err := Tasks(kind, encode(t, p), Identity{AppID: appOf(p), Slug: "landwaiter"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		seen[name] = true
		if got := inWords(tasks); got != exampleTasks[name] {
			t.Errorf("%s asks for %q, want %q", name, got, exampleTasks[name])
		}
	}
	for name := range exampleTasks {
		if !seen[name] {
			t.Errorf("there is no example %s", name)
		}
	}
}

// appOf is the App that a check of a payload belongs to.
func appOf(p map[string]any) int64 {
	for _, name := range []string{"check_run", "check_suite"} {
		if check, ok := p[name].(map[string]any); ok {
			if app, ok := check["app"].(map[string]any); ok {
				return int64(app["id"].(float64))
			}
		}
	}
	return 7
}

func inWords(tasks []event.Task) string {
	var words []string
	for _, task := range tasks {
		word := fmt.Sprintf("%s %s %.7s", task.Kind, task.Subject, task.Head)
		if task.Text != "" {
			word += " text=" + task.Text
		}
		if task.Again {
			word += " again"
		}
		if task.Repositories != nil {
			word += fmt.Sprint(" repositories=", task.Repositories)
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
}
