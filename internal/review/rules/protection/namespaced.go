package protection

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

// abandoned reports whether what p.Object protected in a namespace is gone as well: the namespace itself, or all that the
// root had in it.
func abandoned(p *review.Pass, namespace string) bool {
	is := func(o *manifests.Object) bool { return o.Name == namespace && o.Group() == "" }
	declared := slices.ContainsFunc(p.Base.OfKind("Namespace"), is)
	still := p.Index.Find("Namespace", "", namespace) != nil || slices.ContainsFunc(p.Root.OfKind("Namespace"), is)
	switch {
	case declared && !still:
		return true
	case declared || still || namespace == "" && p.Base.Root.Kind != manifests.Helm:
		return false
	}
	ran := slices.ContainsFunc(p.Base.Objects, func(o *manifests.Object) bool { return runsIn(p.Base, o, namespace) })
	runs := slices.ContainsFunc(p.Root.Objects, func(o *manifests.Object) bool { return runsIn(p.Root, o, namespace) })
	return ran && !runs
}

func runsIn(root *review.RootView, o *manifests.Object, namespace string) bool {
	return len(root.Workloads(o)) > 0 && root.Namespace(o) == namespace
}

// standards are the Pod Security Standards, from what they leave open to what they close.
var standards = map[string]int{"privileged": 0, "baseline": 1, "restricted": 2}

// sparingLabels are labels of namespaces that keep policies away from them, and those without which they do not come.
var (
	sparingLabels  = map[string]string{"admission.gatekeeper.sh/ignore": "Gatekeeper's constraints", "config.linkerd.io/admission-webhooks": "Linkerd's webhooks"}
	demandedLabels = map[string]string{"policy.sigstore.dev/include": "the check of images' signatures"}
)

// readNamespace reads what a namespace's labels ask for.
func readNamespace(_ side, o *manifests.Object) (all []*guard) {
	labels := o.Field().Get("metadata", "labels")
	at := labels.Get("pod-security.kubernetes.io/enforce")
	if n, known := standards[at.Text()]; known {
		all = append(all, &guard{key: "psa " + o.Name, does: "the enforcement of Pod Security Standard", at: at, idle: n == 0,
			grades: []grade{{n, at.Text(), at}}})
	}
	for label, what := range sparingLabels {
		g := &guard{key: "spared " + o.Name + " " + label, does: what, at: labels.Get(label)}
		if value := labels.Get(label); value.IsSet() && value.Text() != "false" && value.Text() != "enabled" {
			g.idle = true
			g.except(label, "the namespace", value)
		}
		all = append(all, g)
	}
	for label, what := range demandedLabels {
		if value := labels.Get(label); value.Text() == "true" {
			all = append(all, &guard{key: "asked " + o.Name + " " + label, does: what, at: value})
		}
	}
	slices.SortFunc(all, func(a, b *guard) int { return strings.Compare(a.key, b.key) })
	return all
}

// readQuota reads what a ResourceQuota limits in its namespace. What has scopes is only for some pods.
func readQuota(s side, o *manifests.Object) (all []*guard) {
	spec := o.Field().Get("spec")
	namespace := s.Namespace(o)
	var narrowed scope
	for _, name := range spec.Get("scopes").Items() {
		narrowed.except(name.Text(), "pods that are not of scope "+name.Text(), name)
	}
	for _, term := range spec.Get("scopeSelector", "matchExpressions").Items() {
		narrowed.except(canonical(term), "pods that are not of scope "+term.Get("scopeName").Text(), term)
	}
	for _, e := range spec.Get("hard").Entries() {
		all = append(all, &guard{key: "quota " + namespace + " " + strings.TrimPrefix(e.Key, "requests."), does: "the quota of " + e.Key,
			limit: limitOf(e.Value), scope: narrowed, at: e.Value})
	}
	return all
}

// limitOf reads a quantity; nil for what is none, which is not compared.
func limitOf(f manifests.Field) *limit {
	const longest = 64
	text := strings.TrimSpace(f.Text())
	if text == "" || len(text) > longest {
		return nil
	}
	q, err := kubeapi.ParseQuantity(text)
	if err != nil {
		return nil
	}
	return &limit{q.AsApproximateFloat64(), text}
}

// readLimitRange reads what a LimitRange limits, and what it gives to containers that say nothing.
func readLimitRange(s side, o *manifests.Object) (all []*guard) {
	namespace := s.Namespace(o)
	for _, item := range o.Field().Get("spec", "limits").Items() {
		of := item.Get("type").Text()
		for _, key := range []string{"max", "default", "maxLimitRequestRatio"} {
			for _, e := range item.Get(key).Entries() {
				all = append(all, &guard{key: strings.Join([]string{"limit", namespace, of, key, e.Key}, " "), does: "the " + limitNames[key] + " of " + e.Key + " for a " + of,
					limit: limitOf(e.Value), at: e.Value})
			}
		}
	}
	return all
}

var limitNames = map[string]string{"max": "most", "default": "default limit", "maxLimitRequestRatio": "highest ratio"}
