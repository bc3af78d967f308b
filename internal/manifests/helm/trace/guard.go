package trace

import (
	"fmt"
	"math"
	"reflect"
	"strings"
)

// check refuses a call that would take too much. Functions without a check of their own get sized.
type check = func(*state, *call) error

// checks are those of the functions whose results can be much larger than their arguments, of those that take more
// than linear time, and of those that do not look into the maps and lists they are given.
func checks() map[string]check {
	byName := map[string]check{
		"until": untilCheck, "untilStep": untilCheck, "seq": seqCheck,
		"repeat": repeatCheck, "indent": indentCheck, "nindent": indentCheck,
		"replace": replaceCheck, "join": joinCheck, "printf": printfCheck, "wrapWith": wrapCheck,
		"uniq": pairsCheck, "mustUniq": pairsCheck, "without": pairsCheck, "mustWithout": pairsCheck,
		"concat": concatCheck,
		"split":  partsCheck(0, 1), "splitList": partsCheck(0, 1), "splitn": partsCheck(0, 2),
		"fromToml": tomlCheck,
	}
	for _, name := range []string{
		"regexMatch", "regexFindAll", "regexFind", "regexReplaceAll", "regexReplaceAllLiteral", "regexSplit",
	} {
		byName[name] = regexCheck
		byName["mustR"+name[1:]] = regexCheck
	}
	for _, name := range []string{
		"include", "tpl", "required", "fail", "default", "coalesce", "ternary", "empty", "all", "any", "and", "or", "not", "len",
		"index", "get", "set", "unset", "hasKey", "dict", "list", "tuple", "dig", "pluck", "keys", "values", "pick", "omit",
		"first", "mustFirst", "last", "mustLast", "rest", "mustRest", "initial", "mustInitial", "append", "push", "mustAppend",
		"mustPush", "prepend", "mustPrepend", "reverse", "mustReverse", "slice", "mustSlice", "chunk", "mustChunk", "compact",
		"mustCompact", "kindOf", "kindIs", "typeOf", "typeIs", "typeIsLike", "lookup", "eq", "ne",
	} {
		byName[name] = nil
	}
	return byName
}

// Bounds of what functions may be given.
const (
	maxInside = 2_000_000 // elements in a value that is printed, encoded or copied
	maxLevels = 500       // of maps and lists in each other
	maxPairs  = 10_000_000
)

// measuring adds up the text in a value, and counts what is in it, as often as it would be written.
type measuring struct {
	elements, bytes int
	budget          int
}

func (m *measuring) add(v reflect.Value, depth int) error {
	v = concrete(v)
	m.elements++
	switch {
	case depth > maxLevels:
		return &LimitError{fmt.Sprintf("maps and lists nested more than %d deep", maxLevels)}
	case m.elements > maxInside:
		return &LimitError{fmt.Sprintf("a value of more than %d elements", maxInside)}
	case m.bytes > m.budget:
		return &LimitError{fmt.Sprintf("a value of more than %d bytes", m.budget)}
	}
	switch v.Kind() {
	case reflect.String:
		m.bytes += v.Len()
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			m.bytes += v.Len()
			return nil
		}
		for i := range v.Len() {
			if err := m.add(v.Index(i), depth+1); err != nil {
				return err
			}
		}
	case reflect.Map:
		for iter := v.MapRange(); iter.Next(); {
			m.bytes += 2 * depth // indentation
			if k := iter.Key(); k.Kind() == reflect.String {
				m.bytes += k.Len()
			}
			if err := m.add(iter.Value(), depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// sized measures all arguments, for functions that look at all that is in them.
func sized(s *state, c *call) error {
	m := measuring{budget: s.limits.OutputBudget}
	for _, in := range c.in {
		if err := m.add(unwrapped(in), 0); err != nil {
			return err
		}
	}
	s.work(m.elements >> 3)
	return nil
}

// measure fails if a value is too large to be printed.
func (s *state) measure(v reflect.Value) {
	m := measuring{budget: s.limits.OutputBudget}
	if err := m.add(v, 0); err != nil {
		s.failWith(err, err.Error())
	}
	s.work(m.elements >> 3)
}

// fits checks the size that a result will have.
func (s *state) fits(what string, size float64) error {
	if size > float64(s.limits.OutputBudget) {
		return &LimitError{fmt.Sprintf("%s would make %.0f bytes, more than %d", what, size, s.limits.OutputBudget)}
	}
	return nil
}

func untilCheck(s *state, c *call) error {
	start, stop, step := 0.0, number(c.in[0]), 1.0
	if len(c.in) == 3 {
		start, stop, step = stop, number(c.in[1]), number(c.in[2])
	}
	return s.fits(c.f.name, 16*steps(start, stop, step))
}

func seqCheck(s *state, c *call) error {
	start, stop, step := 1.0, 1.0, 1.0
	switch len(c.in) {
	case 1:
		stop = number(c.in[0])
	case 2:
		start, stop = number(c.in[0]), number(c.in[1])
	case 3:
		start, step, stop = number(c.in[0]), number(c.in[1]), number(c.in[2])
	}
	return s.fits("seq", 24*steps(start, stop, step))
}

func steps(start, stop, step float64) float64 {
	return math.Abs(stop-start) / math.Max(math.Abs(step), 1)
}

func number(v reflect.Value) float64 { return float64(v.Int()) }

func repeatCheck(s *state, c *call) error {
	return s.fits("repeat", number(c.in[0])*float64(c.in[1].Len()))
}

func indentCheck(s *state, c *call) error {
	lines := strings.Count(c.in[1].String(), "\n") + 1
	return s.fits(c.f.name, math.Abs(number(c.in[0]))*float64(lines)+float64(c.in[1].Len()))
}

func replaceCheck(s *state, c *call) error {
	found := strings.Count(c.in[2].String(), c.in[0].String())
	return s.fits("replace", float64(found)*float64(c.in[1].Len())+float64(c.in[2].Len()))
}

func joinCheck(s *state, c *call) error {
	m := measuring{budget: s.limits.OutputBudget}
	if err := m.add(c.in[1], 0); err != nil {
		return err
	}
	return s.fits("join", float64(m.bytes)+float64(m.elements)*float64(c.in[0].Len()))
}

// printfCheck adds up the widths and precisions of a format: fmt allows up to a million each.
func printfCheck(s *state, c *call) error {
	if err := sized(s, c); err != nil {
		return err
	}
	format := c.in[0].String()
	total, n := 0.0, 0
	for i := range len(format) {
		switch ch := format[i]; {
		case ch >= '0' && ch <= '9':
			n = min(n*10+int(ch-'0'), 1_000_000)
			continue
		case ch == '*':
			n = 1_000_000
			continue
		}
		total += float64(n)
		n = 0
	}
	size := 0
	for _, in := range c.in {
		size = max(size, sizeOf(in))
	}
	verbs := strings.Count(format, "[") // an argument can be used again and again
	return s.fits("printf", total+float64(verbs)*float64(size))
}

func wrapCheck(s *state, c *call) error {
	width := max(number(c.in[0]), 1)
	return s.fits("wrapWith", float64(c.in[2].Len())*(1+float64(c.in[1].Len())/width))
}

// pairsCheck is for functions that compare the elements of a list with each other.
func pairsCheck(s *state, c *call) error {
	if err := sized(s, c); err != nil {
		return err
	}
	m := measuring{budget: s.limits.OutputBudget}
	_ = m.add(c.in[0], 0) // sized has looked
	others := len(c.in) - 1
	if others == 0 {
		others = m.elements
	}
	if m.elements*others > maxPairs {
		return &LimitError{fmt.Sprintf("%s of a list of %d elements", c.f.name, m.elements)}
	}
	return nil
}

func concatCheck(s *state, c *call) error {
	total := 0
	for _, in := range c.in {
		total += sizeOf(in)
	}
	return s.fits("concat", float64(total))
}

// partsCheck is for functions that split a text.
func partsCheck(separator, of int) check {
	return func(s *state, c *call) error {
		parts := strings.Count(c.in[of].String(), c.in[separator].String()) + 1
		return s.fits(c.f.name, 64*float64(parts))
	}
}

// regexCheck bounds the work of a regular expression, which is linear in its length and that of the text, and what
// it may put in place of each match.
func regexCheck(s *state, c *call) error {
	pattern, subject := float64(c.in[0].Len()), float64(c.in[1].Len())
	if pattern*subject > 1<<28 {
		return &LimitError{fmt.Sprintf("%s of a pattern of %.0f bytes in %.0f bytes", c.f.name, pattern, subject)}
	}
	s.work(4 * c.in[1].Len())
	if len(c.in) > 2 && c.in[2].Kind() == reflect.String {
		return s.fits(c.f.name, (subject+1)*(float64(c.in[2].Len())+1))
	}
	return s.fits(c.f.name, 16*subject)
}

// tomlCheck bounds the depth of TOML, whose decoder recurses.
func tomlCheck(_ *state, c *call) error {
	if n := strings.Count(c.in[0].String(), "["); n > 100_000 {
		return &LimitError{fmt.Sprintf("fromToml of %d lists", n)}
	}
	return nil
}
