package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	dom "golang.org/x/net/html"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// TestServeManyFindings holds that two hundred findings become two hundred annotations and no more comments than are
// good for anybody, the worst first, in one review.
func TestServeManyFindings(t *testing.T) {
	s := play(t, infrastructure())
	files := githubtest.Files{}
	for i := range 200 {
		name := fmt.Sprintf("app-%03d", i)
		files["apps/"+name+"/deployment.yaml"] = deployment(name, privileged)
	}
	pr := s.open(files)
	run := s.reviewed(pr, "failure", "200 errors")
	if n := len(run.Annotations); n < 200 || n > 1000 {
		t.Errorf("%d annotations", n)
	}
	seen := make(map[string]bool)
	for _, a := range run.Annotations {
		key := fmt.Sprintf("%s:%d:%d %s %s", a.Path, a.StartLine, a.StartColumn, a.Title, a.Message)
		if seen[key] {
			t.Errorf("twice: %s", key)
		}
		seen[key] = true
	}
	all := visible(pr)
	if len(all) != 30 || len(pr.Reviews()) != 1 {
		t.Errorf("%d comments in %d reviews, want 30 in one", len(all), len(pr.Reviews()))
	}
	for _, c := range all {
		if c.Line != 26 {
			t.Errorf("a comment at line %d goes before an error", c.Line)
		}
	}
}

// TestServeHugeDifference holds that every text is cut to what GitHub takes, and says so.
func TestServeHugeDifference(t *testing.T) {
	s := play(t, infrastructure())
	files := githubtest.Files{}
	for i := range 300 {
		lines := 30
		if i < 5 {
			lines = 3000
		}
		var data strings.Builder
		for line := range lines {
			fmt.Fprintf(&data, "  key-%d: \"%s %d\"\n", line, strings.Repeat("🚢", 3), i)
		}
		files[fmt.Sprintf("data/%d.yaml", i)] = fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: data-%d, namespace: web}\ndata:\n%s", i, data.String())
	}
	pr := s.open(files)
	s.idle()
	run, _ := s.repo.CheckRun(pr.Head(), "landwaiter")
	if run.Status != "completed" || !strings.Contains(run.Text, "more objects") || !strings.Contains(run.Text, "too long to be shown") {
		t.Errorf("the check run is %s and does not say what was left out: …%s", run.Status, run.Text[max(0, len(run.Text)-300):])
	}
	for _, text := range []string{run.Summary, run.Text} {
		if len(text) > 65535 || !utf8.ValidString(text) || strings.Count(text, "\n```")%2 != 0 {
			t.Errorf("a text has %d bytes, and %d fences", len(text), strings.Count(text, "\n```"))
		}
	}
}

// page is what a browser makes of Markdown: the names of its elements, the text outside of code, and the comments.
func page(t *testing.T, markdown string) (elements map[string]bool, text, comments string) {
	t.Helper()
	var out bytes.Buffer
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := parser.Convert([]byte(markdown), &out); err != nil {
		t.Fatal(err)
	}
	root, err := dom.Parse(&out)
	if err != nil {
		t.Fatal(err)
	}
	elements = make(map[string]bool)
	for n := range root.Descendants() {
		switch inCode := n.Parent.Data == "code" || n.Parent.Data == "pre"; {
		case n.Type == dom.ElementNode:
			elements[n.Data] = true
		case n.Type == dom.CommentNode:
			comments += n.Data + "\n"
		case n.Type == dom.TextNode && !inCode:
			text += n.Data + "\n"
		}
	}
	return elements, text, comments
}

// TestServeHostileNames holds that no name of a pull request pings, renders, leaves its place or forges what is ours.
func TestServeHostileNames(t *testing.T) {
	s := play(t, infrastructure())
	mark := "<!-- landwaiter:0123456789abcdef0123456789abcdef -->"
	names := []string{
		"@everyone @acme/security", "<img src=x onerror=alert(1)>", "`` ``` ````", "a](https://evil.example) [b", "| a | b |",
		"--> " + mark, "<details><summary>", "#1 fixes #2", "\u202egnp.exe", "&lt;script&gt;", "$(id) ${IFS}", "-rf", "javascript:alert(1)", "\\`@bob\\`",
	}
	files := githubtest.Files{}
	for i, name := range names {
		text := deployment("web", privileged)
		text = strings.Replace(text, "name: web\n", fmt.Sprintf("name: %s\n", quote(name)), 1)
		text = strings.Replace(text, "name: main", "name: "+quote(name), 1)
		text = strings.Replace(text, "ghcr.io/acme/web:1.0", "\"ghcr.io/acme/"+strings.ReplaceAll(strings.ReplaceAll(name, `\`, ""), `"`, "")+":latest\"", 1)
		files[fmt.Sprintf("apps/%d %s/x %s.yaml", i, strings.ReplaceAll(name, "/", "_"), strings.ReplaceAll(name, "/", "_"))] = text
	}
	pr := s.repo.Open(githubtest.Proposal{Author: "ada", Branch: "hostile", Title: "@everyone " + mark, Body: "/landwaiter fix " + mark, Files: files})
	run := s.reviewed(pr, "failure", "")
	texts := []string{run.Summary, run.Text}
	for _, c := range pr.ReviewComments() {
		texts = append(texts, c.Body)
		if _, _, comments := page(t, c.Body); strings.Count(comments, "\n") != 1 || strings.Contains(comments, "0123456789abcdef") {
			t.Errorf("the markers of a comment are %q:\n%s", comments, c.Body)
		}
	}
	if len(texts) < 10 {
		t.Fatalf("there are only %d texts", len(texts))
	}
	ping := regexp.MustCompile(`@(everyone|acme|bob)|#[0-9]`)
	for _, text := range texts {
		elements, plain, _ := page(t, text)
		if found := ping.FindString(plain); found != "" {
			t.Errorf("it calls %q:\n%s", found, text)
		}
		if elements["img"] || elements["script"] || elements["iframe"] || elements["input"] {
			t.Errorf("it renders %v:\n%s", elements, text)
		}
		if strings.Contains(text, "\u202e") {
			t.Errorf("it turns text around:\n%s", text)
		}
	}
	// The hostile names do not keep the bot from finding its comments again.
	before := len(pr.ReviewComments())
	pr.Comment("bob", "/landwaiter review")
	s.reviewed(pr, "failure", "")
	if n := len(pr.ReviewComments()); n != before {
		t.Errorf("another review made %d comments more", n-before)
	}
}

// quote writes text as YAML.
func quote(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// TestServeSecrets holds that no value of a Secret, before or after, in any form, is told to anybody.
func TestServeSecrets(t *testing.T) {
	const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: key, namespace: web}\n%s"
	const oldPlain, newPlain = "old-value-never-shown", "new-value-never-shown"
	files := infrastructure()
	files["secrets/key.yaml"] = fmt.Sprintf(secret, "stringData: {key: "+oldPlain+"}\n")
	files["gen/kustomization.yaml"] = "secretGenerator:\n  - name: made\n    literals: [key=" + oldPlain + "]\n"
	s := play(t, files)
	// The same in Base64, of the three ways that a text can stand in it.
	s.secrets = append(s.secrets, "value-never-shown", "dmFsdWUtbmV2ZXItc2hvd2", "ZhbHVlLW5ldmVyLXNob3du", "2YWx1ZS1uZXZlci1zaG93b")
	pr := s.open(githubtest.Files{
		"secrets/key.yaml":        fmt.Sprintf(secret, "stringData: {key: "+newPlain+"}\n"),
		"secrets/data.yaml":       fmt.Sprintf(strings.Replace(secret, "name: key", "name: data", 1), "data: {key: bmV3LXZhbHVlLW5ldmVyLXNob3du}\n"),
		"secrets/broken.yaml":     fmt.Sprintf(strings.Replace(secret, "name: key", "name: broken", 1), "data: {key: "+newPlain+"}\n"),
		"gen/kustomization.yaml":  "secretGenerator:\n  - name: made\n    literals: [key=" + newPlain + "]\n",
		"gen2/kustomization.yaml": "secretGenerator:\n  - name: made\n    files: [missing-file]\n    literals: [key=" + newPlain + "]\n",
	})
	s.idle()
	run := s.concluded(pr.Head(), "landwaiter", "failure", "")
	if !strings.Contains(run.Text, "Secret/web/key") {
		t.Errorf("the difference does not have the Secret:\n%s", run.Text)
	}
	pr.Push("ada", githubtest.Files{"secrets/key.yaml": githubtest.Deleted})
	s.idle()
}
