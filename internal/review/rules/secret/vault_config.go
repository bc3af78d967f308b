package secret

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// block is a block of a configuration of Vault or OpenBao, such as a listener, with its settings and their lines.
type block struct {
	kind     string // "listener", "seal", "vault" …; "" for the whole file
	label    string // "tcp"
	line     int
	settings map[string]setting
}

type setting struct {
	value string
	line  int
}

// True reports whether the setting is on: Vault reads booleans as words and as numbers.
func (b block) isOn(key string) (line int, on bool) {
	s := b.settings[key]
	switch strings.ToLower(s.value) {
	case "1", "true", "t":
		return s.line, true
	}
	return 0, false
}

var (
	vaultBlock   = regexp.MustCompile(`^\s*"?([a-z_]+)"?(?:\s+"([^"]*)")?\s*=?\s*$`)
	vaultSetting = regexp.MustCompile(`^\s*"?([a-z_]+)"?\s*=\s*(?:"([^"]*)"|([^\s"#,\[{]+))`)
)

// maxBlockDepth is how deep blocks of a configuration lie in each other at most.
const maxBlockDepth = 16

// vaultBlocks reads a configuration of Vault's, in its own language or in JSON, as far as it is written out. ok is false
// for texts that are none.
func vaultBlocks(text string) (blocks []*block, ok bool) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		node, err := manifests.ParseYAML([]byte(text))
		if err != nil {
			return nil, false
		}
		return jsonBlocks(manifests.NewField(node, "")), true
	}
	file := &block{line: 1, settings: map[string]setting{}}
	blocks = []*block{file}
	open := []*block{file}
	for i, line := range strings.Split(text, "\n") {
		for _, piece := range pieces(line) {
			now := open[len(open)-1]
			switch m := vaultSetting.FindStringSubmatch(piece.text); {
			case piece.end == '{':
				next := &block{line: i + 1, settings: map[string]setting{}}
				if m := vaultBlock.FindStringSubmatch(piece.text); m != nil {
					next.kind, next.label = m[1], m[2]
				}
				if open = append(open, next); len(open) > maxBlockDepth {
					return nil, false
				}
				blocks = append(blocks, next)
				continue
			case m != nil:
				now.settings[m[1]] = setting{m[2] + m[3], i + 1}
			}
			if piece.end == '}' && len(open) > 1 {
				open = open[:len(open)-1]
			}
		}
	}
	return blocks, true
}

// piece is a part of a line up to a brace, or to its end.
type piece struct {
	text string
	end  byte // '{', '}' or 0
}

// pieces cuts a line at braces that are in no string, and leaves out its comment.
func pieces(line string) (all []piece) {
	quoted, from := false, 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"' && (i == 0 || line[i-1] != '\\'):
			quoted = !quoted
		case quoted:
		case c == '#', c == '/' && strings.HasPrefix(line[i:], "//"):
			return append(all, piece{text: line[from:i]})
		case c == '{', c == '}':
			all = append(all, piece{line[from:i], c})
			from = i + 1
		}
	}
	return append(all, piece{text: line[from:]})
}

// jsonBlocks reads the same from JSON, or from what a custom resource holds: {"listener": {"tcp": {…}}}, and lists of
// such mappings.
func jsonBlocks(f manifests.Field) (blocks []*block) {
	blocks = append(blocks, blockOf("", "", f))
	for _, kind := range f.Entries() {
		for _, at := range append(kind.Value.Items(), kind.Value) {
			if !at.IsMap() {
				continue
			}
			blocks = append(blocks, blockOf(kind.Key, "", at))
			for _, label := range at.Entries() {
				for _, inner := range append(label.Value.Items(), label.Value) {
					if inner.IsMap() {
						blocks = append(blocks, blockOf(kind.Key, label.Key, inner))
					}
				}
			}
		}
	}
	return blocks
}

func blockOf(kind, label string, f manifests.Field) *block {
	b := &block{kind: kind, label: label, settings: map[string]setting{}}
	if f.Node() != nil {
		b.line = f.Node().Line
	}
	for _, e := range f.Entries() {
		if node := e.Value.Node(); node.Kind == yaml.ScalarNode {
			b.settings[e.Key] = setting{e.Value.Text(), node.Line}
		}
	}
	return b
}
