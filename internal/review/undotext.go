package review

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// textHunk is a part of a text over several lines that a change replaced: the lines was to wasEnd of base by now to nowEnd of
// head, counted from 0, without the last. It is empty for other values.
type textHunk struct{ was, wasEnd, now, nowEnd int }

// isText reports whether a value is a text over several lines: a script, or a document of its own.
func isText(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!str" && strings.Contains(n.Value, "\n")
}

// mergeText puts lines back that the change removed from a text, or wrote anew: what it only added stays.
func (u *undoing) mergeText(now, was *yaml.Node, at, before string) *yaml.Node {
	old, young := strings.SplitAfter(was.Value, "\n"), strings.SplitAfter(now.Value, "\n")
	var text []string
	done, left := 0, u.left
	for _, h := range textHunks(old, young) {
		p := piece{before: u.before, was: before, now: u.now, at: at, lines: h}
		if h.was == h.wasEnd || !u.takePiece(p) {
			continue
		}
		text = append(append(text, young[done:h.now]...), old[h.was:h.wasEnd]...)
		done = h.nowEnd
	}
	if u.left == left {
		return now
	}
	made := *now
	made.Value = strings.Join(append(text, young[done:]...), "")
	u.origins[&made] = u.origins[now]
	return &made
}

// maxCompared is how many pairs of lines are compared to tell which of a text changed; all between the first and the last
// that did are one hunk beyond that.
const maxCompared = 250_000

// textHunks tells where two texts differ, by their longest common subsequence of lines.
func textHunks(old, young []string) (hunks []textHunk) {
	first, oldEnd, youngEnd := 0, len(old), len(young)
	for first < min(oldEnd, youngEnd) && old[first] == young[first] {
		first++
	}
	for min(oldEnd, youngEnd) > first && old[oldEnd-1] == young[youngEnd-1] {
		oldEnd, youngEnd = oldEnd-1, youngEnd-1
	}
	a, b := old[first:oldEnd], young[first:youngEnd]
	if len(a)*len(b) > maxCompared {
		return []textHunk{{first, oldEnd, first, youngEnd}}
	}
	common := commonLines(a, b)
	open := textHunk{was: first, now: first}
	for i, j := 0, 0; ; {
		same := i < len(a) && j < len(b) && a[i] == b[j]
		if same || i == len(a) && j == len(b) {
			if open.wasEnd, open.nowEnd = first+i, first+j; open.was < open.wasEnd || open.now < open.nowEnd {
				hunks = append(hunks, open)
			}
			if !same {
				return hunks
			}
			i, j = i+1, j+1
			open = textHunk{was: first + i, now: first + j}
		} else if j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1] {
			i++
		} else {
			j++
		}
	}
}

// commonLines returns how many lines the rests of two texts have in common, in their order, from each line of both on.
func commonLines(a, b []string) [][]int {
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	return common
}

// locate finds the first line of the hunk: what head has in its place, else the gap.
func (h textHunk) locate(change *source.Change, p piece) (Location, bool) {
	var young, old textLines
	for n := h.now; n < h.nowEnd; n++ {
		origin, _ := p.now.OriginAt(p.at)
		frame := young.frame(change, false, origin, &Draft{object: p.now, path: p.at, line: n + 1})
		if frame != nil && touched(change, *frame) {
			return location(*frame, true), true
		}
	}
	for n := h.was; n < h.wasEnd; n++ {
		origin, _ := p.before.OriginAt(p.was)
		if frame := old.frame(change, true, origin, &Draft{object: p.before, path: p.was, line: n + 1}); frame != nil {
			return locateRemoval(change, manifests.Origin{*frame})
		}
	}
	return Location{}, false
}
