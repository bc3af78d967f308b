package manifests

import (
	"reflect"
	"testing"
)

func TestReadLeaves(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		want     []leaf
		scanned  bool // the fast scan reads it
	}{
		{"list beside its key", "resources:\n- a.yaml\n- ../b # why\n", []leaf{{"resources", "", "a.yaml"}, {"resources", "", "../b"}}, true},
		{"list below its key", "---\n# c\nresources:\n  - \"a.yaml\"\n\n  - 'b c'\nkind: Component\n",
			[]leaf{{"resources", "", "a.yaml"}, {"resources", "", "b c"}, {"kind", "", "Component"}}, true},
		{"mappings in a list", "patches:\n- target:\n    kind: Deployment\n  path: p.yaml\n- path: q.yaml\n  options: {}\n",
			[]leaf{{"patches", "path", "p.yaml"}, {"patches", "path", "q.yaml"}}, false},
		{"what follows a nested mapping", "patches:\n- target:\n    kind: Deployment\n  path: p.yaml\nkind: K\n",
			[]leaf{{"patches", "path", "p.yaml"}, {"kind", "", "K"}}, true},
		{"literal", "patches:\n- patch: |-\n    - op: add\n      path: /x\n\n    # no comment\n  path: p\nresources: [a, b]\n",
			[]leaf{{"patches", "path", "p"}, {"resources", "", "a"}, {"resources", "", "b"}}, false},
		{"literal, scanned", "patches:\n- patch: |-\n    - op: add\n      path: /x\n  path: p\n", []leaf{{"patches", "path", "p"}}, true},
		{"literal of one line", "a: |-\n  b\n", []leaf{{"a", "", "b"}}, false},
		{"list of a mapping", "configMapGenerator:\r\n- name: x\r\n  files:\r\n  - a=b.txt\r\n  - c\r\n",
			[]leaf{{"configMapGenerator", "name", "x"}, {"configMapGenerator", "files", "a=b.txt"}, {"configMapGenerator", "files", "c"}}, true},
		{"mapping", "helmGlobals:\n  chartHome: ../charts\n", []leaf{{"helmGlobals", "chartHome", "../charts"}}, true},
		{"anchors", "resources: &r\n- a\ncomponents: *r\n", []leaf{{"resources", "", "a"}, {"components", "", "a"}}, false},
		{"null", "resources:\nbases: null\nkind: K\n", []leaf{{"kind", "", "K"}}, true},
		{"only comments", "# nothing\n", nil, true},
		{"plain scalar over lines", "resources:\n- a\n  b\n", []leaf{{"resources", "", "a b"}}, false},
		{"inline configuration", "generators:\n- |-\n  a: 1\n  b: 2\n", []leaf{{"generators", "", "a: 1\nb: 2"}}, false},
		{"a list", "- a\n", nil, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := readLeaves([]byte(c.in))
			if err != nil || !(len(got) == 0 && len(c.want) == 0) && !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
			if _, ok := scanLeaves([]byte(c.in)); ok != c.scanned {
				t.Errorf("scanned: %v", ok)
			}
		})
	}
}

func FuzzReadLeaves(f *testing.F) {
	for _, seed := range []string{
		"resources:\n- a.yaml\n- ../b # why\n", "patches:\n- target:\n    kind: D\n  path: p.yaml\n- path: q\n",
		"patches:\n- patch: |-\n    - op: add\n      path: /x\n\n  path: p\n", "a:\n  b:\n  - c\n  d: e\nf: \"g\"\n", "---\na: 'b' # c\n",
		"a:\n- b: |\n   x\n   y\n  c: d\n", "a:\n-\n  b: c\n- d\n", "a: null\nb:\n", "a: b\n...\n", "a:\n  - - b\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := scanLeaves(data)
		if !ok {
			return
		}
		want, err := parseLeaves(data)
		if err != nil {
			t.Fatalf("scanned what is no YAML: %q: %v", data, err)
		}
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: scanned %q, parsed %q", data, got, want)
		}
	})
}
