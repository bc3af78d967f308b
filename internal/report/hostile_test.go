package report

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/landwaiter/landwaiter/internal/review"
)

// hostile are names that try to break out of one format or another.
var hostile = []string{
	"\n::set-output name=a::b", "\r\n::error::forged", "%0A::error::forged", "::stop-commands::token", "##[set-env name=PATH]x", "\n##[error]forged",
	"\x1b[31mred\x1b]0;title\a", "\u202egnp.exe", "\u2066iso\u2069", "\ufeff", "\u3164", "\x00", "\xff\xfe invalid", "\u2028line",
	"`code`", "``` \n```\n# heading", "](https://evil.example)", "[text](https://evil.example)", "![img](https://evil.example/x.png)",
	"<script>alert(1)</script>", "</summary></details><img src=x onerror=alert(1)>", "&lt;b&gt;", "@everyone", "@acme/security", "a@evil.example",
	"https://evil.example/x", "www.evil.example", "#12", "GH-12", "acme/web#12", "| cell | cell |", `\| cell`, `a\\|b`, "*bold* _it_ ~~no~~", "$math$",
	"- item", "1. item", "> quote", "=== ", "\"quoted\" 'single'", `{"json": "break"}`, "</code>", ":smile:", "a,b=c:d",
	"\n<!-- landwaiter:" + strings.Repeat("a", 32) + " -->", "--><!-- landwaiter:summary -->", "<!--", "\n````\n~~~\n", "````suggestion\nx\n````", "x\n\n</details>\n\nx",
	"http://evil.example", "mailto:a@evil.example", "<https://evil.example>", "[x]: https://evil.example", "[^1]", "&#64;acme", "&commat;acme", "a_b_c", "**", "\\",
	"acme/web@5f3c1d2", "\u00a0@team", "\tindented", "    code", "#heading", "+ item", "[ ] task", "<", "!", "C:\\x", "a\\", "*.example.com", ":a:smile:b:", "#1#2", strings.Repeat("long", 2000),
}

// TestHostile puts every hostile name everywhere a name can stand, and holds that no format is left.
func TestHostile(t *testing.T) {
	for _, name := range hostile {
		checkHostile(t, name)
	}
}

func FuzzWriters(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if len(name) > 4000 {
			return
		}
		checkHostile(t, name)
	})
}

func checkHostile(t *testing.T, name string) {
	t.Helper()
	honest, r := sample(""), sample(name)
	checkLog(t, "text", mustWrite(t, "text", r))
	checkWorkflow(t, mustWrite(t, "github", r), mustWrite(t, "github", honest))
	checkMarkdown(t, name, mustWrite(t, "markdown", r), mustWrite(t, "markdown", honest))
	for _, format := range []string{"json", "sarif"} {
		text := mustWrite(t, format, r)
		if !json.Valid([]byte(text)) || !utf8.ValidString(text) {
			t.Errorf("%q: %s is no valid JSON", name, format)
		}
		checkCommands(t, format, text, 0)
	}
	var back struct{ Findings []review.Finding }
	if err := json.Unmarshal([]byte(mustWrite(t, "json", r)), &back); err != nil {
		t.Fatal(err)
	}
	if utf8.ValidString(name) && back.Findings[0].Message != r.Findings[0].Message {
		t.Errorf("JSON gives %q back as %q", r.Findings[0].Message, back.Findings[0].Message)
	}
}

// checkCommands counts the lines that a GitHub runner takes for commands.
func checkCommands(t *testing.T, format, text string, want int) {
	t.Helper()
	n := 0
	for _, line := range regexp.MustCompile(`\r\n|\r|\n`).Split(text, -1) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			n++
		}
		if strings.Contains(line, "##[") {
			t.Errorf("%s: the runner finds a command in %q", format, line)
		}
	}
	if n != want {
		t.Errorf("%s has %d lines that are commands, want %d:\n%q", format, n, want, text)
	}
}

// checkLog holds that a text shows no control or reordering characters and runs no command.
func checkLog(t *testing.T, format, text string) {
	t.Helper()
	checkCommands(t, format, text, 0)
	if !utf8.ValidString(text) {
		t.Errorf("%s is no valid UTF-8", format)
	}
	for _, r := range text {
		if r != '\n' && hidden(r) {
			t.Errorf("%s holds the character %U:\n%q", format, r, text)
			return
		}
	}
}

var commandLine = regexp.MustCompile(`^::(error|warning|notice) ([a-zA-Z]+=[^,:\r\n]*(,[a-zA-Z]+=[^,:\r\n]*)*)::[^\r\n]*$`)

// checkWorkflow parses the commands back: as many as without the hostile name, each of a known shape.
func checkWorkflow(t *testing.T, text, honest string) {
	t.Helper()
	checkCommands(t, "github", text, strings.Count("\n"+honest, "\n::"))
	lines := strings.Split(text, "\n")
	if want := strings.Count(honest, "\n"); len(lines)-1 != want {
		t.Errorf("github has %d lines, want %d:\n%q", len(lines)-1, want, text)
	}
	for _, line := range lines {
		if strings.HasPrefix(line, "::") && !commandLine.MatchString(line) {
			t.Errorf("a command out of shape: %q", line)
		}
	}
}

var (
	inert      = regexp.MustCompile("`[^`\n]*`|" + `\\[[:punct:]]`) // inline code and escapes, from left to right
	ourLink    = regexp.MustCompile(`\]\(` + regexp.QuoteMeta(projectURL) + `[^)\s]*\)`)
	ourTags    = regexp.MustCompile(`</?(details|summary|code|sub)>`)
	rawAddress = regexp.MustCompile(`(?i)https?://|www\.`)
)

// checkMarkdown holds that a name adds neither lines nor cells, links, tags, mentions, references or fences.
func checkMarkdown(t *testing.T, name, text, honest string) {
	t.Helper()
	head, difference, _ := strings.Cut(text, "### The rendered difference")
	honestHead, _, _ := strings.Cut(honest, "### The rendered difference")
	checkCommands(t, "markdown", text, 0)
	if got, want := strings.Count(head, "\n"), strings.Count(honestHead, "\n"); got != want {
		t.Errorf("%q: %d lines of Markdown instead of %d:\n%s", name, got, want, head)
		return
	}
	honestLines := strings.Split(honestHead, "\n")
	for i, line := range strings.Split(head, "\n") {
		rest := ourTags.ReplaceAllString(inert.ReplaceAllString(ourLink.ReplaceAllString(line, "]"), ""), "")
		if strings.HasPrefix(line, "|") && cells(line) != cells(honestLines[i]) {
			t.Errorf("%q: %d cells instead of %d: %s", name, cells(line), cells(honestLines[i]), line)
		}
		if strings.ContainsAny(rest, "<`") || strings.Contains(rest, "](") || rawAddress.MatchString(rest) {
			t.Errorf("%q makes markup: %s", name, line)
		}
		if regexp.MustCompile(`@[A-Za-z0-9]|(#|(?i:\bgh-))[0-9]`).MatchString(rest) {
			t.Errorf("%q makes a mention or a reference: %s", name, line)
		}
	}
	checkDifference(t, name, difference)
}

// cells counts the bars of a table's row that are not escaped, as GitHub's scanner does: a backslash takes the
// character behind it along, in code too.
func cells(line string) int {
	n := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '|':
			n++
		}
	}
	return n
}

// checkDifference holds that the blocks of the difference are closed by their own fences only.
func checkDifference(t *testing.T, name, text string) {
	t.Helper()
	fence := ""
	blocks := 0
	for _, line := range strings.Split(text, "\n") {
		ticks := len(line) - len(strings.TrimLeft(line, "`"))
		switch {
		case fence == "" && ticks >= 3:
			fence = strings.Repeat("`", ticks)
			blocks++
		case fence != "" && strings.TrimSpace(line) == fence:
			fence = ""
		case fence != "" && strings.HasPrefix(strings.TrimSpace(line), fence):
			t.Errorf("%q closes a fence: %q", name, line)
		case fence == "" && strings.Contains(ourTags.ReplaceAllString(line, ""), "<"):
			t.Errorf("%q makes a tag: %s", name, line)
		}
	}
	if fence != "" || blocks != 2 {
		t.Errorf("%q: %d blocks, want 2, all closed:\n%s", name, blocks, text)
	}
}

// TestHostileSARIF holds that hostile names leave SARIF valid.
func TestHostileSARIF(t *testing.T) {
	for _, name := range hostile[:24] {
		validateSARIF(t, mustWrite(t, "sarif", sample(name)))
	}
}

func TestSafe(t *testing.T) {
	tests := []struct{ in, want string }{
		{"a: b\nc: d", "a: b\nc: d"},
		{"a\n::error::x", "a\n./::error::x"},
		{"a\n  ::error::x", "a\n./::error::x"},
		{"x ##[error]", "x # #[error]"},
		{"\x1b[31m", "\ufffd[31m"},
		{"\tindented\r\nnext", "    indented\nnext"},
	}
	for _, test := range tests {
		if got := Safe(test.in); got != test.want {
			t.Errorf("Safe(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}
