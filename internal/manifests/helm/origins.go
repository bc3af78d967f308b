package helm

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm/trace"
	"go.yaml.in/yaml/v3"
)

// How many values an Origin names of each kind: those the field shows, those it was made of, those that decided on it.
const (
	maxShown      = 4
	maxInputs     = 4
	maxConditions = 4
	maxInBlock    = 1000 // of each, for a text of several lines: it may be a whole file
)

// tracer gives fields their Origins, from what the execution of the templates knows of each line of output.
type tracer struct {
	job     *job
	find    *locator
	values  map[string]any // as the templates got them
	leaves  map[string]leafPlace
	scalars map[string][]leafPlace
	sources map[string][]string      // lines of templates
	charts  map[string]*origin       // by the beginning of their files' names
	abouts  map[*origin]valuesSource // their Chart.yaml
	// switches are the keys of the values that switched charts on, by the beginning of their files' names.
	switches map[string][][]string
}

// leafPlace is the place of a leaf of the values.
type leafPlace struct {
	setting
	frame  manifests.Frame
	found  bool
	beside bool // it is in another file than one of values
	whole  bool // it is all of a file
}

func newTracer(j *job) (*tracer, error) {
	top, err := j.installed.top()
	if err != nil {
		return nil, err
	}
	return &tracer{job: j, find: newLocator(j), values: asMap(top["Values"]), leaves: map[string]leafPlace{}, scalars: map[string][]leafPlace{}, sources: map[string][]string{},
		charts: chartsOf(j.installed.root, j.charts.origins), abouts: map[*origin]valuesSource{},
		switches: switchesOf(j.installed.root, nil, nil)}, nil
}

// origins gives the Origins of an object's fields in the order of Object.Walk. The node is the object as it lies
// in the document.
func (t *tracer) origins(d document, object *yaml.Node) []manifests.Origin {
	p := page{tracer: t, document: d, text: strings.Split(d.text, "\n"), lines: t.job.lines[d.template]}
	var all []manifests.Origin
	walkFields(object, func(f field) { all = append(all, p.origin(f)) })
	return all
}

// page is a document with what is known of its lines.
type page struct {
	*tracer
	document
	text  []string
	lines []trace.Line // of the template's whole output; nil when unknown
}

// origin says where a field is from: the values it shows, the template lines that wrote it, then the values that it
// was made of and those that decided on it.
func (p page) origin(f field) manifests.Origin {
	if p.plain {
		return p.inFile(f)
	}
	at := f.written()
	line := p.line + at.Line - 1
	if line < 1 || line > len(p.lines) {
		return p.somewhere()
	}
	known := p.lines[line-1]
	wrote := piece{Segment: trace.Segment{Frames: known.Frames}}
	pieces := p.pieces(at)
	if len(pieces) > 0 {
		wrote = decisive(pieces)
	}
	if len(wrote.Frames) == 0 {
		return p.somewhere()
	}
	o := &stack{}
	shown, inputs := p.classify(f, pieces)
	most := [2]int{maxShown, maxInputs}
	if at.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		most = [2]int{maxInBlock, maxInBlock}
	}
	o.addPlaces(shown, most[0])
	p.addWritten(o, f, wrote, allLiteral(pieces))
	p.addRest(o, pieces)
	p.addUses(o, f)
	o.addPlaces(inputs, most[1])
	for _, c := range known.Conditions {
		o.addPlaces(p.places(c.Leaves), maxConditions)
	}
	o.addPlaces(p.switchedOnBy(p.template), maxConditions)
	return o.frames
}

// addWritten adds the template line that wrote a field. A text that begins below its key, as it stands in one template,
// is set by the line of the key, or of the item.
func (p page) addWritten(o *stack, f field, wrote piece, literal bool) {
	head, column := p.heading(f.begins())
	if len(head.Frames) == 0 || head.Frames[0].Template != wrote.Frames[0].Template {
		p.addTemplates(o, wrote, 0)
		return
	}
	if head.Frames[0].Line == wrote.Frames[0].Line {
		p.addTemplates(o, wrote, column)
		return
	}
	if literal {
		p.addTemplates(o, head, column)
	}
	p.addTemplates(o, wrote, 0)
}

// addUses adds the template lines that took the field in from an anchor.
func (p page) addUses(o *stack, f field) {
	for _, n := range f.uses {
		if wrote, column := p.heading(n); len(wrote.Frames) > 0 {
			p.addTemplates(o, wrote, column)
		}
	}
}

// somewhere is the Origin of a field of which only the template is known.
func (p page) somewhere() manifests.Origin {
	place, ok := p.job.places[p.template]
	if !ok {
		return nil
	}
	return manifests.Origin{{Span: place.span(place.file, 0), Role: manifests.RoleTemplate, Precision: manifests.InFile}}
}

// inFile is the Origin of a field that is written in a file as it stands: a CRD's.
func (p page) inFile(f field) manifests.Origin {
	at := f.written()
	place := p.job.places[p.template]
	frame := manifests.Frame{Span: place.span(place.file, p.line+at.Line-1), Role: manifests.RoleResource, Precision: manifests.Exact}
	if frame.Span.Line == 0 {
		frame.Precision = manifests.InFile
	} else {
		frame.Span.Column = at.Column
	}
	return manifests.Origin{frame}
}

// places finds the lines of leaves that decided on something. That a file is there at all is no reason for its text.
func (t *tracer) places(leaves []trace.Leaf) []leafPlace {
	var all []leafPlace
	for _, leaf := range leaves {
		if place := t.leaf(leaf); place.found && !place.whole {
			all = append(all, place)
		}
	}
	return all
}

// place finds the line of a value. It is exact when the value on it is the one that the templates got.
func (t *tracer) place(keys []string) leafPlace {
	key := strings.Join(keys, "\x00")
	if place, ok := t.leaves[key]; ok {
		return place
	}
	var place leafPlace
	place.setting, place.found = t.find.find(keys)
	if place.found {
		place.frame = manifests.Frame{Span: place.span, Role: manifests.RoleValues, Precision: manifests.InFile}
		if place.span.Line > 0 && sameValue(lookup(t.values, keys), place.node) {
			place.frame.Precision = manifests.Exact
		}
	}
	t.leaves[key] = place
	return place
}

// addTemplates adds the template line that wrote a piece, and the calls that led to it. A line is exact when it
// holds the very text, or an action that made it.
func (p page) addTemplates(o *stack, wrote piece, column int) {
	for i, f := range wrote.Frames {
		place, ok := p.job.places[f.Template]
		if !ok {
			continue
		}
		frame := manifests.Frame{Span: place.span(place.file, f.Line), Role: manifests.RoleTemplate, Precision: manifests.InFile}
		if i > 0 {
			frame.Role = manifests.RoleCall
		}
		if frame.Span.Line > 0 {
			frame.Span.Column = characters(p.source(f), f.Column)
			if i == 0 && column > 0 {
				frame.Span.Column = column
			}
			if i > 0 || !wrote.Literal || strings.Contains(p.source(f), strings.TrimSpace(wrote.text)) {
				frame.Precision = manifests.Exact
			}
		}
		o.add(frame)
	}
}

// addRest adds the other template lines that wrote a text of several lines, as ranges of lines.
func (p page) addRest(o *stack, pieces []piece) {
	var last *manifests.Frame
	for _, c := range pieces {
		if len(c.Frames) == 0 || len(o.frames) > maxInBlock {
			continue
		}
		place, ok := p.job.places[c.Frames[0].Template]
		if !ok || place.archive != "" {
			continue
		}
		span := place.span(place.file, c.Frames[0].Line)
		if last != nil && last.Span.File == span.File && (last.Span.EndLine == span.Line || last.Span.EndLine+1 == span.Line) {
			last.Span.EndLine = span.Line
			continue
		}
		if o.add(manifests.Frame{Span: span, Role: manifests.RoleTemplate, Precision: manifests.Exact}) {
			last = &o.frames[len(o.frames)-1]
		} else {
			last = nil
		}
	}
}

// source returns the template line of a frame.
func (t *tracer) source(f trace.Frame) string {
	if t.sources[f.Template] == nil {
		if place, ok := t.job.places[f.Template]; ok {
			t.sources[f.Template] = strings.Split(string(place.files[place.file]), "\n")
		}
	}
	if lines := t.sources[f.Template]; f.Line >= 1 && f.Line <= len(lines) {
		return lines[f.Line-1]
	}
	return ""
}

// stack is an Origin that is being made.
type stack struct{ frames manifests.Origin }

// add adds a place that is not there yet.
func (o *stack) add(frame manifests.Frame) bool {
	for _, f := range o.frames {
		if f.Span.File == frame.Span.File && f.Span.Line == frame.Span.Line && f.Role == frame.Role {
			return false
		}
	}
	o.frames = append(o.frames, frame)
	return true
}

// addPlaces adds places, at most limit.
func (o *stack) addPlaces(places []leafPlace, limit int) {
	for _, place := range places {
		if limit == 0 {
			return
		}
		if o.add(place.frame) {
			limit--
		}
	}
}
