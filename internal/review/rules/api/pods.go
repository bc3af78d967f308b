package api

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

// labelled is something with labels: a pod's template, or a Service.
type labelled struct {
	labels manifests.Field
	pod    *review.Workload  // nil for a Service
	object *manifests.Object // what has the labels, or the template
}

// shelf holds labelled things of one namespace, to be found by their labels.
type shelf struct {
	all     []labelled
	byLabel map[[2]string][]labelled
	keys    map[string]bool
	steady  bool // some of them serve for good: they are no Jobs, nor hooks
}

// shelves holds them by namespace; "" for those of which nobody knows where they land.
type shelves map[string]*shelf

// everywhere is the shelf of all namespaces: no namespace is called so.
const everywhere = "*"

func (s shelves) put(namespace string, l labelled) {
	for _, at := range []string{namespace, everywhere} {
		if s[at] == nil {
			s[at] = &shelf{byLabel: map[[2]string][]labelled{}, keys: map[string]bool{}}
		}
		s[at].all = append(s[at].all, l)
		s[at].steady = s[at].steady || isSteady(l.object)
		for _, e := range l.labels.Entries() {
			key := [2]string{e.Key, e.Value.Text()}
			s[at].keys[e.Key] = true
			s[at].byLabel[key] = append(s[at].byLabel[key], l)
		}
	}
}

func isSteady(o *manifests.Object) bool {
	return o.Hook == "" && o.Kind != "Job" && o.Kind != "CronJob"
}

// selected returns what a selector selects: a mapping of labels when it is plain, else one with matchLabels and
// matchExpressions. It looks at those only that have the rarest of the labels, and no further than mostSelected.
func (s *shelf) selected(selector manifests.Field, plain bool) (found []labelled) {
	if s == nil {
		return nil
	}
	want := selector
	if !plain {
		want = selector.Get("matchLabels")
	}
	few := s.all
	for _, e := range want.Entries() {
		if with := s.byLabel[[2]string{e.Key, e.Value.Text()}]; len(with) < len(few) {
			few = with
		}
	}
	for _, item := range selector.Get("matchExpressions").Items() {
		if with, ok := s.among(item); ok && !plain && len(with) < len(few) {
			few = with
		}
	}
	for _, l := range few {
		if len(found) == mostSelected {
			break
		}
		if plain && review.SelectsPlain(selector, l.labels) || !plain && review.Selects(selector, l.labels) {
			found = append(found, l)
		}
	}
	return found
}

// mostSelected is how many of what is selected are looked at: a selector may be one of thousands that select everything.
const mostSelected = 500

// among returns what has one of the values that an expression asks for; false for expressions that ask for none.
func (s *shelf) among(expression manifests.Field) (with []labelled, ok bool) {
	if expression.Get("operator").Text() != "In" {
		return nil, false
	}
	key := expression.Get("key").Text()
	for _, value := range expression.Get("values").Items() {
		with = append(with, s.byLabel[[2]string{key, value.Text()}]...)
	}
	return with, true
}

// meets reports whether anything has a label.
func (s *shelf) meets(key, value string) bool { return len(s.byLabel[[2]string{key, value}]) > 0 }

func podsOf(v *review.RootView) shelves {
	return review.Once(v, "api-pods", func(v *review.RootView) shelves {
		all := shelves{}
		for _, o := range v.Objects {
			for _, pod := range v.Workloads(o) {
				all.put(v.Namespace(o), labelled{pod.Meta.Get("labels"), pod, o})
			}
		}
		return all
	})
}

func servicesOf(v *review.RootView) shelves {
	return review.Once(v, "api-services", func(v *review.RootView) shelves {
		all := shelves{}
		for _, o := range v.OfKind("Service") {
			if o.Group() == "" {
				all.put(v.Namespace(o), labelled{o.Field().Get("metadata", "labels"), nil, o})
			}
		}
		return all
	})
}

// podsIn are the pods of the whole repository, as far as they are rendered.
func podsIn(x *review.Index) shelves {
	return review.OnceOf(x, "api-pods", func(x *review.Index) shelves {
		all := shelves{}
		for _, kind := range podKinds() {
			for _, o := range x.OfKind(kind) {
				if view := x.View(o); view != nil {
					for _, pod := range view.Workloads(o) {
						all.put(view.Namespace(o), labelled{pod.Meta.Get("labels"), pod, o})
					}
				}
			}
		}
		return all
	})
}

// podsBeyond are the pods of the plain source that is not rendered.
func podsBeyond(x *review.Index) shelves {
	return review.OnceOf(x, "api-pods-beyond", func(x *review.Index) shelves {
		all := shelves{}
		for _, kind := range podKinds() {
			objects := x.Beyond(kind)
			view := review.NewRootView(manifests.Root{}, objects)
			for _, o := range objects {
				for _, pod := range view.Workloads(o) {
					all.put(o.Namespace, labelled{pod.Meta.Get("labels"), pod, o})
				}
			}
		}
		return all
	})
}

func servicesIn(x *review.Index) shelves {
	return review.OnceOf(x, "api-services", func(x *review.Index) shelves {
		all := shelves{}
		for _, o := range x.OfKind("Service") {
			if o.Group() == "" {
				all.put(x.Namespace(o), labelled{o.Field().Get("metadata", "labels"), nil, o})
			}
		}
		for _, o := range x.Beyond("Service") {
			all.put(o.Namespace, labelled{o.Field().Get("metadata", "labels"), nil, o})
		}
		return all
	})
}

func podKinds() []string {
	return []string{"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Rollout", "DeploymentConfig"}
}

// within returns what is selected in a namespace, or may be there: where the namespace is not known, in any; and what
// nobody knows the namespace of.
func (s shelves) within(namespace string, selector manifests.Field, plain bool) []labelled {
	if namespace == "" {
		return s[everywhere].selected(selector, plain)
	}
	if found := s[namespace].selected(selector, plain); len(found) > 0 {
		return found
	}
	return s[""].selected(selector, plain)
}

// choice is a selector of pods in the namespace of an object.
type choice struct {
	selector manifests.Field
	plain    bool // a mapping of labels, as a Service has it
}

func (c choice) labels() manifests.Field {
	if c.plain {
		return c.selector
	}
	return c.selector.Get("matchLabels")
}

// pods returns the pods that are selected in the namespace of p.Object: of its root, else of those that are rendered, else
// of the plain source.
func (c choice) pods(p *review.Pass) []labelled {
	namespace := p.Root.Namespace(p.Object)
	if found := podsOf(p.Root).within(namespace, c.selector, c.plain); len(found) > 0 {
		return found
	}
	return podsIn(p.Index).within(namespace, c.selector, c.plain)
}

// dangles reports whether nothing is selected that there plausibly is, and says why, by the label at fault. The root has to
// say which pods there are where the object lands: it brings some itself, or brings those that are meant into another
// namespace, and has nothing that may have others made, unless there were such pods at base.
func (c choice) dangles(p *review.Pass) (at manifests.Field, why string, yes bool) {
	namespace := p.Root.Namespace(p.Object)
	if p.Root.Partial || kubeapi.HasPlaceholder(c.selector) || setLater(c.selector) || len(c.pods(p)) > 0 {
		return at, "", false
	}
	here, n := podsOf(p.Root)[namespace], neighbours(p)
	astray := ""
	if here == nil && namespace != "" {
		astray = podsOf(p.Root)[everywhere].landing(p.Root, c)
	}
	switch {
	case p.Base != nil && n.makesIn(namespace) && !neighboursAt(p.Base).makesIn(namespace):
		return at, "", false
	case p.Base != nil && len(podsOf(p.Base).within(namespace, c.selector, c.plain)) > 0:
	case c.selectedBefore(p) && p.Index.Searched() && len(podsBeyond(p.Index).within(namespace, c.selector, c.plain)) == 0:
	case astray == "" && (here == nil || !here.steady) || n.makesIn(namespace):
		return at, "", false
	case n.creates("pods", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs"):
		return at, "", false
	case !p.Index.Searched(), len(podsBeyond(p.Index).within(namespace, c.selector, c.plain)) > 0:
		return at, "", false
	}
	if astray != "" {
		return c.selector, "those with its labels are in namespace " + clip(astray), true
	}
	at = guilty(c.labels(), here)
	if !at.IsSet() {
		at = c.selector
	}
	return at, "none of those here has " + labelOf(c.labels(), at), true
}

// landing is the namespace of what is selected and serves for good; "" when there is nothing, or nobody knows for one of them.
func (s *shelf) landing(v *review.RootView, c choice) (namespace string) {
	for _, l := range s.selected(c.selector, c.plain) {
		if namespace = v.Namespace(l.object); namespace == "" || !isSteady(l.object) {
			return ""
		}
	}
	return namespace
}

// selectedBefore reports whether the object selected pods of the root at base, by the selector that it had in the same
// place.
func (c choice) selectedBefore(p *review.Pass) bool {
	if p.Base == nil {
		return false
	}
	was := p.Base.Match(p.Object)
	if was == nil {
		return false
	}
	selector := was.Lookup(c.selector.Path())
	return selector.IsMap() && len(podsOf(p.Base).within(p.Base.Namespace(was), selector, c.plain)) > 0
}

// guilty returns the entry of a mapping of labels that nothing on a shelf has, or the mapping itself when only all of
// them together are had by nothing.
func guilty(want manifests.Field, here *shelf) manifests.Field {
	for _, e := range want.Entries() {
		if here != nil && !here.meets(e.Key, e.Value.Text()) {
			return e.Value
		}
	}
	return want
}

// labelOf names an entry of a mapping of labels, or all of them.
func labelOf(want, at manifests.Field) string {
	for _, e := range want.Entries() {
		if e.Value.Path() == at.Path() {
			return "label " + e.Key + "=" + clip(e.Value.Text())
		}
	}
	return "all the labels"
}

// setLater reports whether a selector asks for labels that controllers and elections set on running pods.
func setLater(selector manifests.Field) bool {
	later := false
	selector.Walk(func(f manifests.Field) {
		for _, e := range f.Entries() {
			key := e.Key
			if key == "key" {
				key = e.Value.Text() // of an expression
			}
			later = later || isSetLater(key[strings.LastIndexByte(key, '/')+1:])
		}
	})
	return later
}

func isSetLater(name string) bool {
	switch name {
	case "pod-name", "pod-index", "pod-template-hash", "controller-revision-hash", "job-name", "controller-uid",
		"rollouts-pod-template-hash", "pod-template-generation", "role", "leader", "primary", "master":
		return true
	}
	return strings.HasSuffix(name, "-role") || strings.HasSuffix(name, "-leader") || strings.HasSuffix(name, "-primary") || strings.HasSuffix(name, "-master")
}
