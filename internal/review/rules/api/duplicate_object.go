package api

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var duplicateObject = review.Rule{
	ID: "duplicate-object", Level: review.Error,
	Summary:   "An object is there twice in what is applied together",
	CheckRoot: checkDuplicateObject,
}

// landing is what an object is known by in a cluster.
type landing struct{ group, kind, namespace, name string }

func checkDuplicateObject(p *review.Pass) {
	first := map[landing]*manifests.Object{}
	shared := map[[2]string]int{} // how many objects two files have in common
	var twins [][2]*manifests.Object
	for _, o := range p.Root.Objects {
		if o.Name == "" || isPatch(p, o) || ofProgram(o) {
			continue
		}
		at := landing{o.Group(), o.Kind, p.Root.Namespace(o), o.Name}
		if k, ok := api(p).Kind(o.APIVersion, o.Kind); ok && !k.Namespaced {
			at.namespace = ""
		}
		before := first[at]
		if before == nil {
			first[at] = o
		} else if before.Hook == o.Hook { // Helm makes a hook's object when its time comes, and may take it away afterwards
			twins = append(twins, [2]*manifests.Object{before, o})
			shared[[2]string{fileOf(before), fileOf(o)}]++
		}
	}
	for _, t := range twins {
		files := [2]string{fileOf(t[0]), fileOf(t[1])}
		apart := p.Root.Root.Kind == manifests.Plain && files[0] != files[1]
		if !apart || shared[files] == 1 && !alternative(t) {
			reportTwins(p, t, apart)
		}
	}
}

func reportTwins(p *review.Pass, t [2]*manifests.Object, apart bool) {
	before, o := t[0], t[1]
	d := p.ReportOn(o, o.Field().Get("metadata", "name"), "%s %s is there twice%s", o.Kind, o.Name, also(before)).
		CausedBy(before, before.Field().Get("metadata", "name"))
	if bytes.Equal(bytes.TrimSpace(before.Raw), bytes.TrimSpace(o.Raw)) {
		d.Detail("The two are the same, so that one of them is of no use, and a change to only one of them will be fought over.%s", place(before)).Lower(review.Warning)
		return
	}
	d.Detail("Whichever is applied last replaces the other; Argo CD warns of it, and other tools refuse.%s", place(before))
	if apart {
		d.Lower(review.Warning) // nobody says that the files of a directory are applied together
	}
}

// examples matches the paths of files that show how something may be done.
var examples = regexp.MustCompile(`(?i)(^|[/._-])(examples?|samples?|demos?|alternatives?|tests?|testdata|docs?)([/._-]|$)`)

// alternative reports whether two objects of different files of a directory are not meant to be applied together: another
// version of the API, an example; or do no harm: namespaces that each file brings for itself.
func alternative(t [2]*manifests.Object) bool {
	return t[0].APIVersion != t[1].APIVersion || t[1].Kind == "Namespace" || t[1].Kind == "CustomResourceDefinition" ||
		examples.MatchString(fileOf(t[0])) || examples.MatchString(fileOf(t[1]))
}

func fileOf(o *manifests.Object) string {
	if len(o.Origins) == 0 || len(o.Origins[0]) == 0 {
		return ""
	}
	return o.Origins[0][0].Span.File
}

// also names the file that an object stands in, in words that follow its name; place says the line too, which moves.
func also(o *manifests.Object) string {
	if file := fileOf(o); file != "" {
		return ", also in " + file
	}
	return ""
}

func place(o *manifests.Object) string {
	origin, _ := o.OriginAt("metadata.name")
	if best := origin.Best(); best != nil && best.Span.File != "" {
		return fmt.Sprintf(" The other one is named in %s:%d.", best.Span.File, best.Span.Line)
	}
	return ""
}
