package admission

import (
	"fmt"
	"slices"

	registration "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"
)

// Exempt reports whether no policy is asked about objects of the request's kind: those that govern admission itself.
func (r *Request) Exempt() bool { return rules.IsExemptAdmissionConfigurationResource(r.bare) }

// Concerns reports whether criteria may be for objects of a resource at all, or of its other names.
func Concerns(criteria *registration.MatchResources, names ...schema.GroupVersionResource) bool {
	if criteria == nil || len(criteria.ResourceRules) == 0 {
		return true
	}
	return slices.ContainsFunc(criteria.ResourceRules, func(rule registration.NamedRuleWithOperations) bool {
		rule.Scope, rule.Operations = nil, []registration.OperationType{registration.OperationAll}
		return slices.ContainsFunc(names, func(name schema.GroupVersionResource) bool {
			matcher := rules.Matcher{Rule: rule.RuleWithOperations, Attr: renamed{nil, name}}
			return matcher.Matches()
		})
	})
}

// Scope is what decides, beside a request itself, whether a policy is for it.
type Scope struct {
	Namespace *Namespace // of the object; nil for kinds without
	Labelled  bool       // all labels of the namespace are known, not only its name

	// Equivalent are the other resources, groups and versions under which the API server has the same object.
	Equivalent []schema.GroupVersionResource
}

// Match says whether a policy or binding is for a request.
type Match uint8

// The matches.
const (
	Elsewhere Match = iota // it is not for it
	Matches
	Unclear // labels of the namespace decide, which are not known
)

// Match holds a request against the criteria of a policy or a binding; nil matches everything. as is the resource under
// which it matched. The error says that the criteria are malformed.
func (r *Request) Match(criteria *registration.MatchResources, scope Scope) (found Match, as schema.GroupVersionResource, err error) {
	if criteria == nil {
		return Matches, r.resource, nil
	}
	if excluded, _ := r.matchesAny(criteria.ExcludeResourceRules, criteria.MatchPolicy, scope); excluded {
		return Elsewhere, r.resource, nil
	}
	as = r.resource
	if len(criteria.ResourceRules) > 0 {
		var ok bool
		if ok, as = r.matchesAny(criteria.ResourceRules, criteria.MatchPolicy, scope); !ok {
			return Elsewhere, as, nil
		}
	}
	if ok, err := r.matchesLabels(criteria.ObjectSelector); err != nil || !ok {
		return Elsewhere, as, err
	}
	found, err = r.matchNamespace(criteria.NamespaceSelector, scope)
	return found, as, err
}

// matchesAny holds a request against rules on resources, as the API server does: exactly first, and then, unless the
// policy wants it exact, under the other names of the resource.
func (r *Request) matchesAny(list []registration.NamedRuleWithOperations, policy *registration.MatchPolicyType, scope Scope) (bool, schema.GroupVersionResource) {
	names := []schema.GroupVersionResource{r.resource}
	if policy == nil || *policy != registration.Exact { // Equivalent is the default
		names = append(names, scope.Equivalent...)
	}
	for _, name := range names {
		for _, rule := range list {
			matcher := rules.Matcher{Rule: rule.RuleWithOperations, Attr: renamed{r.bare, name}}
			if matcher.Matches() && (len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, r.Name)) {
				return true, name
			}
		}
	}
	return false, r.resource
}

// renamed is a request under another name of its resource.
type renamed struct {
	admission.Attributes
	resource schema.GroupVersionResource
}

// GetOperation returns the request's operation, if there is a request.
func (r renamed) GetOperation() admission.Operation {
	if r.Attributes == nil {
		return admission.Create
	}
	return r.Attributes.GetOperation()
}

// GetSubresource returns nothing: manifests are about objects themselves.
func (r renamed) GetSubresource() string { return "" }

// GetResource returns the other name.
func (r renamed) GetResource() schema.GroupVersionResource { return r.resource }

// matchesLabels holds the labels of the object, or of what it was, against a selector.
func (r *Request) matchesLabels(selector *metav1.LabelSelector) (bool, error) {
	if selector == nil || len(selector.MatchLabels)+len(selector.MatchExpressions) == 0 {
		return true, nil
	}
	made, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return false, fmt.Errorf("objectSelector: %w", err)
	}
	for _, object := range []map[string]any{r.Object, r.Old} {
		if object != nil && made.Matches(labelsOf(object)) {
			return true, nil
		}
	}
	return false, nil
}

func labelsOf(object map[string]any) labels.Set {
	set := labels.Set{}
	for key, value := range tree(object).at("metadata", "labels") {
		if text, ok := value.(string); ok {
			set[key] = text
		}
	}
	return set
}

// matchNamespace holds the labels of the object's namespace against a selector, or those of the object where it is a
// namespace itself. Other objects without namespace match any.
func (r *Request) matchNamespace(selector *metav1.LabelSelector, scope Scope) (Match, error) {
	if selector == nil || len(selector.MatchLabels)+len(selector.MatchExpressions) == 0 {
		return Matches, nil
	}
	made, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return Elsewhere, fmt.Errorf("namespaceSelector: %w", err)
	}
	var set labels.Set
	known := true
	switch isNamespace := r.resource.Group == "" && r.Kind == "Namespace"; {
	case isNamespace && (r.Object != nil || r.Old != nil):
		if set = labelsOf(r.Object); r.Object == nil {
			set = labelsOf(r.Old) // it is deleted
		}
		if set[nameLabel] == "" {
			set[nameLabel] = r.Name
		}
	case scope.Namespace == nil:
		return Matches, nil
	default:
		set, known = scope.Namespace.object.Labels, scope.Labelled
	}
	if !known && asksFurther(made) {
		return Unclear, nil
	}
	if made.Matches(set) {
		return Matches, nil
	}
	return Elsewhere, nil
}

// asksFurther reports whether a selector asks for more than a namespace's name.
func asksFurther(selector labels.Selector) bool {
	requirements, selectable := selector.Requirements()
	return !selectable || slices.ContainsFunc(requirements, func(r labels.Requirement) bool { return r.Key() != nameLabel })
}
