package rbac

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var subjectMissing = review.Rule{
	ID: "rbac-subject-missing", Level: review.Warning, Guidelines: []string{"G7"},
	Summary: "A binding names a service account that is not there",
	Kinds:   onBindings(),
	Params:  func() any { return &elsewhereParams{} },
	Check:   checkSubjectMissing,
}

func checkSubjectMissing(p *review.Pass) {
	elsewhere, known := review.Params[elsewhereParams](p), worldOf(p.Index).heard
	for _, s := range bindingOf(p.Object, p.Root, p.Root.Namespace(p.Object)).subjects {
		id := [2]string{"ServiceAccount", s.name}
		switch {
		case s.kind != "ServiceAccount" || s.name == "" || s.name == "default" || elsewhere.has(s.kind, s.namespace, s.name):
			continue
		case has(known.named[id], s.namespace), has(known.runs[id], s.namespace):
			continue
		case !known.homes[s.namespace] && !slices.ContainsFunc(p.Root.OfKind("ServiceAccount"), isCalled(s.name)):
			continue // what the namespaces of others hold is not known here
		}
		p.Report(s.at.Get("name"), "%s %s names %s, which the repository does not have", p.Object.Kind, p.Object.Name, s).
			Related(s.at.Get("namespace")).
			Detail("The role goes to whoever makes an account of that name in that namespace, and the application that was meant does without it.")
	}
}

func isCalled(name string) func(*manifests.Object) bool {
	return func(o *manifests.Object) bool { return o.Name == name }
}
