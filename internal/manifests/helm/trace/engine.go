package trace

import (
	"errors"
	"fmt"
	"reflect"
)

// tplName is the name that templates made by tpl have in Helm.
const tplName = "gotpl"

// include executes a named template and returns its output.
func include(s *state, c *call) (value, error) {
	name := c.in[0].String()
	if s.included[name] > maxIncludes {
		return value{}, fmt.Errorf("rendering template has a nested reference name: %s: unable to execute template", name)
	}
	d := s.defs.find(name)
	if d == nil {
		return value{}, fmt.Errorf("template: no template %q associated with template %q", name, tplName)
	}
	s.included[name]++
	defer func() { s.included[name]-- }()
	out := &output{}
	if err := s.execute(d, value{concrete(c.in[1]), c.args[1].prov}, s.at, out); err != nil {
		return value{}, err
	}
	return out.value(), nil
}

// tpl executes a text as a template. What it defines is seen only by what it calls.
func tpl(s *state, c *call) (value, error) {
	source := c.in[0].String()
	origin := c.args[0].prov
	if isPlain(source) {
		out := &output{buf: []byte(source)}
		if t := origin.asText(len(source)); t != nil {
			out.pieces = t.pieces
		}
		out.cut(noValue)
		return out.value(), nil
	}
	p, err := s.parseTpl(source)
	if err != nil {
		return value{}, fmt.Errorf("cannot parse template %.100q: %w", source, err)
	}
	p = p.with(origin)
	under := s.defs
	s.run.defs = &defs{named: map[string]*def{}, under: under}
	defer func() { s.run.defs = under }()
	s.defs.add(p)
	out := &output{}
	if err := s.execute(p.main, value{concrete(c.in[1]), c.args[1].prov}, s.at, out); err != nil {
		return value{}, fmt.Errorf("error during tpl function execution for %.100q: %w", source, err)
	}
	out.cut(noValue)
	return out.value(), nil
}

// required returns its value, or fails with the author's words if that is missing.
func required(_ *state, c *call) (value, error) {
	v := concrete(c.in[1])
	if !v.IsValid() || v.Type() == reflect.TypeFor[string]() && v.Len() == 0 {
		return value{}, &ownError{c.in[0].String()}
	}
	return value{c.in[1], c.args[1].prov}, nil
}

// failed fails with the author's words.
func failed(_ *state, c *call) (value, error) {
	return value{}, &ownError{c.in[0].String()}
}

// The types that templates see of the functions above.
var (
	includeType = func(string, any) (string, error) { return "", errors.ErrUnsupported }
	requireType = func(string, any) (any, error) { return nil, errors.ErrUnsupported }
	failType    = func(string) (string, error) { return "", errors.ErrUnsupported }
)
