package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

// maxAnnotations is how many annotations of one level GitHub shows for a step; the worst go first.
const maxAnnotations = 10

// Workflow writes the report as workflow commands of GitHub Actions, which a runner shows as annotations on the
// lines of the pull request. Every line that is a command is one of ours.
func Workflow(w io.Writer, r *Report) error {
	out := bufio.NewWriter(w)
	shown := make(map[review.Level]int)
	annotate := func(level review.Level, command string) {
		if shown[level]++; shown[level] <= maxAnnotations {
			fmt.Fprintln(out, command)
		}
	}
	for _, f := range worstFirst(r.Shown(review.New)) {
		if f.Level == review.Error {
			annotate(f.Level, command(f))
		}
	}
	for _, root := range r.unsaid() { // before what is known: nobody knows what is in them
		annotate(review.Warning, fmt.Sprintf("::warning title=%s::%s", commandProperty("not rendered: "+root.Path), commandData(shorten(root.Reason, maxReason))))
	}
	for _, f := range worstFirst(r.Shown(review.New)) {
		if f.Level != review.Error {
			annotate(f.Level, command(f))
		}
	}
	for _, level := range []review.Level{review.Error, review.Warning, review.Info} {
		if n := shown[level] - maxAnnotations; n > 0 {
			fmt.Fprintf(out, "%s of level %s, more than GitHub shows for a step\n", Plural(n, "more finding"), level)
		}
	}
	for _, note := range r.allNotes() {
		fmt.Fprintf(out, "note: %s\n", plain(shorten(note, maxReason)))
	}
	fmt.Fprintln(out, atLineStart(r.Title()))
	return out.Flush()
}

// unsaid are the roots that could not be rendered and of which no finding says so.
func (r *Report) unsaid() []review.RootResult {
	said := make(map[string]bool)
	for _, f := range r.Shown(review.New) {
		said[f.Root] = said[f.Root] || f.Rule == review.RuleRenderFailed
	}
	return slices.DeleteFunc(r.Unrendered(), func(root review.RootResult) bool { return said[root.Path] })
}

func command(f review.Finding) string {
	name := map[review.Level]string{review.Error: "error", review.Warning: "warning"}[f.Level]
	if name == "" {
		name = "notice"
	}
	var properties []string
	if f.Location.File != "" {
		properties = append(properties, "file="+commandProperty(f.Location.File), fmt.Sprintf("line=%d", f.Location.Line),
			fmt.Sprintf("endLine=%d", f.Location.EndLine))
		if f.Location.Precision == "exact" {
			properties = append(properties, fmt.Sprintf("col=%d", f.Location.Column))
		}
	}
	properties = append(properties, "title="+commandProperty(f.Rule))
	return fmt.Sprintf("::%s %s::%s", name, strings.Join(properties, ","), commandData(messageOf(f)))
}

// messageOf is what a finding says in a line: what it is, where it shows, and the consequence.
func messageOf(f review.Finding) string {
	text := fmt.Sprintf("%s (%s)", shorten(f.Message, maxReason), shownIn(f))
	if f.Location.Precision == "file" {
		text = fmt.Sprintf("%s (somewhere in this file, %s)", shorten(f.Message, maxReason), shownIn(f))
	}
	if f.Detail != "" {
		text += ". " + shorten(f.Detail, 4*maxReason)
	}
	return text
}
