package edit

import (
	"errors"
	"testing"
)

func TestBehind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		at    Place
		whole string
		want  string // "" when refused
	}{
		"plain":             {"a: 1\nimage: web:1 # c\n", Place{Line: 2}, "web:1", "a: 1\nimage: web:1@x # c\n"},
		"a part":            {"tag: v1\n", Place{Line: 1}, "web:v1", "tag: v1@x\n"},
		"a number":          {"tag: 1.27\n", Place{Line: 1}, "web:1.27", "tag: 1.27@x\n"},
		"quotes":            {"tag: \"1.27\"\n", Place{Line: 1}, "web:1.27", "tag: \"1.27@x\"\n"},
		"single quotes":     {"- 'web:1'\n- b\n", Place{Line: 1}, "web:1", "- 'web:1@x'\n- b\n"},
		"flow":              {"image: {name: web, tag: '2', port: 80}\n", Place{Line: 1}, "web:2", "image: {name: web, tag: '2@x', port: 80}\n"},
		"of several by key": {"image: {a: 2, tag: 2}\n", Place{Line: 1, Key: "tag"}, "web:2", "image: {a: 2, tag: 2@x}\n"},
		"by column":         {"image: {a: 2, tag: 2}\n", Place{Line: 1, Column: 15}, "web:2", "image: {a: 2, tag: 2@x}\n"},
		"several":           {"image: {a: 2, tag: 2}\n", Place{Line: 1}, "web:2", ""},
		"something else":    {"tag: 3\n", Place{Line: 1}, "web:2", ""},
		"an anchor":         {"tag: &t 2\nother: *t\n", Place{Line: 1}, "web:2", ""},
		"a block":           {"image: >-\n  web:2\n", Place{Line: 1}, "web:2", ""},
		"second document":   {"a: 1\n---\ntag: 2\n", Place{Line: 3}, "web:2", "a: 1\n---\ntag: 2@x\n"},
		"windows":           {"tag: 2\r\nb: 1\r\n", Place{Line: 1}, "web:2", "tag: 2@x\r\nb: 1\r\n"},
		"json":              {"{\"tag\": \"2\"}\n", Place{Line: 1}, "web:2", "{\"tag\": \"2@x\"}\n"},
	} {
		got, err := new(Editor).Behind([]byte(c.text), c.at, c.whole, "@x")
		if c.want == "" && !errors.Is(err, ErrRefused) || c.want != "" && (err != nil || string(got) != c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestBeside(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		at   Place
		want string
	}{
		"list of mappings": {"images:\n- name: web\n  newTag: 1\n- name: api\n", Place{Line: 3, Key: "newTag"}, "images:\n- name: web\n  newTag: 1\n  digest: x\n- name: api\n"},
		"flow":             {"images: [{name: web, newTag: 1}]\n", Place{Line: 1, Key: "newTag"}, "images: [{name: web, newTag: 1, digest: x}]\n"},
		"it is there":      {"images:\n- newTag: 1\n  digest: y\n", Place{Line: 2, Key: "newTag"}, ""},
		"no such key":      {"images:\n- name: web\n", Place{Line: 2, Key: "newTag"}, ""},
		"an item":          {"- web\n", Place{Line: 1}, ""},
	} {
		got, err := new(Editor).Beside([]byte(c.text), c.at, "digest", "x")
		if c.want == "" && !errors.Is(err, ErrRefused) || c.want != "" && (err != nil || string(got) != c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
