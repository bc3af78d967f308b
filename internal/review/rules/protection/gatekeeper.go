package protection

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// enforcements are what Gatekeeper does with an object that violates a constraint.
var enforcements = map[string]int{"dryrun": 1, "warn": 2, "deny": 3}

// readConstraint reads a constraint of Gatekeeper, whatever kind its template has made.
func readConstraint(_ side, o *manifests.Object) []*guard {
	spec := o.Field().Get("spec")
	match, parameters := spec.Get("match"), spec.Get("parameters")
	g := &guard{key: "constraint " + o.Kind + "|" + canonical(parameters, "exemptImages"), does: "the constraint", at: spec,
		grades: []grade{enforcementOf(spec)}}
	var kinds []string
	for _, m := range match.Get("kinds").Items() {
		for _, group := range orAll(texts(m.Get("apiGroups"))) {
			for _, kind := range orAll(texts(m.Get("kinds"))) {
				kinds = append(kinds, groupName(group)+" "+kind)
			}
		}
	}
	if kinds != nil {
		g.only("kinds", match.Get("kinds"), kinds...)
	}
	if list := match.Get("namespaces"); len(list.Items()) > 0 {
		g.only("namespaces", list, texts(list)...)
	}
	if of := match.Get("scope").Text(); of != "" && of != "*" {
		g.only("objects of scope", match.Get("scope"), of)
	}
	if name := match.Get("name"); name.Text() != "" && name.Text() != "*" {
		g.only("objects called", name, name.Text())
	}
	for _, namespace := range match.Get("excludedNamespaces").Items() {
		g.except("namespace "+namespace.Text(), "namespace "+namespace.Text(), namespace)
	}
	for _, image := range parameters.Get("exemptImages").Items() {
		g.except("image "+image.Text(), "images "+image.Text(), image)
	}
	g.narrowBy("objects", match.Get("labelSelector"))
	g.narrowBy("namespaces", match.Get("namespaceSelector"))
	return []*guard{g}
}

// enforcementOf returns a constraint's action, of several the strictest; deny when it says none.
func enforcementOf(spec manifests.Field) grade {
	at := spec.Get("enforcementAction")
	if at.Text() != "scoped" {
		if n, known := enforcements[at.Text()]; known {
			return grade{n, at.Text(), at}
		}
		return grade{enforcements["deny"], "deny", at}
	}
	worst := grade{0, "nothing", at}
	for _, scoped := range spec.Get("scopedEnforcementActions").Items() {
		if n := enforcements[scoped.Get("action").Text()]; n > worst.n {
			worst = grade{n, scoped.Get("action").Text(), scoped.Get("action")}
		}
	}
	return worst
}

// readTemplate reads the template of constraints, without which they do nothing.
func readTemplate(_ side, o *manifests.Object) []*guard {
	kind := o.Field().Get("spec", "crd", "spec", "names", "kind")
	return []*guard{{key: "template " + kind.Text(), does: "what constraints of kind " + kind.Text() + " refuse", at: kind}}
}

// constraintsGone reports whether all of a template's constraints go with it, which is said of each of those.
func constraintsGone(p *review.Pass) bool {
	kind := p.Object.Field().Get("spec", "crd", "spec", "names", "kind").Text()
	return len(p.Base.OfKind(kind)) > 0 && len(p.Root.OfKind(kind)) == 0
}

// readGatekeeperConfig reads which namespaces Gatekeeper leaves out altogether.
func readGatekeeperConfig(_ side, o *manifests.Object) []*guard {
	match := o.Field().Get("spec", "match")
	g := &guard{key: "gatekeeper", does: "what Gatekeeper looks at", at: match}
	for _, m := range match.Items() {
		for _, process := range orAll(texts(m.Get("processes"))) {
			for _, namespace := range m.Get("excludedNamespaces").Items() {
				g.except(process+" "+namespace.Text(), "namespace "+namespace.Text(), namespace)
			}
		}
	}
	return []*guard{g}
}

// readKubewarden reads a policy of Kubewarden.
func readKubewarden(s side, o *manifests.Object) []*guard {
	spec := o.Field().Get("spec")
	module, _, _ := strings.Cut(spec.Get("module").Text(), "@")
	if i := strings.LastIndexByte(module, ':'); i > strings.LastIndexByte(module, '/') {
		module = module[:i]
	}
	g := &guard{key: "kubewarden|" + module + canonical(spec.Get("settings")), does: "the policy", at: spec, grades: []grade{modeOf(spec.Get("mode"), "protect", "monitor"), failureOf(spec)}}
	if o.Kind == "AdmissionPolicy" {
		g.only("namespace", o.Field().Get("metadata", "namespace"), s.Namespace(o))
	}
	g.only("requests", spec.Get("rules"), requests(spec.Get("rules"))...)
	g.narrowBy("namespaces", spec.Get("namespaceSelector"))
	g.narrowBy("objects", spec.Get("objectSelector"))
	return []*guard{g}
}

// modeOf reads a field that is strict unless it holds the lenient word.
func modeOf(at manifests.Field, strict, lenient string) grade {
	if at.Text() == lenient {
		return grade{1, lenient, at}
	}
	return grade{2, strict, at}
}

// readImagePolicy reads the images that a policy of Sigstore's admission controller asks signatures of.
func readImagePolicy(_ side, o *manifests.Object) (all []*guard) {
	spec := o.Field().Get("spec")
	mode := modeOf(spec.Get("mode"), "enforce", "warn")
	for _, image := range spec.Get("images").Items() {
		glob := image.Get("glob")
		authorities := grade{2, "signatures that are checked", spec.Get("authorities")}
		for _, a := range spec.Get("authorities").Items() {
			if pass := a.Get("static", "action"); pass.Text() == "pass" {
				authorities = grade{1, "none", pass}
			}
		}
		all = append(all, &guard{key: "signatures " + glob.Text(), does: "the check of signatures of " + glob.Text(), at: image, grades: []grade{mode, authorities}})
	}
	return all
}
