package githubtest

import (
	"cmp"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
)

// Conversation is the pull request as a reviewer sees it, as plain text: its state, the newest check runs of its head
// with their summaries, buttons and annotations, the comments on lines below the lines that they are on, and the
// conversation. What GitHub hides is not shown (HTML comments, minimized comments, what is folded in details), and of links
// only their text.
func (pr *PullRequest) Conversation() string {
	pr.g.mu.Lock()
	defer pr.g.mu.Unlock()
	var out strings.Builder
	pr.writeHead(&out)
	at := slices.DeleteFunc(slices.Clone(pr.Repo.runs), func(run *CheckRun) bool { return run.HeadSHA != pr.head })
	for _, run := range latest(at) {
		run.write(&out)
	}
	pr.writeThreads(&out)
	pr.writeConversation(&out)
	return out.String()
}

func (pr *PullRequest) writeHead(out *strings.Builder) {
	state := pr.state
	switch {
	case pr.merged:
		state = "merged"
	case pr.state == "open" && pr.draft:
		state = "draft"
	case pr.state == "open":
		if blocked := pr.blocked(); blocked != nil {
			state = "open, merging is blocked: " + blocked.message
		}
	}
	fmt.Fprintf(out, "%s#%d %s (%s)\n", pr.Repo.FullName(), pr.Number, pr.title, state)
	from := pr.headBranch
	if pr.headRepo != pr.Repo {
		from = pr.headRepo.owner.login + ":" + from
	}
	fmt.Fprintf(out, "%s wants to merge %s into %s; head is %.10s\n", pr.author.login, from, pr.base, pr.head)
}

var marks = map[string]string{"success": "✓", "failure": "✗", "action_required": "!", "cancelled": "⊘", "neutral": "□", "skipped": "□"}

func (run *CheckRun) write(out *strings.Builder) {
	mark, state := marks[run.Conclusion], run.Conclusion
	if run.Status != "completed" {
		mark, state = "●", run.Status
	}
	fmt.Fprintf(out, "\n%s %s: %s (%s)\n", mark, run.Name, cmp.Or(run.Title, "no output"), state)
	for _, text := range []string{run.Summary, run.Text} {
		if text = visible(text); text != "" {
			indent(out, "    ", text)
			out.WriteByte('\n')
		}
	}
	for _, a := range run.Annotations {
		fmt.Fprintf(out, "    %s:%s: %s: %s\n", a.Path, lines(a.StartLine, a.EndLine), a.Level, cmp.Or(a.Title, firstLine(a.Message)))
	}
	if run.Status == "completed" {
		for _, a := range run.Actions {
			fmt.Fprintf(out, "    [%s] %s\n", a.Label, a.Description)
		}
	}
}

func lines(start, end int) string {
	if start == end {
		return itoa(int64(end))
	}
	return fmt.Sprintf("%d-%d", start, end)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// writeThreads writes the comments on lines by file and line, each thread below the end of its hunk. Those that are
// resolved or minimized take a line, as they do on the page.
func (pr *PullRequest) writeThreads(out *strings.Builder) {
	var first []*ReviewComment
	for _, c := range pr.lines {
		if c.ReplyTo == 0 {
			first = append(first, c)
		}
	}
	slices.SortStableFunc(first, func(a, b *ReviewComment) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	for _, c := range first {
		fmt.Fprintf(out, "\n%s%s\n", c.Path, c.place())
		if c.Minimized != "" || pr.threadsResolved[c.ID] != nil {
			fmt.Fprintf(out, "  %s: hidden as %s\n", c.Author, cmp.Or(fold(c.Minimized), "resolved"))
			continue
		}
		if !c.OnFile {
			indent(out, "  ", tail(c.DiffHunk, c.shownLines()))
		}
		for _, x := range pr.lines {
			if x.thread() == c.ID {
				writeComment(out, x.Author, x.Body, x.Minimized, pr.Repo.reactionsTo(x.ID))
			}
		}
	}
}

// shownLines is how much of the hunk is shown above a comment: all its lines, or its line and three above.
func (c *ReviewComment) shownLines() int {
	if c.originalStart == 0 {
		return 4
	}
	return max(4, c.originalLine-c.originalStart+1)
}

func (c *ReviewComment) place() string {
	switch {
	case c.OnFile:
		return " (the file)"
	case c.outdated:
		return fmt.Sprintf(":%d (outdated)", c.originalLine)
	case c.StartLine != 0:
		return ":" + lines(c.StartLine, c.Line)
	}
	return ":" + itoa(int64(c.Line))
}

func tail(text string, n int) string {
	all := strings.Split(text, "\n")
	return strings.Join(all[max(0, len(all)-n):], "\n")
}

// writeConversation writes reviews that say something and comments, in the order they were made.
func (pr *PullRequest) writeConversation(out *strings.Builder) {
	type said struct {
		id   int64
		text func()
	}
	var all []said
	for _, r := range pr.reviews {
		if r.Body != "" || r.State != "COMMENTED" {
			all = append(all, said{r.ID, func() {
				writeComment(out, r.Author+" ("+strings.ReplaceAll(fold(r.State), "_", " ")+")", r.Body, "", nil)
			}})
		}
	}
	for _, c := range pr.comments {
		all = append(all, said{c.ID, func() { writeComment(out, c.Author, c.Body, c.Minimized, pr.Repo.reactionsTo(c.ID)) }})
	}
	slices.SortFunc(all, func(a, b said) int { return cmp.Compare(a.id, b.id) })
	for _, s := range all {
		out.WriteByte('\n')
		s.text()
	}
}

func writeComment(out *strings.Builder, author, body, minimized string, reactions []string) {
	if minimized != "" {
		fmt.Fprintf(out, "  %s: hidden as %s\n", author, fold(minimized))
		return
	}
	fmt.Fprintf(out, "  ╭ %s\n", author)
	if body = visible(body); body != "" {
		indent(out, "  │ ", body)
	}
	if len(reactions) > 0 {
		fmt.Fprintf(out, "  │ (%s)\n", strings.Join(reactions, ", "))
	}
	out.WriteString("  ╰\n")
}

func indent(out *strings.Builder, with, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		out.WriteString(strings.TrimRight(with+line, " ") + "\n")
	}
}

var (
	htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	folded      = regexp.MustCompile(`(?s)<details>\s*<summary>(.*?)</summary>.*?</details>`)
	emptyLines  = regexp.MustCompile(`\n{3,}`)
	linked      = regexp.MustCompile(`\[((?:[^\[\]\\]|\\.)+)\]\([^()\s]*\)`)
	tags        = regexp.MustCompile(`</?(?:sub|code)>`)
	escaped     = regexp.MustCompile(`\\([!-/:-@\[-\x60{-~])`)
)

// visible drops what the page does not show: HTML comments, what is folded, and outside of blocks of code addresses and
// escapes.
func visible(markdown string) string {
	text := htmlComment.ReplaceAllString(markdown, "")
	text = folded.ReplaceAllString(text, "▸ $1")
	var out []string
	inBlock := false
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inBlock = !inBlock
		} else if !inBlock {
			line = linked.ReplaceAllString(line, "$1")
			line = html.UnescapeString(escaped.ReplaceAllString(tags.ReplaceAllString(line, ""), "$1"))
		}
		out = append(out, line)
	}
	return strings.TrimSpace(emptyLines.ReplaceAllString(strings.Join(out, "\n"), "\n\n"))
}
