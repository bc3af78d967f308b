package gitops

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// postBuild is what a Kustomization of Flux does to objects after they are built.
func (w *World) postBuild(o *manifests.Object) manifests.Finish {
	spec := o.Field().Get("spec")
	after := commonMetadata(o)
	build := spec.Get("postBuild")
	if !build.IsMap() {
		return after
	}
	after.Variables = make(map[string]manifests.Variable)
	for _, from := range build.Get("substituteFrom").Items() {
		w.variablesFrom(o, from, &after)
	}
	for _, e := range build.Get("substitute").Entries() {
		after.Variables[e.Key] = manifests.Variable{Value: oneLine(e.Value.Text()), At: originOf(o, e.Value)}
	}
	after.Substitute = len(after.Variables)+len(after.Unknown) > 0
	return after
}

// commonMetadata are the labels and annotations that an object of Flux gives all that it applies.
func commonMetadata(o *manifests.Object) manifests.Finish {
	placed := func(key string) map[string]manifests.Variable {
		all := make(map[string]manifests.Variable)
		for _, e := range o.Field().Get("spec", "commonMetadata", key).Entries() {
			all[e.Key] = manifests.Variable{Value: e.Value.Text(), At: originOf(o, e.Value)}
		}
		return all
	}
	return manifests.Finish{Labels: placed("labels"), Annotations: placed("annotations")}
}

// variablesFrom takes the variables of a ConfigMap or Secret. The values of Secrets stay unknown, so that they come up
// nowhere: only what is not in the repository, or not in the clear, is.
func (w *World) variablesFrom(o *manifests.Object, from manifests.Field, after *manifests.Finish) {
	kind, called := from.Get("kind").Text(), from.Get("name").Text()
	holder := w.object("", kind, o.Namespace, called)
	if unknown := unknownIn(holder, kind, called); unknown != "" {
		after.Unknown = append(after.Unknown, unknown)
		return
	}
	for _, e := range holder.Field().Get("data").Entries() {
		after.Variables[e.Key] = manifests.Variable{Value: oneLine(e.Value.Text()), At: originOf(holder, e.Value)}
	}
}

// unknownIn names what values are taken from when nobody knows them here: what is not in the repository, Secrets, and what is
// encrypted with SOPS, which Flux decrypts. It is "" for all else.
func unknownIn(holder *manifests.Object, kind, called string) string {
	switch {
	case holder == nil || kind == "Secret":
		return fmt.Sprintf("%s %s", kind, called)
	case holder.Field().Get("sops").IsMap():
		return fmt.Sprintf("%s %s, which is encrypted,", kind, called)
	}
	return ""
}

// oneLine is a value as Flux substitutes it, without line breaks.
func oneLine(value string) string { return strings.ReplaceAll(value, "\n", "") }

// texts is a mapping of texts.
func texts(f manifests.Field) map[string]string {
	if !f.IsMap() {
		return nil
	}
	all := make(map[string]string)
	for _, e := range f.Entries() {
		all[e.Key] = e.Value.Text()
	}
	return all
}
