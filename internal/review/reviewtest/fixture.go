// Package reviewtest runs rules over small repositories kept in txtar archives.
//
// A comment `# want "message"` at the end of a line is a finding of the rule under test that must stand on that
// very source line; it is taken out before rendering. Files below base/ are the repository at base, over which
// the others are laid as head; files below fixed/ are what the fixes must make of the files of head;
// policy.yaml is the policy; registry.yaml is what registries say of images: see Registry; fetched.yaml holds charts from
// elsewhere: see Fetched.
package reviewtest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/landwaiter/landwaiter/internal/source"
	"golang.org/x/tools/txtar"
)

// Fixture is one archive, read.
type Fixture struct {
	Head, Base map[string][]byte // Base is nil when the archive has none
	Fixed      map[string][]byte
	Policy     []byte
	Registry   []byte // nil where no registry is asked
	Fetched    []byte // nil where nothing is fetched
	Wants      []Want
}

// Want is one expected finding.
type Want struct {
	File    string
	Line    int
	Message *regexp.Regexp
}

// String returns "file:line: message".
func (w Want) String() string { return fmt.Sprintf("%s:%d: %s", w.File, w.Line, w.Message) }

var wantComment = regexp.MustCompile(`[ \t]*# want((?: "(?:[^"\\]|\\.)*")+)[ \t]*(\r?)$`)

// ParseFixture reads an archive.
func ParseFixture(data []byte) (*Fixture, error) {
	f := &Fixture{Head: map[string][]byte{}, Fixed: map[string][]byte{}}
	over := map[string][]byte{}
	for _, file := range txtar.Parse(data).Files {
		content, wants, err := takeWants(file.Name, file.Data)
		if err != nil {
			return nil, err
		}
		base, isBase := strings.CutPrefix(file.Name, "base/")
		fixed, isFixed := strings.CutPrefix(file.Name, "fixed/")
		switch {
		case file.Name == "policy.yaml":
			f.Policy = content
		case file.Name == "registry.yaml":
			f.Registry = content
		case file.Name == "fetched.yaml":
			f.Fetched = content
		case isBase:
			if f.Base == nil {
				f.Base = map[string][]byte{}
			}
			f.Base[base] = content
		case isFixed:
			f.Fixed[fixed] = content
		default:
			over[file.Name] = content
			f.Wants = append(f.Wants, wants...)
		}
	}
	f.layOver(over)
	return f, nil
}

// layOver makes head: base's files with over's on top; an empty file removes base's.
func (f *Fixture) layOver(over map[string][]byte) {
	for name, content := range f.Base {
		f.Head[name] = content
	}
	for name, content := range over {
		if _, there := f.Base[name]; there && len(content) == 0 {
			delete(f.Head, name)
			continue
		}
		f.Head[name] = content
	}
}

// takeWants returns a file without its want comments, and what they ask for.
func takeWants(name string, data []byte) ([]byte, []Want, error) {
	lines := strings.SplitAfter(string(data), "\n")
	var wants []Want
	for i, line := range lines {
		body := strings.TrimSuffix(line, "\n")
		match := wantComment.FindStringSubmatchIndex(body)
		if match == nil {
			continue
		}
		for _, quoted := range regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`).FindAllStringSubmatch(body[match[2]:match[3]], -1) {
			message, err := regexp.Compile(strings.ReplaceAll(quoted[1], `\"`, `"`))
			if err != nil {
				return nil, nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
			}
			wants = append(wants, Want{File: name, Line: i + 1, Message: message})
		}
		lines[i] = body[:match[0]] + body[match[4]:match[5]] + line[len(body):]
	}
	return []byte(strings.Join(lines, "")), wants, nil
}

// Change makes the fixture's change: head over base, or everything as new.
func (f *Fixture) Change() (*source.Change, error) {
	head, err := source.Memory(f.Head, source.Limits{})
	if err != nil || f.Base == nil {
		return &source.Change{Head: head}, err
	}
	base, err := source.Memory(f.Base, source.Limits{})
	if err != nil {
		return nil, err
	}
	change := &source.Change{Base: base, BaseID: "base", Head: head}
	for name, content := range f.Head {
		if old, there := f.Base[name]; !there {
			change.Files = append(change.Files, source.FileChange{New: name, Hunks: hunks("", string(content))})
		} else if string(old) != string(content) {
			change.Files = append(change.Files, source.FileChange{Old: name, New: name, Hunks: hunks(string(old), string(content))})
		}
	}
	for name, content := range f.Base {
		if _, there := f.Head[name]; !there {
			change.Files = append(change.Files, source.FileChange{Old: name, Hunks: hunks(string(content), "")})
		}
	}
	slices.SortFunc(change.Files, func(a, b source.FileChange) int { return strings.Compare(a.New+a.Old, b.New+b.Old) })
	return change, nil
}

// hunks compares two texts line by line, without context.
func hunks(before, after string) []source.Hunk {
	unified, err := udiff.ToUnifiedDiff("a", "b", before, udiff.Lines(before, after), 0)
	if err != nil {
		return nil
	}
	var all []source.Hunk
	for _, h := range unified.Hunks {
		hunk := source.Hunk{OldStart: h.FromLine, NewStart: h.ToLine}
		for _, line := range h.Lines {
			switch line.Kind {
			case udiff.Delete:
				hunk.OldLines++
			case udiff.Insert:
				hunk.NewLines++
			}
		}
		if hunk.OldLines == 0 {
			hunk.OldStart--
		}
		if hunk.NewLines == 0 {
			hunk.NewStart--
		}
		all = append(all, hunk)
	}
	return all
}
