package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of the form of a report that is read. Reports of thousands of findings stay far below them; above them a text of
// MaxReport bytes would take minutes, and gigabytes, before it is refused.
const (
	maxNesting = 32        // the schema goes eight deep
	maxValues  = 1_000_000 // values and names of fields
	maxItems   = 20_000    // of one list
	maxDigits  = 32        // of a number as it is written
	maxPower   = 2         // digits of its exponent: to hold 1e999999 to a limit takes a number of that many digits
)

// sound holds a text to be one JSON value of a size that can be dealt with, in which no object has a field twice: readers
// differ in which of the two they take.
func sound(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var open []*level
	for n := 0; ; n++ {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && n > 0 && len(open) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the report is no JSON: %w", err)
		}
		if n > maxValues {
			return fmt.Errorf("the report has more than %d values", maxValues)
		}
		if open, err = step(open, token); err != nil {
			return fmt.Errorf("the report at byte %d: %w", decoder.InputOffset(), err)
		}
	}
}

// level is an object or list that is being read.
type level struct {
	fields map[string]bool // of an object: those that were there
	named  bool            // of an object: a field's name was read, its value comes
	items  int             // of a list
}

// step reads a token into the objects and lists that are open.
func step(open []*level, token json.Token) ([]*level, error) {
	delimiter, _ := token.(json.Delim)
	if delimiter == '}' || delimiter == ']' {
		return open[:len(open)-1], nil
	}
	if len(open) > 0 {
		if name, err := open[len(open)-1].take(token); name || err != nil {
			return open, err
		}
	}
	if number, ok := token.(json.Number); ok {
		_, power, _ := strings.Cut(strings.ToLower(string(number)), "e")
		if len(number) > maxDigits || len(strings.TrimLeft(power, "+-")) > maxPower {
			return open, fmt.Errorf("the number %.40s is no size of anything", number)
		}
	}
	switch delimiter {
	case '{':
		open = append(open, &level{fields: map[string]bool{}})
	case '[':
		open = append(open, &level{})
	}
	if len(open) > maxNesting {
		return open, fmt.Errorf("it is nested more than %d deep", maxNesting)
	}
	return open, nil
}

// take notes what comes next in an object or list, and says whether it is the name of a field.
func (l *level) take(token json.Token) (name bool, err error) {
	if l.fields == nil {
		if l.items++; l.items > maxItems {
			return false, fmt.Errorf("a list has more than %d items", maxItems)
		}
		return false, nil
	}
	if l.named = !l.named; !l.named {
		return false, nil
	}
	field, _ := token.(string) // an object's fields have names, or the text is no JSON
	if l.fields[field] {
		return true, fmt.Errorf("the field %.80q is there twice", field)
	}
	l.fields[field] = true
	return true, nil
}
