package imagetable

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// A template puts a reference together out of keys of a mapping: "{registry?}/{repository}:{tag}@{digest}". Of
// "{newName,name}" the first that is set counts. A key that is not set is left out with the mark before it, where that is
// ":", "@" or "-" or the key is marked by "?"; without another one there is no reference. One without tag and digest is open.
type template []piece

// piece is a key with the text before it.
type piece struct {
	before   string
	keys     []string
	optional bool
}

func parseTemplate(form string) template {
	var t template
	for rest := form; ; {
		before, after, ok := strings.Cut(rest, "{")
		if !ok {
			return t
		}
		names, tail, _ := strings.Cut(after, "}")
		names, marked := strings.CutSuffix(names, "?")
		t = append(t, piece{before, strings.Split(names, ","), marked || strings.TrimRight(before, ":@-") != before})
		rest = tail
	}
}

// fill puts the reference together. It stands where its digest is written, else its tag, else its name.
func (t template) fill(f manifests.Field) (Found, bool) {
	var one Found
	for _, p := range t {
		at, before := p.at(f), p.before
		text := strings.TrimSuffix(at.Text(), "/")
		switch {
		case text == "" && !p.optional:
			return Found{}, false
		case text == "":
			name, _, digest := strings.Cut(before, "@")
			one.Open = one.Open || !digest && strings.HasSuffix(before, ":")
			one.Text += strings.TrimRight(name, "/:-")
			continue
		case one.Text == "":
			before = strings.TrimPrefix(before, "/")
		case strings.HasSuffix(before, ":") && isDigest(text): // some take either in one field
			before = strings.TrimSuffix(before, ":") + "@"
		}
		one.Open = one.Open && !strings.Contains(before, "@")
		one.Text += before + text
		one.Field = at
	}
	return one, one.Text != ""
}

// isDigest reports whether what a field for tags holds is a digest.
func isDigest(text string) bool { return strings.HasPrefix(text, "sha256:") }

func (p piece) at(f manifests.Field) manifests.Field {
	for _, key := range p.keys {
		for _, at := range f.All(key) {
			if at.Text() != "" {
				return at
			}
		}
	}
	return manifests.Field{}
}
