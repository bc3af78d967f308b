package kubeapi

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// typed reports whether a value has the type that a schema wants, and says so when it has not.
func (c *checker) typed(s *Schema, n *yaml.Node, f form, at *place) bool {
	var want form
	switch {
	case s.IntOrString:
		if f == formInteger || f == formText {
			return true
		}
		c.report(at, Violation{Fault: Type, Text: "is " + article[f] + ", an integer or a string is wanted"})
		return false
	case s.Format == "quantity":
		if f == formInteger || f == formNumber || f == formText {
			return true
		}
		c.report(at, Violation{Fault: Type, Text: "is " + article[f] + ", a quantity is wanted"})
		return false
	case s.Type == "object" || s.Type == "" && s.Embedded:
		want = formObject
	case s.Type == "array":
		want = formList
	case s.Type == "string":
		want = formText
	case s.Type == "integer":
		want = formInteger
	case s.Type == "boolean":
		want = formBool
	case s.Type == "number":
		if want = formNumber; f == formInteger {
			return true
		}
	default:
		return true
	}
	if f == want {
		return true
	}
	if f != formText || !filledIn(n.Value) {
		c.report(at, Violation{Fault: Type, Text: "is " + article[f] + ", " + article[want] + " is wanted", Right: meant(n, f, want)})
	}
	return false
}

// meant returns what a scalar of the wrong type was surely meant to be: the text as written of a number or boolean
// without quotes, and the number or boolean of one with quotes.
func meant(n *yaml.Node, f, want form) any {
	if n.Kind != yaml.ScalarNode {
		return nil
	}
	switch want {
	case formText:
		return n.Value
	case formInteger:
		if i, err := strconv.ParseInt(n.Value, 10, 64); f == formText && err == nil {
			return i
		}
	case formBool:
		if f == formText && (n.Value == "true" || n.Value == "false") {
			return n.Value == "true"
		}
	}
	return nil
}

// scalar checks what a schema says of a text, a number or a boolean.
func (c *checker) scalar(s *Schema, n *yaml.Node, f form, at *place) {
	if f == formText && filledIn(n.Value) {
		return
	}
	if f == formText {
		c.text(s, n.Value, at)
	} else if f == formInteger || f == formNumber {
		c.number(s, n, at)
	}
	if s.Format == "quantity" {
		if _, err := ParseQuantity(n.Value); err != nil {
			c.report(at, Violation{Fault: Form, Text: "is no quantity, as in 100m, 1.5 or 2Gi"})
		}
	}
}

// choice checks that a value is one of those to choose from. An empty text is an absent one to the API server, where the
// choice does not say otherwise.
func (c *checker) choice(s *Schema, n *yaml.Node, f form, at *place) {
	value := canonical(n)
	if slices.Contains(s.values, value) || n.Value == "" && at != nil && at.owner != nil && at.owner.Name != "" {
		return
	}
	v := Violation{Fault: Choice}
	for _, allowed := range s.values {
		v.Among = append(v.Among, allowed[1:])
		if f == formText && strings.EqualFold(allowed, value) {
			v.Right = allowed[1:]
		}
	}
	v.Text = "is none of " + strings.Join(v.Among[:min(len(v.Among), 12)], ", ")
	if len(v.Among) > 12 {
		v.Text += fmt.Sprintf(" and %d more", len(v.Among)-12)
	}
	c.report(at, v)
}

// text checks what a schema says of a string.
func (c *checker) text(s *Schema, text string, at *place) {
	length := int64(utf8.RuneCountInString(text))
	c.steps += len(text) / 64
	switch {
	case s.MinLength != nil && length < *s.MinLength:
		c.report(at, Violation{Fault: Form, Text: fmt.Sprintf("has %d characters, at least %d are wanted", length, *s.MinLength)})
	case s.MaxLength != nil && length > *s.MaxLength:
		c.report(at, Violation{Fault: Form, Text: fmt.Sprintf("has %d characters, at most %d are allowed", length, *s.MaxLength)})
	case s.pattern != nil:
		c.steps += len(text)
		if !s.pattern.MatchString(text) {
			c.report(at, Violation{Fault: Form, Text: "does not match " + shortened(s.Pattern)})
		}
	}
	if says := formFault(s.Format, text); says != "" {
		c.report(at, Violation{Fault: Form, Text: says})
	}
}

func shortened(pattern string) string {
	if len(pattern) <= 120 {
		return pattern
	}
	return strings.ToValidUTF8(pattern[:120], "") + "…"
}

// formFault says why a text does not have a format, "" when it has, or when the format is none that is checked.
func formFault(format, text string) string {
	switch format {
	case "byte":
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return "is not base64"
		}
	case "date-time":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return "is no time, as in 2026-01-31T12:00:00Z"
		}
	case "date":
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "is no day, as in 2026-01-31"
		}
	case "ipv4", "ipv6":
		if a, err := netip.ParseAddr(text); err != nil || a.Is4() != (format == "ipv4") {
			return "is no " + map[string]string{"ipv4": "IPv4", "ipv6": "IPv6"}[format] + " address"
		}
	case "cidr":
		if _, err := netip.ParsePrefix(text); err != nil {
			return "is no network, as in 10.0.0.0/8"
		}
	}
	return ""
}

// number checks what a schema says of a number.
func (c *checker) number(s *Schema, n *yaml.Node, at *place) {
	v, ok := number(n)
	if !ok {
		return
	}
	says := ""
	switch {
	case s.Format == "int32" && s.Type == "integer" && (v < math.MinInt32 || v > math.MaxInt32):
		says = "does not fit into 32 bits"
	case s.Type == "integer" && (v < math.MinInt64 || v >= math.MaxInt64):
		says = "does not fit into 64 bits"
	case s.IntOrString && s.Name != "" && (v < math.MinInt32 || v > math.MaxInt32):
		says = "does not fit into 32 bits"
	case s.Minimum != nil && (v < *s.Minimum || s.ExclusiveMinimum && v == *s.Minimum):
		says = fmt.Sprintf("is below %v", *s.Minimum)
		if s.ExclusiveMinimum {
			says = fmt.Sprintf("is not above %v", *s.Minimum)
		}
	case s.Maximum != nil && (v > *s.Maximum || s.ExclusiveMaximum && v == *s.Maximum):
		says = fmt.Sprintf("is above %v", *s.Maximum)
		if s.ExclusiveMaximum {
			says = fmt.Sprintf("is not below %v", *s.Maximum)
		}
	case s.MultipleOf != nil && *s.MultipleOf != 0 && math.Mod(v, *s.MultipleOf) != 0:
		says = fmt.Sprintf("is no multiple of %v", *s.MultipleOf)
	}
	if says != "" {
		c.report(at, Violation{Fault: Form, Text: says})
	}
}
