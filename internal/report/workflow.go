package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

// maxAnnotations is how many annotations of one level GitHub shows for a step; the worst go first.
const maxAnnotations = 10

// Workflow writes the report as workflow commands of GitHub Actions, which a runner shows as annotations on the
// lines of the pull request.
func Workflow(w io.Writer, r *Report) error {
	out := bufio.NewWriter(w)
	found := r.Shown(review.New)
	slices.SortStableFunc(found, func(a, b review.Finding) int { return -cmp.Compare(a.Level, b.Level) })
	shown := make(map[review.Level]int)
	for _, f := range found {
		if shown[f.Level]++; shown[f.Level] > maxAnnotations {
			continue
		}
		fmt.Fprintln(out, command(f))
	}
	for _, root := range r.Unrendered() {
		fmt.Fprintf(out, "::warning title=%s::%s\n", property("not rendered: "+root.Path), data(root.Reason))
	}
	for _, level := range []review.Level{review.Error, review.Warning, review.Info} {
		if n := shown[level]; n > maxAnnotations {
			fmt.Fprintf(out, "%s\n", data(fmt.Sprintf("%s more than GitHub shows: see the summary", plural(n-maxAnnotations, level.String()))))
		}
	}
	fmt.Fprintln(out, data(r.Title()))
	return out.Flush()
}

func command(f review.Finding) string {
	name := map[review.Level]string{review.Error: "error", review.Warning: "warning"}[f.Level]
	if name == "" {
		name = "notice"
	}
	var properties []string
	if f.Location.File != "" {
		properties = append(properties, "file="+property(f.Location.File), fmt.Sprintf("line=%d", f.Location.Line),
			fmt.Sprintf("endLine=%d", f.Location.EndLine))
		if f.Location.Precision == "exact" {
			properties = append(properties, fmt.Sprintf("col=%d", f.Location.Column))
		}
	}
	properties = append(properties, "title="+property(f.Rule))
	return fmt.Sprintf("::%s %s::%s", name, strings.Join(properties, ","), data(messageOf(f)))
}

// data escapes the message of a workflow command. A line that is no command gets the same treatment, so that no
// text of the repository begins a line of its own.
func data(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

// property escapes a property of a workflow command.
func property(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(text)
}
