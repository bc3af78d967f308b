package trace

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"text/template/parse"
)

const (
	defaultOutput = 32 << 20
	defaultSteps  = 50_000_000
	maxDepth      = 3000 // templates executed within templates; Helm itself stops at 1000 of the same name
	maxIncludes   = 1000 // of one name within itself, as in Helm
	noValue       = "<no value>"
)

// run is one execution of a chart.
type run struct {
	ctx        context.Context
	limits     Options
	steps      int
	made       int // bytes
	output     int // bytes
	funcs      map[string]*function
	known      map[string]any // the functions' names, for the parser
	defs       *defs
	parsed     map[string]*parsed // of tpl, by text
	included   map[string]int     // how often each name is being included
	depth      int
	containers map[uintptr]*container
	cond       *cond  // the conditions around what is being executed
	reads      *reads // set while a condition is evaluated
	pinned     pins
	fileLines  int // of files that are told apart
	literals   map[parse.Node]*node
	assigned   map[*parse.BranchNode][]string
}

func newRun(ctx context.Context, options Options) *run {
	if options.OutputBudget <= 0 {
		options.OutputBudget = defaultOutput
	}
	if options.WorkBudget <= 0 {
		options.WorkBudget = 8 * options.OutputBudget
	}
	if options.Steps <= 0 {
		options.Steps = defaultSteps
	}
	x := &run{
		ctx: ctx, limits: options, funcs: functions(options), known: map[string]any{}, defs: &defs{named: map[string]*def{}},
		parsed: map[string]*parsed{}, included: map[string]int{}, containers: map[uintptr]*container{}, pinned: newPins(),
		literals: map[parse.Node]*node{}, assigned: map[*parse.BranchNode][]string{},
	}
	for name, f := range x.funcs {
		x.known[name] = f.fn.Interface()
	}
	return x
}

// define parses the source of a file and makes its templates known.
func (x *run) define(name, source string) error {
	p, err := x.parse(&unit{name: name, source: source})
	if err != nil {
		return err
	}
	x.defs.add(p)
	return nil
}

// file executes the template of a file.
func (x *run) file(name string, scope map[string]any) (*output, error) {
	d := x.defs.find(name)
	x.cond, x.reads = nil, nil
	out := &output{}
	if err := x.execute(d, value{rv: reflect.ValueOf(x.asValues(scope))}, nil, out); err != nil {
		return nil, helmError(err)
	}
	out.cut(noValue)
	if x.output += len(out.buf); x.output > x.limits.OutputBudget {
		limit := &LimitError{fmt.Sprintf("the output is larger than %d bytes", x.limits.OutputBudget)}
		return nil, fileError(name, limit)
	}
	return out, nil
}

// fileError says what is wrong with a file as a whole.
func fileError(name string, cause error) error {
	return &Error{Frames: []Frame{{Template: name, Line: 1, Column: 1}}, text: fmt.Sprintf("execution error in (%s): %v", name, cause), cause: cause}
}

// execute executes a template with a value for dot and $.
func (x *run) execute(d *def, dot value, caller *site, out *output) (err error) {
	s := &state{run: x, def: d, caller: caller, out: out, vars: []variable{{"$", dot}}}
	reads, around := x.reads, x.cond
	depth := x.depth
	defer func() {
		x.depth, x.cond, x.reads = depth, around, reads
		switch r := recover().(type) {
		case nil:
		case failure:
			err = r.Error
		default:
			panic(r)
		}
	}()
	if x.depth++; x.depth > maxDepth {
		s.limit("templates call each other more than %d deep", maxDepth)
	}
	s.walk(dot, d.root)
	return nil
}

// failure unwinds the execution of one template. It never leaves execute.
type failure struct{ *Error }

// state is the execution of one template, and of those that a template action calls.
type state struct {
	*run
	def    *def
	caller *site // the action that called it
	at     *site // the action that is being executed
	vars   []variable
	out    *output
	node   parse.Node // for errors
}

type variable struct {
	name string
	value
}

func (s *state) lookup(name string) *variable {
	for i := len(s.vars) - 1; i >= 0; i-- {
		if s.vars[i].name == name {
			return &s.vars[i]
		}
	}
	s.fail("undefined variable: %s", name)
	return nil
}

// fail ends the execution of the template.
func (s *state) fail(format string, args ...any) {
	s.failWith(nil, fmt.Sprintf(format, args...))
}

// limit ends the execution because of a limit.
func (s *state) limit(format string, args ...any) {
	err := &LimitError{fmt.Sprintf(format, args...)}
	s.failWith(err, err.Error())
}

// failWith ends the execution; if another template's failure was the cause, it keeps the frames of that.
func (s *state) failWith(cause error, message string) {
	if len(message) > maxMessage {
		message = message[:maxMessage/4] + " … " + message[len(message)-maxMessage/2:]
	}
	e := &Error{cause: cause}
	var inner *Error
	if errors.As(cause, &inner) {
		e.Frames, e.cause = inner.Frames, inner.cause
	}
	if s.node == nil {
		s.node = s.def.root
	}
	here := s.def.unit.frame(int(s.node.Position()), s.def.name)
	if inner == nil {
		e.Frames = s.frames(here)
	}
	e.outer = here
	e.text = fmt.Sprintf("template: %s:%d:%d: executing %q at <%s>: %s",
		here.Template, here.Line, here.Column-1, s.def.name, excerpt(s.node), message)
	panic(failure{e})
}

// maxMessage is how long the text of an error may get: each template on the way adds to it.
const maxMessage = 4096

// frames gives the place of an error and the calls that led there.
func (s *state) frames(here Frame) []Frame {
	var frames []Frame
	if !s.def.unit.dynamic {
		frames = append(frames, here)
	}
	if frames = appendSites(frames, s.caller); len(frames) == 0 {
		frames = append(frames, here)
	}
	return frames
}

// excerpt shows a node briefly.
func excerpt(n parse.Node) string {
	switch n.(type) {
	case *parse.ListNode, *parse.IfNode, *parse.RangeNode, *parse.WithNode:
		return "…" // their text could be the whole file
	}
	text := n.String()
	if len(text) > 20 {
		text = fmt.Sprintf("%.20s...", text)
	}
	return text
}

// helmError shortens the text of required and fail as Helm does.
func helmError(err error) error {
	var e *Error
	var own *ownError
	if errors.As(err, &e) && errors.As(e.cause, &own) {
		e.text = fmt.Sprintf("execution error at (%s:%d:%d): %s", e.outer.Template, e.outer.Line, e.outer.Column-1, own.message)
	}
	return err
}

// ownError is an error that the chart's author raised with required or fail.
type ownError struct{ message string }

func (e *ownError) Error() string { return e.message }

// step counts a node that is executed, or an iteration.
func (s *state) step() { s.work(1) }

// work counts steps, and looks at the clock now and then.
func (s *state) work(steps int) {
	before := s.steps >> 8
	if s.steps += steps; s.steps > s.limits.Steps {
		s.limit("more than %d steps", s.limits.Steps)
	}
	if s.steps>>8 != before {
		s.checkTime()
	}
}

func (s *state) checkTime() {
	if err := s.ctx.Err(); err != nil {
		s.failWith(err, "stopped: "+err.Error())
	}
}

// spend counts bytes of what a template makes.
func (s *state) spend(bytes int) {
	if bytes > s.limits.OutputBudget {
		s.limit("a text or list of %d bytes, more than %d", bytes, s.limits.OutputBudget)
	}
	if s.made += bytes; s.made > s.limits.WorkBudget {
		s.limit("more than %d bytes made while rendering", s.limits.WorkBudget)
	}
}

// cleanParseError gives an error of the parser Helm's form.
func cleanParseError(u *unit, err error) error {
	tokens := strings.Split(err.Error(), ": ")
	frame := Frame{Template: u.name, Line: 1, Column: 1}
	if len(tokens) == 1 {
		return &Error{Frames: []Frame{frame}, text: fmt.Sprintf("parse error in (%s): %v", u.name, err)}
	}
	var line, column int
	if n, _ := fmt.Sscanf(strings.TrimPrefix(tokens[1], u.name+":"), "%d:%d", &line, &column); n > 0 {
		frame.Line, frame.Column = line, column+1
	}
	return &Error{Frames: []Frame{frame}, text: fmt.Sprintf("parse error at (%s): %s", tokens[1], tokens[len(tokens)-1])}
}
