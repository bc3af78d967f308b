package gitops

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var argoUnpinned = review.Rule{
	ID: "argo-unpinned", Level: review.Warning, Guidelines: []string{"G13"},
	Summary: "An application follows whatever its source holds next",
	Kinds:   []string{"Application." + argo, "ApplicationSet." + argo},
	Check:   checkArgoUnpinned,
}

func checkArgoUnpinned(p *review.Pass) {
	for _, source := range sourcesOf(p.Object) {
		revision := source.Get("targetRevision")
		if templated(revision.Text()) || source.Get("repoURL").Text() == "" {
			continue
		}
		switch {
		case isChart(source) && openRange(revision.Text()):
			reportUnpinned(p, revision, "application %s takes any new version of chart %s", source.Get("chart").Text(),
				"A new version is installed as soon as it is published, without a change here that anybody could review.")
		case !isChart(source) && (revision.Text() == "" || revision.Text() == "HEAD"):
			reportUnpinned(p, revision, "application %s follows the default branch of %s", repository(source.Get("repoURL").Text()),
				"Which branch that is, is a setting of that repository and not a decision here. Name the branch, or better a tag or commit.")
		}
	}
}

func reportUnpinned(p *review.Pass, at manifests.Field, format, what, why string) {
	p.Report(at, format, p.Object.Name, what).Detail("%s", why)
}

// openRange reports whether a chart's version has no upper end.
func openRange(version string) bool {
	return review.AnyVersion(version) || strings.HasPrefix(version, ">") && !strings.Contains(version, "<")
}

// repository is an address without what could be a password in it.
func repository(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	if _, after, found := strings.Cut(rest, "@"); found {
		rest = after
	}
	return scheme + "://" + rest
}
