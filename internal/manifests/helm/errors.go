package helm

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm/trace"
)

// place is a template's file in its chart.
type place struct {
	*origin
	file string
}

// placesOf names the files of all templates of an installed chart.
func placesOf(n *node, origins map[any]*origin) map[string]place {
	all := map[string]place{}
	var visit func(*node)
	visit = func(n *node) {
		for _, t := range n.templates {
			all[path.Join(n.path, t.name)] = place{origins[n.id], t.name}
		}
		for _, dep := range n.deps {
			visit(dep)
		}
	}
	visit(n)
	return all
}

// refusal begins what a chart says by the functions fail and required.
const (
	refusal   = "the chart refuses its values: "
	maxReason = 2000 // bytes: templates that call each other make errors as long as the calls
)

var (
	position   = regexp.MustCompile(`^:(\d+)(?::\d+)?`)
	executing  = regexp.MustCompile(`(?s)\bat <(.*?)>:\s*(.*)`)
	calling    = regexp.MustCompile(`(?s)^error calling (\w+):\s*(.*)`)
	nilPointer = regexp.MustCompile(`^nil pointer evaluating .*\.(\w+)$`)
	helmMarks  = strings.NewReplacer("HELM_ERR_START", "", "HELM_ERR_END", "")
)

// templateError says in plain words why a template does not parse or execute, at the innermost template line
// that is known: from our own execution's frames, or from the text of Helm's error.
func (j *job) templateError(err error) error {
	text := helmMarks.Replace(err.Error())
	at := j.innermost(text)
	reason := plainReason(at.after)
	if strings.HasSuffix(at.before, "execution error at (") {
		reason = refusal + strings.TrimPrefix(reason, "the template fails: ")
	}
	caller := j.caller(at.before)
	var ours *trace.Error
	if errors.As(err, &ours) {
		at.template, at.line, caller = j.framed(ours.Frames)
	}
	place, ok := j.places[at.template]
	if !ok {
		return &manifests.RenderError{Reason: plainReason(text), Span: j.chart.span(chartYAML, 0), Cause: err}
	}
	if place.archive != "" {
		reason = fmt.Sprintf("%s, line %d: %s", place.show(place.file), at.line, reason)
	}
	if caller != "" {
		reason += " (reached from " + caller + ")"
	}
	return &manifests.RenderError{Reason: reason, Span: place.span(place.file, at.line), Cause: err}
}

// framed gives the innermost place of frames that is in a file, and where the execution of that began.
func (j *job) framed(frames []trace.Frame) (template string, line int, caller string) {
	if j.rel.Kops && len(frames) > 1 {
		frames = frames[:len(frames)-1] // where the chart around the template calls it
	}
	known := slices.DeleteFunc(slices.Clone(frames), func(f trace.Frame) bool {
		_, ok := j.places[f.Template]
		return !ok // a text that tpl was given
	})
	if len(known) == 0 {
		return "", 0, ""
	}
	inner, outer := known[0], known[len(known)-1]
	if outer.Template != inner.Template || outer.Line != inner.Line {
		place := j.places[outer.Template]
		caller = fmt.Sprintf("%s:%d", place.show(place.file), outer.Line)
	}
	return inner.Template, inner.Line, caller
}

// mention is a template's line in the text of an error.
type mention struct {
	template      string
	line          int
	before, after string // the text around it
}

// innermost finds the template line that an error names last.
func (j *job) innermost(text string) mention {
	found := mention{after: text}
	at := -1
	for name := range j.places {
		i := strings.LastIndex(text, name+":")
		if i < at || i < 0 || (i == at && len(name) < len(found.template)) {
			continue
		}
		if m := position.FindStringSubmatch(text[i+len(name):]); m != nil {
			at = i
			line, _ := strconv.Atoi(m[1])
			found = mention{name, line, text[:i], text[i+len(name)+len(m[0]):]}
		}
	}
	return found
}

// caller names the template file in which the execution began that ended in an error further in.
func (j *job) caller(before string) string {
	first, found := len(before), ""
	for name := range j.places {
		if i := strings.Index(before, name+":"); i >= 0 && (i < first || i == first && len(name) > len(found)) {
			first, found = i, name
		}
	}
	if found == "" {
		return ""
	}
	m := position.FindString(before[first+len(found):])
	place := j.places[found]
	line, _, _ := strings.Cut(strings.TrimPrefix(m, ":"), ":")
	return strings.TrimSuffix(place.show(place.file)+":"+line, ":")
}

// plainReason turns what text/template says after the position into a sentence.
func plainReason(after string) string {
	if len(after) > maxReason {
		after = strings.ToValidUTF8(after[:maxReason], "") + "…"
	}
	expression, message := "", strings.TrimLeft(after, "): \n")
	if m := executing.FindStringSubmatch(after); m != nil {
		expression, message = m[1], m[2]
	}
	message = strings.TrimSpace(message)
	if m := calling.FindStringSubmatch(message); m != nil {
		message = m[2]
		if m[1] == "fail" || m[1] == "required" {
			return refusal + message
		}
	}
	if m := nilPointer.FindStringSubmatch(message); m != nil {
		message = "what comes before ." + m[1] + " is not set in the values (" + message + ")"
	}
	if expression == "" {
		return "the template fails: " + message
	}
	return "the template fails at {{ " + expression + " }}: " + message
}
