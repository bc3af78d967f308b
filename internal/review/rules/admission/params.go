package admission

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// misbound says that a binding cannot have parameters for a subject, "" where it can. The API server then refuses the
// request, whatever the binding has it do otherwise.
func (all *policies) misbound(p *review.Pass, one *policy, b binding, s *subject) string {
	kind, ref := one.spec.ParamKind, b.spec.ParamRef
	if kind == nil || ref == nil {
		return ""
	}
	switch info := all.kindOf(p, kind.APIVersion, kind.Kind); {
	case info.known && info.namespaced && ref.Namespace == "" && s.Namespace == "":
		return "paramRef names no namespace for " + kind.Kind + ", and the object is in none"
	case info.known && !info.namespaced && ref.Namespace != "":
		return "paramRef names a namespace, and " + kind.Kind + " is in none"
	}
	return ""
}

// paramsFor returns the parameters with which a binding has a subject evaluated; one nil where it wants none. ok is false
// where the repository does not have them.
func (all *policies) paramsFor(p *review.Pass, one *policy, b binding, s *subject) (params []map[string]any, ok bool) {
	kind, ref := one.spec.ParamKind, b.spec.ParamRef
	if kind == nil || ref == nil {
		return []map[string]any{nil}, true
	}
	gv, err := schema.ParseGroupVersion(kind.APIVersion)
	if err != nil {
		return nil, false
	}
	namespace := ""
	if info := all.kindOf(p, kind.APIVersion, kind.Kind); info.namespaced || !info.known && ref.Namespace != "" {
		if namespace = ref.Namespace; namespace == "" {
			namespace = s.Namespace
		}
	}
	selected := labels.Nothing()
	if ref.Selector != nil {
		if selected, err = metav1.LabelSelectorAsSelector(ref.Selector); err != nil {
			return nil, false
		}
	}
	for _, o := range slices.Concat(p.Index.Standing(kind.Kind), p.Index.Beyond(kind.Kind)) {
		if o.Group() != gv.Group || namespace != "" && p.Index.Namespace(o) != namespace || len(params) == maxParams {
			continue
		}
		if ref.Name != "" && o.Name == ref.Name || ref.Name == "" && selected.Matches(labelSet(o)) {
			params = append(params, valueOf(o))
		}
	}
	if len(params) == 0 {
		p.Omit("admission policies were not asked, as the repository does not have their parameters", one.object.Name+" (binding "+b.object.Name+")")
		return nil, false
	}
	return params, true
}

func labelSet(o *manifests.Object) labels.Set {
	set := labels.Set{}
	for _, e := range o.Field().Get("metadata", "labels").Entries() {
		set[e.Key] = e.Value.Text()
	}
	return set
}
