package network

import (
	"fmt"
	"slices"
	"strings"
)

// maxSelector and maxDepth bound what is read of a Calico selector: what is longer, or nested deeper, is unreadable.
const (
	maxSelector = 16 << 10
	maxDepth    = 100
)

// calicoSelector reads a selector in Calico's language: has(k), k == 'v', k != "v", k in {'a', 'b'}, k not in {…},
// k contains 'v', k starts with 'v', k ends with 'v', all(), global(), !, &&, || and parentheses. An empty one selects
// everything.
func calicoSelector(text string) selector {
	if strings.TrimSpace(text) == "" {
		return everything()
	}
	p := &calicoParser{}
	if len(text) > maxSelector || p.split(text) != nil {
		return unreadable()
	}
	test, err := p.or(0)
	if err != nil || len(p.rest) > 0 {
		return unreadable()
	}
	s := selector{test: test}
	s.need.key, s.need.value = p.needed()
	return s
}

// calicoParser reads a selector's words.
type calicoParser struct {
	words []string // all; texts in quotes begin with a quote and have none at the end
	rest  []string
}

// split makes words of a selector.
func (p *calicoParser) split(text string) error {
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == '\'' || c == '"':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return fmt.Errorf("a text without end")
			}
			p.words = append(p.words, `"`+text[i+1:i+1+end])
			i += end + 2
		case i+1 < len(text) && slices.Contains([]string{"==", "!=", "&&", "||"}, text[i:i+2]):
			p.words = append(p.words, text[i:i+2])
			i += 2
		case strings.IndexByte("(){},!", c) >= 0:
			p.words = append(p.words, text[i:i+1])
			i++
		case labelByte(c):
			end := i
			for end < len(text) && labelByte(text[end]) {
				end++
			}
			p.words = append(p.words, text[i:end])
			i = end
		default:
			return fmt.Errorf("%q is no part of a selector", c)
		}
	}
	p.rest = p.words
	return nil
}

func labelByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_./-", c) >= 0
}

// next takes the next word if it is one of wanted.
func (p *calicoParser) next(wanted ...string) bool {
	if len(p.rest) > 0 && slices.Contains(wanted, p.rest[0]) {
		p.rest = p.rest[1:]
		return true
	}
	return false
}

func (p *calicoParser) or(depth int) (func(labels) truth, error) {
	return p.chain(depth, "||", p.and, func(a, b truth) truth { return max(a, b) })
}

func (p *calicoParser) and(depth int) (func(labels) truth, error) {
	return p.chain(depth, "&&", p.term, func(a, b truth) truth { return min(a, b) })
}

// chain reads parts with an operator between them.
func (p *calicoParser) chain(depth int, operator string, part func(int) (func(labels) truth, error), join func(a, b truth) truth) (func(labels) truth, error) {
	first, err := part(depth)
	if err != nil {
		return nil, err
	}
	all := []func(labels) truth{first}
	for p.next(operator) {
		more, err := part(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, more)
	}
	return func(l labels) truth {
		result := all[0](l)
		for _, test := range all[1:] {
			result = join(result, test(l))
		}
		return result
	}, nil
}

func (p *calicoParser) term(depth int) (func(labels) truth, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested too deep")
	}
	if p.next("!") {
		inner, err := p.term(depth + 1)
		if err != nil {
			return nil, err
		}
		return func(l labels) truth { return inner(l).not() }, nil
	}
	if p.next("(") {
		inner, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if !p.next(")") {
			return nil, fmt.Errorf("a parenthesis without end")
		}
		return inner, nil
	}
	return p.comparison()
}

// comparison reads has(k), all(), global(), or a label and what it is compared with.
func (p *calicoParser) comparison() (func(labels) truth, error) {
	if len(p.rest) < 3 {
		return nil, fmt.Errorf("ends too soon")
	}
	word := p.rest[0]
	p.rest = p.rest[1:]
	switch {
	case !labelByte(word[0]):
		return nil, fmt.Errorf("%q stands where a label should", word)
	case p.next("("):
		return p.call(word)
	case p.next("=="):
		return p.compare(word, func(value, want string) bool { return value == want })
	case p.next("!="):
		same, err := p.compare(word, func(value, want string) bool { return value == want })
		return negate(same), err
	case p.next("contains"):
		return p.compare(word, strings.Contains)
	case p.next("starts"):
		return p.compareWith(word, strings.HasPrefix)
	case p.next("ends"):
		return p.compareWith(word, strings.HasSuffix)
	case p.next("in"):
		return p.within(word)
	case p.next("not"):
		if !p.next("in") {
			return nil, fmt.Errorf("not without in")
		}
		within, err := p.within(word)
		return negate(within), err
	}
	return nil, fmt.Errorf("label %q is compared with nothing", word)
}

func negate(test func(labels) truth) func(labels) truth {
	return func(l labels) truth { return test(l).not() }
}

// call reads the arguments of a function.
func (p *calicoParser) call(name string) (func(labels) truth, error) {
	if name == "has" && len(p.rest) > 0 && labelByte(p.rest[0][0]) {
		key := p.rest[0]
		p.rest = p.rest[1:]
		if p.next(")") {
			return func(l labels) truth { _, there := l.get(key); return there }, nil
		}
	}
	if (name == "all" || name == "global") && p.next(")") {
		return func(labels) truth { return of(name == "all") }, nil // global() is what has no namespace, which pods have
	}
	return nil, fmt.Errorf("there is no %s of that", name)
}

func (p *calicoParser) compareWith(key string, holds func(value, want string) bool) (func(labels) truth, error) {
	if !p.next("with") {
		return nil, fmt.Errorf("with is missing")
	}
	return p.compare(key, holds)
}

func (p *calicoParser) compare(key string, holds func(value, want string) bool) (func(labels) truth, error) {
	want, err := p.text()
	if err != nil {
		return nil, err
	}
	return func(l labels) truth {
		value, there := l.get(key)
		if there == yes {
			return of(holds(value, want))
		}
		return there
	}, nil
}

func (p *calicoParser) text() (string, error) {
	if len(p.rest) == 0 || p.rest[0][0] != '"' {
		return "", fmt.Errorf("a text in quotes is missing")
	}
	text := p.rest[0][1:]
	p.rest = p.rest[1:]
	return text, nil
}

// within reads a set of texts.
func (p *calicoParser) within(key string) (func(labels) truth, error) {
	if !p.next("{") {
		return nil, fmt.Errorf("a set is missing")
	}
	var values []string
	for !p.next("}") {
		value, err := p.text()
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		if !p.next(",") && (len(p.rest) == 0 || p.rest[0] != "}") {
			return nil, fmt.Errorf("a set without end")
		}
	}
	return oneOf(key, values), nil
}

// needed returns a label that all of the selector's terms ask for together with others, if it is but a conjunction.
func (p *calicoParser) needed() (key, value string) {
	if slices.Contains(p.words, "||") || slices.Contains(p.words, "!") || slices.Contains(p.words, "(") {
		return "", ""
	}
	for i := 0; i+2 < len(p.words); i++ {
		if p.words[i+1] == "==" && p.words[i+2][0] == '"' {
			return p.words[i], p.words[i+2][1:]
		}
	}
	return "", ""
}
