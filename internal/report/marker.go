package report

import (
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

// Markers are the hidden last line of what the bot writes on a pull request, by which it finds its own comments again.
// That a comment is the bot's own is for the caller to know by its author: anybody can quote a marker. No text from a
// repository can make one: outside of code it is escaped, and what stands in code is never the last line.

// They begin with the name of who wrote them, so that the App and the Action leave each other's comments alone even where
// both write by the same account.

var (
	fingerprintForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	markerForm      = regexp.MustCompile(`^<!-- ([^\s<>]+):([0-9a-f]{32}(?:,[0-9a-f]{32})*) -->$`)
)

// marker writes the marker of a comment on findings.
func marker(as string, fingerprints []string) string {
	return "<!-- " + as + ":" + strings.Join(fingerprints, ",") + " -->"
}

// summaryMarker is the marker of the comment with the summary.
func summaryMarker(as string) string { return "<!-- " + as + ":summary -->" }

// ParseMarker returns the fingerprints of the findings that a comment shows, sorted, where it was written by whom the
// report calls As. ok is false for what this package did not write as a comment on findings.
func ParseMarker(as, body string) (fingerprints []string, ok bool) {
	found := markerForm.FindStringSubmatch(lastLine(body))
	if found == nil || found[1] != as {
		return nil, false
	}
	fingerprints = strings.Split(found[2], ",")
	for i := 1; i < len(fingerprints); i++ {
		if fingerprints[i-1] >= fingerprints[i] {
			return nil, false
		}
	}
	return fingerprints, true
}

// IsSummary reports whether a comment is the one with the summary, of whom the report calls As.
func IsSummary(as, body string) bool { return lastLine(body) == summaryMarker(as) }

// lastLine is the last line that is not blank. GitHub may give texts back with other line ends.
func lastLine(body string) string {
	body = strings.TrimRight(body, " \t\r\n")
	return strings.TrimRight(body[strings.LastIndexAny(body, "\r\n")+1:], " \t")
}

// fingerprintsOf returns the fingerprints of findings for a marker.
func fingerprintsOf(findings []review.Finding) []string {
	var all []string
	for _, f := range findings {
		if fingerprintForm.MatchString(f.Fingerprint) {
			all = append(all, f.Fingerprint)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
