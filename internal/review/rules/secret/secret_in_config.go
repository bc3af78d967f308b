package secret

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var secretInConfig = review.Rule{
	ID: "secret-in-config", Level: review.Error, Guidelines: []string{"G27"},
	Summary: "A credential stands in configuration: a ConfigMap, a variable, an argument, an annotation or a value of a chart",
	Kinds:   []string{review.AnyKind},
	Check:   checkSecretInConfig,
}

// opaque are kinds whose texts are schemas, encrypted, or names of the API.
var opaque = map[string]bool{"CustomResourceDefinition": true, "SealedSecret": true, "ClusterRole": true, "Role": true}

func checkSecretInConfig(p *review.Pass) {
	o := p.Object
	if opaque[o.Kind] {
		return
	}
	texts := gather(o)
	found := make([]map[int]string, len(texts)) // by line of the text
	for i, t := range texts {
		found[i] = credentialLines(t.name, t.value)
	}
	page, places := longWords(texts)
	for _, h := range knownFormat(page) {
		if h.line < len(places) {
			at := places[h.line]
			found[at.text][at.line] = h.kind
		}
	}
	for i, t := range texts {
		for _, line := range firstLines(found[i]) {
			d := p.Report(t.Field, "%s holds what looks like a credential (%s)", t.title(p), found[i][line]).Secret().
				Detail("Configuration is readable for everybody who may read the repository or look into the namespace, and turns up in logs and copies. The value is not repeated here. Replace it where it is used, and have the new one come from a Secret that is not in Git.")
			if strings.Contains(t.value, "\n") {
				d.Line(line + 1)
			}
		}
		if len(found[i]) == 0 && isLiteralPassword(t) {
			p.Report(t.Field, "%s is a password that is written out", t.title(p)).Secret().Lower(review.Warning).
				Detail("It is simple enough to be one for trying things out, but it is what the program runs with, and everybody who may read the repository or the object knows it. Have it come from a Secret that is not in Git.")
		}
	}
}

// ofPassword are names of variables whose value is a password and nothing else; saying is what some that end like it hold
// instead.
var (
	ofPassword = pattern(`^([A-Z0-9]+_)*(PASSWORD|PASSWD|PASSPHRASE)$`)
	saying     = pattern(`(?i)^(\d{0,3}|enabled?|disabled?|required?|optional|auto(matic)?|on|off|allow(ed)?|deny|prompt|ask|random|basic|plain|scram.*|md5)$`)
	asking     = pattern(`(^|_)(ALLOW|ENABLE|DISABLE|REQUIRE|USE|RANDOM|HAS|SHOW|RESET|EMPTY|NO|WITHOUT|SKIP|HIDE|FORGOT|CHANGE)_`)
)

// isLiteralPassword reports whether a text is the value of a container's variable that holds a password by its name, be it
// one that could as well be a word.
func isLiteralPassword(t text) bool {
	value := strings.TrimSpace(t.value)
	return strings.HasSuffix(t.Path(), "].value") && strings.Contains(t.Path(), ".env[") && ofPassword().MatchString(t.name) && !asking().MatchString(t.name) &&
		!saying().MatchString(value) && !strings.ContainsAny(value, " \t\n") && !isAddress(value) && !isPlaceholder(value)
}

// maxInText is how many lines of one text are reported: who has left so many there knows after the first.
const maxInText = 20

// firstLines returns the lines of a text with credentials, from above.
func firstLines(found map[int]string) []int {
	lines := slices.Sorted(maps.Keys(found))
	return lines[:min(len(lines), maxInText)]
}

// textPlace is a line, from 0, of one of several texts.
type textPlace struct{ text, line int }

// longWords lays out, one below the other, the lines that may hold a credential of a known format, and says which line
// of which text each line of the page is. All formats have a long word in them, so most lines need not be searched for
// hundreds of them; keys in PEM go over many lines and are taken whole.
func longWords(texts []text) (page string, places []textPlace) {
	var all strings.Builder
	write := func(at textPlace, written string) {
		for line := range strings.Lines(written + "\n") {
			all.WriteString(line)
			places = append(places, at)
			at.line++
		}
		all.WriteString("---\n") // so that no format reaches into the next text
		places = append(places, at)
	}
	for i, t := range texts {
		switch {
		case strings.Contains(t.value, "-----BEGIN"):
			write(textPlace{i, 0}, t.value)
		case !strings.Contains(t.value, "\n") && hasLongWord(t.value):
			write(textPlace{i, 0}, t.name+": "+t.value)
		default:
			n := 0
			for line := range strings.Lines(t.value) {
				if hasLongWord(line) {
					write(textPlace{i, n}, strings.TrimSuffix(line, "\n"))
				}
				n++
			}
		}
	}
	return all.String(), places
}

// hasLongWord reports whether a line has a run of sixteen letters, digits and what Base64 has beside them, with a
// digit in it.
func hasLongWord(line string) bool {
	run, digit := 0, false
	for i := range len(line) {
		switch b := line[i]; {
		case b >= '0' && b <= '9':
			run, digit = run+1, true
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '_', b == '-', b == '+':
			run++
		default:
			run, digit = 0, false
		}
		if run >= 16 && digit {
			return true
		}
	}
	return false
}

// text is a scalar with the name that stands before it.
type text struct {
	manifests.Field
	name, value string
}

// gather lists the texts of an object that somebody may have put a credential in. Of a Secret's own values
// secret-in-git speaks.
func gather(o *manifests.Object) []text {
	var found []text
	for key, value := range o.Field().EachEntry() {
		switch {
		case key == "status", key == "sops", key == "kind", key == "apiVersion":
		case o.Kind == "ConfigMap" && key == "binaryData":
			found = append(found, binaryTexts(value)...)
		case o.Kind == "Secret" && (key == "data" || key == "stringData"):
		default:
			found = descend(value, key, found)
		}
	}
	return found
}

// binaryTexts lists the values of a mapping in Base64 that are texts.
func binaryTexts(values manifests.Field) (found []text) {
	for _, entry := range values.Entries() {
		if value, err := base64.StdEncoding.DecodeString(strings.TrimSpace(entry.Value.Text())); err == nil && utf8.Valid(value) {
			found = append(found, text{entry.Value, entry.Key, string(value)})
		}
	}
	return found
}

func descend(f manifests.Field, name string, found []text) []text {
	switch {
	case f.IsMap():
		own := f.Get("name").Text()
		for key, value := range f.EachEntry() {
			if key == "value" && own != "" {
				found = descend(value, own, found)
			} else if key != "managedFields" {
				found = descend(value, key, found)
			}
		}
	case f.IsList():
		flag := name
		for _, item := range f.Items() {
			found = descend(item, flag, found)
			flag = name
			if word := item.Text(); strings.HasPrefix(word, "-") && !strings.ContainsAny(word, "= ") {
				flag = strings.TrimLeft(word, "-")
			}
		}
	case f.Text() != "":
		found = append(found, text{f, name, f.Text()})
	}
	return found
}

// title says where the text stands, without anything of it.
func (t text) title(p *review.Pass) string {
	path := t.Path()
	where := "field " + t.name
	switch {
	case strings.HasPrefix(path, "metadata.annotations"):
		where = "annotation " + t.name
	case (strings.HasPrefix(path, "data") || strings.HasPrefix(path, "binaryData")) && p.Object.Kind == "ConfigMap":
		where = "key " + t.name
	case strings.Contains(path, ".env["):
		where = "variable " + t.name
	case strings.Contains(path, ".args[") || strings.Contains(path, ".command["):
		where = "an argument"
	}
	for _, pod := range p.Root.Workloads(p.Object) {
		for _, c := range pod.Containers {
			if strings.HasPrefix(path, c.Path()+".") {
				return fmt.Sprintf("%s of %s", where, c.Title())
			}
		}
	}
	return fmt.Sprintf("%s of %s %s", where, p.Object.Kind, p.Object.Name)
}
