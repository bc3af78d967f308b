package edit

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// partTexts are texts in all the ways in which blocks are written.
var partTexts = []string{
	"kind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: x:1\n    securityContext:\n      privileged: true\n      runAsUser: 0\n  # the sidecar\n  - image: log\n    name: log\n  hostPID: true\nstatus: {}\n",
	"a:\n  - b: 1\n    c:\n      d: |\n        text\n         more\n\n      e: >-\n        x\n    f: \"two\n      lines\"\n  -\n    g: plain\n      on two\n  - - h\n    - i\nj:\n",
	"- a\n- b: {c: [1,\n   2], d: e}\n  f: # why\n  g:\n\n- 'h'\n",
	"a:\r\n  b: 1\r\n  c:\r\n  - d\r\n  - e\r\nf: g\r\n",
	"? a\n: b\n\"c\": d\n!!str e: f\ng: !!map\n  h: i\n  j: k\n",
	"a: &x 1\nb: *x\nc:\n  d: 1\n",
	"a:\n    b:\n    - c: 1\n      d: 2\n    - c: 3\n\n# end\n",
}

// noise is put into texts, be it what ends a value, what opens one that goes on, or what moves it elsewhere.
var noise = []string{"x", " ", "\n", "  ", ": ", "- ", "'", "\"", "|\n", "{", "}", "[", "]", "#", " # ", "\t", "---\n", "!!str ", "? ", "\n\n  ", "? |\n", "%", "...\n", "\r\n", ","}

// TestReadsInPart holds what is seen in a part against the whole text: what reads well there reads well.
func TestReadsInPart(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	agreed := 0
	for range 1500 {
		s, err := parse([]byte(partTexts[random.IntN(len(partTexts))]))
		if err != nil {
			t.Fatal(err)
		}
		c := randomCheck(random, s)
		for _, out := range edited(random, s, c) {
			if !c.readsInPart(out) {
				continue
			}
			agreed++
			if _, err := c.verifiedWhole(out, Place{Line: 1}); err != nil {
				t.Fatalf("%v, but its part was right:\n%s\nof\n%s", err, out, s.text)
			}
		}
	}
	if agreed < 500 {
		t.Errorf("only %d of the texts were seen to be right by their part", agreed)
	}
}

// randomCheck is an edit of some node: another value, one more entry, or one less.
func randomCheck(random *rand.Rand, s *stream) check {
	var nodes []*yaml.Node
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		nodes = append(nodes, n)
		for i, child := range n.Content {
			if n.Kind != yaml.MappingNode || i%2 == 1 {
				walk(child)
			}
		}
	}
	walk(s.docs[0])
	at := nodes[random.IntN(len(nodes))]
	switch {
	case at.Kind == yaml.ScalarNode:
		return check{s: s, at: at, want: []any{"y", 7, true, "a: b", map[string]any{"k": 1}}[random.IntN(5)]}
	case at.Kind == yaml.MappingNode && random.IntN(2) == 0:
		return check{s: s, at: at, key: "more", want: "y"}
	case len(at.Content) > 2:
		return check{s: s, at: at, removed: at.Content[1+2*random.IntN(len(at.Content)/2)]}
	}
	return check{s: s, at: at, want: "y"}
}

// edited makes the edit of a check, and spoils the text around it in some ways.
func edited(random *rand.Rand, s *stream, c check) (outs [][]byte) {
	var out []byte
	var err error
	switch {
	case c.removed != nil:
		i := 0
		for c.at.Content[i] != c.removed {
			i++
		}
		e := entry{parent: c.at, value: c.removed, index: i}
		if c.at.Kind == yaml.MappingNode {
			e.key = c.at.Content[i-1]
		}
		out, err = s.remove(e)
	case c.key != "":
		out, err = s.insert(c.at, c.key, c.want)
	default:
		out, err = s.replace(c.at, c.want)
	}
	if err != nil {
		return nil
	}
	outs = append(outs, out)
	for range 20 {
		i := random.IntN(len(out) + 1)
		if at := strings.Index(string(out), "y"); at >= 0 && random.IntN(3) > 0 {
			i = min(at+random.IntN(3), len(out))
		}
		spoilt := append(bytes.Clone(out[:i]), noise[random.IntN(len(noise))]...)
		outs = append(outs, append(spoilt, out[i:]...))
	}
	return outs
}
