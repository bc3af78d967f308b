package network

import (
	"iter"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// configText is a text that an object brings for a program to read: a value of a ConfigMap or Secret.
type configText struct {
	at     manifests.Field
	key    string
	text   string
	secret bool // nothing of the text may be shown
	plain  bool // the text stands in the field, or in Base64 as the API has it, line by line
	first  int  // the line of the field's text on which this one begins, where it is a part of it; else 0
	flat   bool // all of the part stands on that line
}

// maxConfig bounds what is read of a text, in bytes.
const maxConfig = 1 << 20

// configTexts lists the texts of a ConfigMap or Secret of Kubernetes.
func configTexts(o *manifests.Object) iter.Seq[configText] {
	return func(yield func(configText) bool) {
		if o.Group() != "" || o.Kind != "ConfigMap" && o.Kind != "Secret" {
			return
		}
		secret := o.Kind == "Secret"
		for _, section := range []string{"data", "stringData", "binaryData"} {
			for key, value := range o.Field().Get(section).EachEntry() {
				t := configText{at: value, key: key, text: value.Text(), secret: secret, plain: true}
				if section == "binaryData" || section == "data" && secret {
					t.text = decoded(t.text)
				}
				if len(t.text) <= maxConfig && !yield(t) {
					return
				}
			}
		}
	}
}

// decoded decodes base64; "" for what is encrypted, or filled in later.
func decoded(text string) string {
	if plain, ok := review.FromBase64(text); ok {
		return plain
	}
	return ""
}

// report reports a violation on a line of the text; 0 stands for the whole.
func (t configText) report(p *review.Pass, line int, format string, args ...any) *review.Draft {
	d := p.Report(t.at, format, args...)
	if t.plain {
		d.Line(t.line(line))
	}
	return d
}

// line is the line of the field's text on which line n of this text stands; of the whole (0) it is the one above a part.
func (t configText) line(n int) int {
	switch {
	case t.first == 0:
		return n
	case t.flat:
		return t.first
	}
	return t.first + n - 1
}
