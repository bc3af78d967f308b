package rules_test

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
	"github.com/landwaiter/landwaiter/internal/source"
	"golang.org/x/tools/txtar"
)

// lineCase is one small repository before and after a change, with the places where its findings must stand.
//
// Cases are kept in testdata/lines, many to a file: the first element of a path is the case. A line of a file is
// there before and after the change, or begins with a mark:
//
//	+|  only after
//	-|  only before
//	>|  only after, and a new finding stands here
//	~|  only before, and a new finding stands next to the gap
//	*|  before and after, and a new finding stands here
//	^|  before and after, and an existing finding stands here
//
// A file OPTIONS says "rules: ID,…" (the default is that of the archive, else planted), "rename: OLD NEW" (the file
// NEW was called OLD before), "existing: FILE LINE", "crlf", "bom", "no-newline", and "open: WHY" for a case that is
// known not to hold.
type lineCase struct {
	class, name string
	rules       []string
	policy      []byte
	base, head  map[string][]byte
	renames     [][2]string // before, after
	wants       []lineWant
	open        string // why it does not hold yet
}

// lineWant is a finding that must be there, on one of a few lines: next to a gap there are two.
type lineWant struct {
	file    string
	lines   []int
	status  review.Status
	changed bool
}

func (w lineWant) String() string { return fmt.Sprintf("%s:%v (%s)", w.file, w.lines, w.status) }

func (w lineWant) isOn(f review.Finding) bool {
	return w.status == f.Status && w.file == f.Location.File && slices.Contains(w.lines, f.Location.Line)
}

// lineCases reads the archives of testdata/lines. An archive is a class.
func lineCases(t *testing.T) []*lineCase {
	t.Helper()
	archives, err := filepath.Glob("testdata/lines/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	var all []*lineCase
	for _, name := range archives {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		class := strings.ReplaceAll(strings.TrimSuffix(path.Base(name), ".txtar"), "_", " ")
		cases, err := parseLineCases(class, txtar.Parse(data))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, cases...)
	}
	return all
}

func parseLineCases(class string, archive *txtar.Archive) ([]*lineCase, error) {
	defaults := []string{plantedRule}
	if _, list, ok := strings.Cut(string(archive.Comment), "\nrules: "); ok {
		defaults = strings.Split(strings.TrimSpace(list), ",")
	}
	var cases []*lineCase
	byName, options := map[string]*lineCase{}, map[string]string{}
	for _, file := range archive.Files {
		name, file, text := strings.Split(file.Name, "/")[0], file.Name[strings.IndexByte(file.Name, '/')+1:], string(file.Data)
		c := byName[name]
		if c == nil {
			c = &lineCase{class: class, name: name, rules: defaults, base: map[string][]byte{}, head: map[string][]byte{}}
			byName[name] = c
			cases = append(cases, c)
		}
		switch file {
		case "OPTIONS":
			options[name] = text
		case "policy.yaml":
			c.policy = []byte(text)
		default:
			c.addFile(file, text)
		}
	}
	for _, c := range cases {
		if err := c.setOptions(options[c.name]); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		if len(c.wants) == 0 {
			return nil, fmt.Errorf("%s: expects nothing", c.name)
		}
	}
	return cases, nil
}

// addFile takes in a file with marked lines.
func (c *lineCase) addFile(name, text string) {
	var before, after []string
	for _, line := range strings.SplitAfter(text, "\n") {
		mark := byte(' ')
		if len(line) > 1 && line[1] == '|' && strings.IndexByte("+->~*^", line[0]) >= 0 {
			mark, line = line[0], line[2:]
		}
		if mark != '+' && mark != '>' {
			before = append(before, line)
		}
		if mark != '-' && mark != '~' {
			after = append(after, line)
		}
		here := len(after)
		switch mark {
		case '>':
			c.want(name, review.New, true, here)
		case '*':
			c.want(name, review.New, false, here)
		case '^':
			c.want(name, review.Existing, false, here)
		case '~':
			c.want(name, review.New, true, max(here, 1), here+1)
		}
	}
	for side, lines := range map[*map[string][]byte][]string{&c.base: before, &c.head: after} {
		if content := strings.Join(lines, ""); content != "" {
			(*side)[name] = []byte(content)
		}
	}
}

func (c *lineCase) want(file string, status review.Status, changed bool, lines ...int) {
	same := func(w lineWant) bool { return w.file == file && slices.Equal(w.lines, lines) }
	if len(lines) == 1 || !slices.ContainsFunc(c.wants, same) { // the removed lines of one gap want one finding
		c.wants = append(c.wants, lineWant{file, lines, status, changed})
	}
}

func (c *lineCase) setOptions(text string) error {
	for line := range strings.Lines(text) {
		option, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		words := strings.Fields(value)
		switch option {
		case "rules":
			c.rules = strings.Split(value, ",")
		case "rename":
			c.renames = append(c.renames, [2]string{words[0], words[1]})
			c.base[words[0]] = c.base[words[1]]
			delete(c.base, words[1])
		case "existing":
			n, err := strconv.Atoi(words[1])
			if err != nil {
				return err
			}
			c.want(words[0], review.Existing, true, n)
		case "open":
			c.open = value
		case "crlf":
			c.rewrite(func(data []byte) []byte { return bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")) })
		case "bom":
			c.rewrite(func(data []byte) []byte { return append([]byte("\xef\xbb\xbf"), data...) })
		case "no-newline":
			c.rewrite(func(data []byte) []byte { return bytes.TrimSuffix(data, []byte("\n")) })
		default:
			return fmt.Errorf("unknown option %q", option)
		}
	}
	return nil
}

func (c *lineCase) rewrite(how func([]byte) []byte) {
	for _, side := range []map[string][]byte{c.base, c.head} {
		for name, data := range side {
			side[name] = how(data)
		}
	}
}

// change makes the case's change; its line differences are those of the fixtures of rules.
func (c *lineCase) change() (*source.Change, error) {
	change, err := (&reviewtest.Fixture{Base: c.base, Head: c.head}).Change()
	if err != nil {
		return nil, err
	}
	for _, r := range c.renames {
		same, err := (&reviewtest.Fixture{Base: map[string][]byte{"f": c.base[r[0]]}, Head: map[string][]byte{"f": c.head[r[1]]}}).Change()
		if err != nil {
			return nil, err
		}
		renamed := source.FileChange{Old: r[0], New: r[1]}
		if len(same.Files) > 0 {
			renamed.Hunks = same.Files[0].Hunks
		}
		change.Files = slices.DeleteFunc(change.Files, func(f source.FileChange) bool {
			return f.Old == r[0] && f.New == "" || f.New == r[1] && f.Old == ""
		})
		change.Files = append(change.Files, renamed)
	}
	return change, nil
}
