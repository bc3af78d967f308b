package review

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// OnKey says that the field's key is at fault and not its value: there is no field of the name, say. In an operation of a
// JSON patch (RFC 6902) the key is written on another line than the value.
func (d *Draft) OnKey() *Draft {
	d.onKey = true
	return d
}

// keyOf moves the place of a value to that of its key, where that is the path of an operation of a JSON patch.
func keyOf(change *source.Change, at Location, path string) Location {
	if at.Precision != manifests.Exact.String() {
		return at
	}
	lines := linesOf(change.Head, at.File)
	line := pointerLine(lines, at.Line, strings.Trim(lastElement(path), ".[]"))
	if line == 0 {
		return at
	}
	at.Line, at.EndLine, at.Column = line, line, indentOf(lines[line-1])+1
	at.Changed = change.Touches(at.File, line)
	return at
}

// pointerLine finds, beside the value of an operation that begins on a line from 1, the line of its path, if that ends in
// a key; 0 for none.
func pointerLine(lines []string, value int, key string) int {
	if value < 1 || value > len(lines) || !hasKey(lines[value-1], "value") {
		return 0
	}
	column := indentOf(lines[value-1])
	for _, step := range []int{-1, 1} {
		if step == -1 && beginsItem(lines[value-1]) {
			continue
		}
		for i := value - 1 + step; i >= 0 && i < len(lines); i += step {
			blank := strings.TrimSpace(lines[i]) == ""
			if !blank && indentOf(lines[i]) < column || step == 1 && beginsItem(lines[i]) && indentOf(lines[i]) <= column {
				break
			}
			if !blank && indentOf(lines[i]) == column && hasKey(lines[i], "path") && endsIn(lines[i], key) {
				return i + 1
			}
			if step == -1 && beginsItem(lines[i]) && indentOf(lines[i]) == column {
				break
			}
		}
	}
	return 0
}

// indentOf is where the first key on a line of YAML or JSON begins, behind what begins an item.
func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " \t-{")) }

func beginsItem(line string) bool {
	trimmed := strings.TrimLeft(line, " \t")
	return strings.HasPrefix(trimmed, "- ") || strings.HasPrefix(trimmed, "{")
}

// hasKey reports whether a line begins with a key.
func hasKey(line, key string) bool {
	rest, ok := strings.CutPrefix(strings.Trim(line[indentOf(line):], `"'`), key)
	return ok && strings.HasPrefix(strings.TrimLeft(rest, `"' `), ":")
}

// endsIn reports whether the JSON pointer (RFC 6901) on a line ends in a key.
func endsIn(line, key string) bool {
	pointer, _, _ := strings.Cut(strings.TrimRight(line, " \t,\r\"'"), " #")
	pointer = strings.TrimRight(pointer, " \t,\"'")
	return strings.HasSuffix(pointer, "/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
}
