package api

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

// patchFile matches the paths of files that hold patches: "patch" is a word of the file's or a directory's name.
var patchFile = regexp.MustCompile(`(?i)(^|[/._-])patch(es)?([/._-]|$)`)

// consequence says what becomes of an object with a fault.
func consequence(f kubeapi.Fault) string {
	switch f {
	case kubeapi.Unknown:
		return "The API server refuses the object when fields are validated, as kubectl and server-side apply have it, and else drops the field: what it is to bring about does not happen."
	case kubeapi.Twice:
		return "One of the two is dropped, and which one depends on who reads the object; the API server refuses it when fields are validated."
	case kubeapi.Repeated:
		return "The API server refuses the object, since the items could not be told apart."
	}
	return "The API server refuses the object."
}

// reportViolation says a violation in a line: where, what, and what was meant. Values are not shown, but for words to
// choose from.
func reportViolation(p *review.Pass, v kubeapi.Violation) {
	o, at := p.Object, placeOf(p, v.At)
	value := ""
	if v.Fault == kubeapi.Choice && o.Kind != "Secret" {
		value = " " + strconv.Quote(clip(v.At.Text()))
	}
	d := p.Report(v.At, "%s%s %s%s", at, value, text(v), isMeant(v.Meant)).Detail("%s", consequence(v.Fault))
	if v.Fault == kubeapi.Unknown {
		d.OnKey()
	}
	switch {
	case v.Right != nil:
		d.Fix("Write it as it is meant", review.Set(v.At, v.Right))
	case v.Meant != "" && v.At.Node() != nil && v.At.IsSet() && !v.At.IsMap() && !v.At.IsList():
		d.Fix("Name the field "+v.Meant, review.Set(beside(v.At, v.Meant), kubeapi.Value(v.At.Node())), review.Remove(v.At)).Unsafe()
	}
}

func text(v kubeapi.Violation) string {
	if v.Fault != kubeapi.Unknown {
		return v.Text
	}
	if v.Owner != nil && v.Owner.Name != "" {
		return "is no field of " + v.Owner.Name
	}
	return "is no field that its definition has"
}

func clip(text string) string {
	const most = 160
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// beside returns the field of the same mapping under another key.
func beside(at manifests.Field, key string) manifests.Field {
	path := at.Path()
	cut := max(strings.LastIndexByte(path, '.'), 0)
	if strings.HasSuffix(path, "]") {
		cut = strings.LastIndexByte(path, '[')
	}
	return manifests.NewField(nil, manifests.KeyPath(path[:cut], key))
}

// placeOf names a field for messages: within a container by its title, items of lists by their names, and the whole object by
// its kind and name.
func placeOf(p *review.Pass, at manifests.Field) string {
	if at.Path() == "" {
		return p.Object.Kind + " " + p.Object.Name
	}
	for _, pod := range p.Root.Workloads(p.Object) {
		for _, c := range pod.Containers {
			if rest, ok := strings.CutPrefix(at.Path(), c.Path()); ok && rest != "" {
				return c.Title() + ": " + strings.TrimPrefix(named(c.Field, rest), ".")
			}
		}
	}
	return strings.TrimPrefix(named(p.Object.Field(), at.Path()), ".")
}

var step = regexp.MustCompile(`^(?:\.?([^.\[]+)|\[([^\]]*)\])`)

// named writes the rest of a path from a field on with the names of items in place of their positions, where they have
// one.
func named(from manifests.Field, rest string) string {
	var b strings.Builder
	for at := from; rest != ""; {
		m := step.FindStringSubmatch(rest)
		if m == nil {
			return b.String() + rest
		}
		rest = rest[len(m[0]):]
		if i, err := strconv.Atoi(m[2]); err == nil && at.IsList() {
			at = at.At(i)
			if name := at.Get("name").Text(); name != "" && len(name) < 64 && rest != "" {
				m[0] = "[" + name + "]"
			}
		} else {
			at = at.Get(m[1] + m[2])
		}
		b.WriteString(m[0])
	}
	return b.String()
}

// at returns the field of an object at a path as Kubernetes writes it, with positions and keys in brackets.
func at(object manifests.Field, path string) manifests.Field {
	f := object
	for rest := path; rest != ""; {
		m := step.FindStringSubmatch(rest)
		if m == nil {
			return f
		}
		rest = rest[len(m[0]):]
		if i, err := strconv.Atoi(m[2]); err == nil && f.IsList() {
			f = f.At(i)
		} else {
			f = f.Get(m[1] + m[2])
		}
	}
	return f
}

// title names a kind with its group: "Ingress of extensions/v1beta1".
func title(o *manifests.Object) string { return fmt.Sprintf("%s of %s", o.Kind, o.APIVersion) }
