package api

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

var schema = review.Rule{
	ID: "schema", Level: review.Error,
	Summary:     "An object is not what the API server takes: unknown or doubled fields, wrong types, values or forms",
	Kinds:       []string{review.AnyKind},
	Definitions: true,
	Check:       checkSchema,
}

func checkSchema(p *review.Pass) {
	is, _ := standingOf(p, p.Object)
	found := violations(p, is)
	if isPatch(p, p.Object) {
		return
	}
	if is == nameless {
		reportKind(p)
	}
	for _, v := range found {
		if !excused(p, v) {
			reportViolation(p, v)
		}
	}
	if is == served {
		checkRefused(p)
	}
}

// violations compares the object with what is known of its kind. Keys that are written twice are wrong in any.
func violations(p *review.Pass, is standing) []kubeapi.Violation {
	set, o := api(p), p.Object
	switch is {
	case served:
		if p.Kube.Minor != set.Minor {
			p.Omit("there are no schemas of the version, those of the nearest one are used", fmt.Sprintf("Kubernetes %s as 1.%d", p.Kube, set.Minor))
		}
		return check(p, set.Schema(o.APIVersion, o.Kind))
	case defined:
		return byDefinition(p)
	case foreign:
		if !ofProgram(o) {
			p.Omit("not held against a schema, as the repository has no CustomResourceDefinition of it", title(o))
		}
	}
	return check(p, &kubeapi.Schema{Preserve: true})
}

func check(p *review.Pass, s *kubeapi.Schema) []kubeapi.Violation {
	found, complete := s.Check(p.Object.Field())
	if !complete {
		p.Omit("too large, or with too many faults, to be held against its schema to the end", p.Object.String())
	}
	return found
}

// byDefinition compares a custom object with its definition. Where the repository has several that differ, the one that
// it fits best counts.
func byDefinition(p *review.Pass) (fewest []kubeapi.Violation) {
	all, meta, found := repositoryDefinitions(p), api(p).ObjectMeta(), false
	for _, d := range definitionsOf(p, p.Object) {
		version := d.Version(versionOf(p.Object))
		if version == nil {
			continue // the rule api-removed says so
		}
		c := d.compile(all, version, meta)
		if c.err != nil {
			p.Omit("not held against all of its definition, which cannot be read", title(p.Object))
		}
		if c.schema == nil {
			continue
		}
		v := check(p, c.schema)
		if len(v) == 0 {
			v = c.meets(p, all)
		}
		if !found || len(v) < len(fewest) {
			fewest, found = v, true
		}
	}
	if !found {
		return check(p, &kubeapi.Schema{Preserve: true})
	}
	return fewest
}

// reportKind says that a version of a group has no kind of the name, if the name is a slip: groups of Kubernetes' own
// hold what Kubernetes puts there, but for the core group, into which OpenShift once put kinds of its own.
func reportKind(p *review.Pass) {
	set, o := api(p), p.Object
	for _, k := range set.Named(o.Kind) {
		p.Report(o.Field().Get("apiVersion"), "%s has no kind %s, which is of %s", o.APIVersion, o.Kind, k.APIVersion).
			Detail("The API server does not know the kind in this group and refuses the object.").
			Fix("Name the version that has the kind", review.Set(o.Field().Get("apiVersion"), k.APIVersion)).Unsafe()
		return
	}
	meant := kubeapi.Nearest(o.Kind, set.Names(o.Group()))
	if meant == "" && o.Group() == "" {
		return
	}
	d := p.Report(o.Field().Get("kind"), "%s has no kind %s%s", o.APIVersion, o.Kind, isMeant(meant)).
		Detail("The API server does not know the kind and refuses the object.")
	if meant != "" {
		d.Fix("Name the kind "+meant, review.Set(o.Field().Get("kind"), meant)).Unsafe()
	}
}

func isMeant(name string) string {
	if name == "" {
		return ""
	}
	return ", " + name + " is meant"
}

// excused reports whether a violation is none of the object that is applied: SOPS keeps what it needs for decryption in a
// field of its own, and of a version that is newer than all that is known, new fields and values are not.
func excused(p *review.Pass, v kubeapi.Violation) bool {
	newer := p.Kube.Minor > api(p).Minor
	switch v.Fault {
	case kubeapi.Unknown:
		return newer || v.At.Path() == "sops" && v.At.Get("mac").Exists()
	case kubeapi.Choice:
		return newer
	}
	return false
}

// isPatch reports whether an object of plain files is a patch that no kustomization uses, as scaffolds of operators leave
// them: by the name of its file or directory. Parts of objects are all that they hold.
func isPatch(p *review.Pass, o *manifests.Object) bool {
	if p.Root.Root.Kind != manifests.Plain {
		return false
	}
	file := fileOf(o)
	return strings.Contains(strings.ToLower(file), "patch") && patchFile.MatchString(file)
}
