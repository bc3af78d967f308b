package ownrule

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/admission"
)

// CustomKinds returns the names, without groups, of the rule's kinds that Kubernetes 1.minor itself does not have.
func (d *Definition) CustomKinds(minor int) (names []string) {
	for _, kind := range d.Kinds {
		if isCustom(kubeapi.For(minor), kind) {
			name, _, _ := strings.Cut(kind, ".")
			names = append(names, name)
		}
	}
	return names
}

func isCustom(api *kubeapi.Set, kind string) bool {
	return kind != review.AnyKind && kind != review.Workloads && kind != review.ImageUsers && len(builtIn(api, kind)) == 0
}

// CheckCustom holds the expressions against what CustomResourceDefinitions say of the rule's custom kinds. Of all the
// served versions of a kind, in whatever definitions of it there are, one has to fit. What a definition leaves open
// (x-kubernetes-preserve-unknown-fields, no schema at all) has no type, as in the API server.
func (d *Definition) CheckCustom(compiler *admission.Compiler, minor int, definitions []*kubeapi.Definition) (mistakes []admission.Mistake, err error) {
	api := kubeapi.For(minor)
	for _, kind := range d.Kinds {
		if !isCustom(api, kind) {
			continue
		}
		versions, open := definedVersions(kind, definitions, api.ObjectMeta())
		if open {
			continue
		}
		found, err := d.checkTypes(compiler, versions)
		if err != nil {
			return nil, err
		}
		mistakes = append(mistakes, found...)
	}
	return mistakes, nil
}

// definedVersions returns the served versions of a custom kind. open says that one of them cannot be read: any
// expression may be right.
func definedVersions(kind string, definitions []*kubeapi.Definition, meta *kubeapi.Schema) (all []typed, open bool) {
	name, group, grouped := strings.Cut(kind, ".")
	for _, d := range definitions {
		if d.Kind != name || grouped && d.Group != group {
			continue
		}
		for i := range d.Versions {
			v := &d.Versions[i]
			if !v.Served {
				continue
			}
			schema, err := v.Compile(meta)
			if err != nil {
				return nil, true
			}
			all = append(all, typed{d.Kind + " in " + d.Group + "/" + v.Name + ", by its CustomResourceDefinition", schema})
		}
	}
	return all, false
}
