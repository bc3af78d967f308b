// Package trace executes the templates of a Helm chart and tells of every line of output where it is from: the
// lines of templates that wrote it, the leaves of the values that flowed into it, and the conditions it depends on.
//
// It is an interpreter of its own for the trees of text/template/parse. Its values carry what is known of their
// origin beside them, never inside of them, so tracing cannot change a byte or a condition. It has the functions
// of Helm 3.22 and 4.3, and limits where Helm has none: nothing that a template does takes unbounded time or memory.
package trace

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v4/pkg/chart/common"
)

// Chart is what is executed: all templates of a chart and of its dependencies.
type Chart struct {
	Templates map[string]Template // by the name that Helm gives them: web/charts/redis/templates/service.yaml
}

// Template is one template with the scope it is executed in.
type Template struct {
	Source   string
	Scope    map[string]any // .Values, .Chart, .Release, …; Execute sets .Template in it, and templates may change it
	BasePath string         // .Template.BasePath
	Prefix   []string       // where the scope's .Values are in the values of the root chart: ["redis"]; empty for the root
}

// Options says which Helm to be and what an execution may take. Zero values mean the defaults.
type Options struct {
	HelmLine     int    // 3 or 4, the default
	Kops         string // if set, have the functions of kops instead of Helm's: the version of Kubernetes that its channel recommends
	OutputBudget int    // bytes of all output, and of the longest text that a template makes; 32 MiB by default
	WorkBudget   int    // bytes of all texts and lists made on the way, and of what is told of lines; 8 times OutputBudget by default
	Steps        int    // nodes executed, large values counting for more; 50 million by default
}

// Result is what an execution gives.
type Result struct {
	Files  map[string]File // by template; templates whose names begin with an underscore have no output
	Pinned []Use           // where functions were used whose results Helm does not repeat
}

// Use is one use of a function.
type Use struct {
	Function string
	At       Frame
}

// File is the output of one template.
type File struct {
	Output []byte
	Lines  []Line // one for each line of Output; Lines[0] is of line 1
}

// Line tells where a line of output is from.
type Line struct {
	// Frames are the places that wrote the beginning of the line, innermost first: a line of a named template,
	// then the calls that led there, last the line of the file itself. Empty for blank lines.
	Frames []Frame
	// Leaves are the values that flowed into the line.
	Leaves []Leaf
	// Conditions are the if, with and range actions that the line depends on, innermost first.
	Conditions []Condition
	// Segments are the parts of the line in order, without those whose origin is unknown.
	Segments []Segment
}

// Segment is a part of a line: bytes Start to End (exclusive), counted from 0 within the line.
type Segment struct {
	Start, End int
	Literal    bool // text of a template, not the output of an action
	Frames     []Frame
	Leaves     []Leaf
}

// Frame is a place in a template. Lines and columns (in bytes) count from 1.
type Frame struct {
	Template     string // the template's name, which is its file
	Define       string // the named template that the place is in, if any
	Line, Column int
}

// Leaf is a place in the values; or, if it names a file, in that.
type Leaf struct {
	// In is empty for the values. Else it is the file, named as templates are: a chart's Chart.yaml, in which Path
	// leads to the place; a file that was read with .Files; or a template, where a literal is written.
	In string
	// Line and Column are the place in the file, counted from 1; 0 for all of it, and in Chart.yaml.
	Line, Column int
	// Text is the line of a file, or the literal where it is a constant.
	Text string

	// Path is the key path in the coalesced values of the root chart, list positions in decimal. Leaves of one place
	// share it, so it must not be changed.
	Path []string
	// Global is set for what a dependency reads below its .Values.global: Helm has copied it there from the
	// globals of the charts above.
	Global bool
	// Exact is set if the text of the line shows the leaf's value. If not, the value was input to what the line shows.
	Exact bool
}

// Condition is an if, with or range action that decided on a line, with the leaves it has read.
type Condition struct {
	At     Frame
	Leaves []Leaf
}

// Error is a failure of a template.
type Error struct {
	Frames []Frame // where, innermost first; at least one
	text   string
	cause  error
	outer  Frame // where the template that was executed last failed
}

// Error gives the text in the form of Helm, which names the template, line and column.
func (e *Error) Error() string { return e.text }

// Unwrap returns the cause: a context's error, or a LimitError, if it was one of these.
func (e *Error) Unwrap() error { return e.cause }

// LimitError says that a template wants more than it may have.
type LimitError struct{ Limit string }

// Error tells which limit was hit.
func (e *LimitError) Error() string { return "limit exceeded: " + e.Limit }

// Execute executes the templates of a chart in the order in which Helm does. Its errors are of type *Error when a
// template is at fault. The scopes of the chart are used up: templates may have changed them.
func Execute(ctx context.Context, chart Chart, options Options) (result *Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			result, err = nil, fmt.Errorf("executing the templates failed: %v", r)
		}
	}()
	names := order(chart.Templates)
	x := newRun(ctx, options)
	x.registerValues(chart)
	for _, name := range names {
		if err := x.define(name, chart.Templates[name].Source); err != nil {
			return nil, err
		}
	}
	result = &Result{Files: map[string]File{}}
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		t := chart.Templates[name]
		t.Scope["Template"] = x.asValues(map[string]any{"Name": name, "BasePath": t.BasePath})
		out, err := x.file(name, t.Scope)
		if err != nil {
			return nil, err
		}
		if result.Files[name], err = x.resolve(name, out); err != nil {
			return nil, err
		}
	}
	result.Pinned = x.pinned.list()
	return result, nil
}

// order sorts templates as Helm does: the deeper in the file system, the earlier, and backwards by name. The order
// decides which of two definitions of the same name counts, and who sees changes that templates make to values.
func order(templates map[string]Template) []string {
	names := make([]string, 0, len(templates))
	for name := range templates {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if byDepth := strings.Count(b, "/") - strings.Count(a, "/"); byDepth != 0 {
			return byDepth
		}
		return strings.Compare(b, a)
	})
	return names
}

// asValues gives a map the type that templates see of it.
func (x *run) asValues(m map[string]any) any {
	if x.limits.HelmLine == 3 {
		return chartutil.Values(m)
	}
	return common.Values(m)
}
