package report

import (
	"cmp"
	"fmt"

	"github.com/landwaiter/landwaiter/internal/review"
)

// reaches says which clusters and namespaces the change reaches by objects of Argo CD and Flux, and what these do when it is
// merged.
func reaches(r *Report) string {
	if len(r.Reaches) == 0 {
		return ""
	}
	return "| reaches | cluster | namespaces | on merge |\n|---|---|---|---|\n" + list(r.Reaches, "application", func(one review.Reach) string {
		return fmt.Sprintf("| %s | %s | %s | %s |\n", code(shorten(one.Root, maxCell)), markdownText(shorten(clusterOf(one), maxCell)),
			markdownText(shorten(namespacesOf(one), maxCell)), markdownText(shorten(effectOf(one), maxCell)))
	})
}

func clusterOf(one review.Reach) string { return cmp.Or(one.Cluster, "its own") }

// effectOf is what is done on merge, and what was otherwise before.
func effectOf(one review.Reach) string {
	if one.Before == "" {
		return one.Effect
	}
	return one.Effect + " (before: " + one.Before + ")"
}

func namespacesOf(one review.Reach) string {
	if len(one.Namespaces) == 0 {
		return "none"
	}
	return some(one.Namespaces, "namespace")
}

// reaches says the same on a terminal, a line each.
func (t *textWriter) reaches() {
	const most = 10
	all := t.report.Reaches
	if t.report.BaseID == "" || len(all) == 0 {
		return
	}
	for _, one := range all[:min(len(all), most)] {
		text := fmt.Sprintf("%s (cluster: %s, namespaces: %s) %s", one.Root, clusterOf(one), namespacesOf(one), effectOf(one))
		fmt.Fprintf(t.w, "%s %s\n", t.paint(dim, "reaches:"), plain(shorten(text, maxReason)))
	}
	if more := len(all) - most; more > 0 {
		fmt.Fprintf(t.w, "%s %s\n", t.paint(dim, "reaches:"), Plural(more, "more application"))
	}
	fmt.Fprintln(t.w)
}
