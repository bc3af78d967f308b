package review

import (
	"slices"
	"strings"
	"sync"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review/imagetable"
)

// RootView is a rendered root as rules see it.
type RootView struct {
	Root    manifests.Root
	Objects []*manifests.Object
	Partial bool // some documents could not be read, so that there may be more objects

	workloads map[*manifests.Object][]*Workload
	memo      memo

	index      sync.Once
	byIdentity map[manifests.Identity][]*manifests.Object

	kinds  sync.Once
	byKind map[string][]*manifests.Object

	places    sync.Once
	positions map[string][]int // in Objects, by kind; by Workloads and ImageUsers those of either

	asked    sync.Mutex
	subjects map[string][]*manifests.Object // by the kinds of rules; see about

	deployed   map[manifests.Identity]bool // the objects of whom it is known what they have rendered
	imagePaths []imagetable.Row            // of the policy
	imagesOnce sync.Once
	images     map[*manifests.Object][]ImageField
}

// NewRootView makes the view of a rendering's objects. The paths point to pod templates in custom resources.
func NewRootView(root manifests.Root, objects []*manifests.Object, paths ...WorkloadPath) *RootView {
	v := &RootView{Root: root, Objects: objects, workloads: make(map[*manifests.Object][]*Workload)}
	for _, o := range objects {
		if !root.Kind.Renders() {
			break
		}
		if w := newWorkloads(o, paths); w != nil {
			v.workloads[o] = w
		}
	}
	return v
}

// Workloads returns the pods that o carries: none for most kinds and for Helm tests, one for a Deployment,
// one for each template of an Argo Workflow.
func (v *RootView) Workloads(o *manifests.Object) []*Workload { return v.workloads[o] }

// OfKind returns the root's objects of a kind, whatever their group, in their order.
func (v *RootView) OfKind(kind string) []*manifests.Object {
	v.kinds.Do(func() {
		v.byKind = make(map[string][]*manifests.Object)
		for _, o := range v.Objects {
			v.byKind[o.Kind] = append(v.byKind[o.Kind], o)
		}
	})
	return slices.Clip(v.byKind[kind])
}

// findPositions notes where in the root the objects are that rules ask for.
func (v *RootView) findPositions() {
	v.positions = make(map[string][]int)
	for i, o := range v.Objects {
		v.positions[o.Kind] = append(v.positions[o.Kind], i)
		if len(v.Workloads(o)) > 0 {
			v.positions[Workloads] = append(v.positions[Workloads], i)
		}
		if len(v.Images(o)) > 0 {
			v.positions[ImageUsers] = append(v.positions[ImageUsers], i)
		}
	}
}

// about returns the objects that a rule matches, in their order. Rules that name the same kinds share them.
func (v *RootView) about(r *Rule) []*manifests.Object {
	key := strings.Join(r.Kinds, " ")
	v.asked.Lock()
	defer v.asked.Unlock()
	found, known := v.subjects[key]
	if !known {
		found = v.matching(r)
		if v.subjects == nil {
			v.subjects = make(map[string][]*manifests.Object)
		}
		v.subjects[key] = found
	}
	return found
}

// matching is about for kinds that nobody asked for yet.
func (v *RootView) matching(r *Rule) []*manifests.Object {
	v.places.Do(v.findPositions)
	var at []int
	for _, kind := range r.Kinds {
		if kind == AnyKind {
			return v.Objects
		}
		kind, _, _ = strings.Cut(kind, ".")
		at = append(at, v.positions[kind]...)
	}
	slices.Sort(at)
	var found []*manifests.Object
	for _, position := range slices.Compact(at) {
		if o := v.Objects[position]; r.matches(o, v) {
			found = append(found, o)
		}
	}
	return found
}

// Namespace returns the namespace that o lands in as far as the root says: its own, a chart's release namespace
// (Helm sends what names none there), else "".
func (v *RootView) Namespace(o *manifests.Object) string {
	if o.Namespace == "" && v.Root.Kind == manifests.Helm && v.Root.Namespace != "default" {
		return v.Root.Namespace
	}
	return o.Namespace
}

// Match returns the object of the root with the same group, kind, namespace and name as o, nil when there is none. Of
// several it is the first.
func (v *RootView) Match(o *manifests.Object) *manifests.Object {
	if twins := v.Twins(o); len(twins) > 0 {
		return twins[0]
	}
	return nil
}

// Twins returns the objects of the root that Kubernetes would take for o, in their order: usually one. Plain files and
// templates may hold several, of which the one applied last wins.
func (v *RootView) Twins(o *manifests.Object) []*manifests.Object {
	v.index.Do(func() {
		v.byIdentity = make(map[manifests.Identity][]*manifests.Object, len(v.Objects))
		for _, o := range v.Objects {
			id := unversioned(o.Identity)
			v.byIdentity[id] = append(v.byIdentity[id], o)
		}
	})
	return v.byIdentity[unversioned(o.Identity)]
}

// unversioned is an identity with its group in place of the version, which may change while the object stays.
func unversioned(id manifests.Identity) manifests.Identity {
	id.APIVersion = id.Group()
	return id
}

// Index is what the whole repository is known to hold: the rendered roots, and what is plain in the source of
// the others. It is what rules look in for namespaces, quotas, roles and policies that another root brings.
type Index struct {
	byKind map[string][]*manifests.Object

	spaces  sync.Once
	bySpace map[kindSpace][]*manifests.Object

	standing standing
	memo     memo

	beyond     search // nil where there is no repository
	beyondOnce sync.Once
	beyondKind map[string][]*manifests.Object
}

// kindSpace is a kind, whatever its group, in a namespace.
type kindSpace struct{ kind, namespace string }

// NewIndex makes an index of objects. The same object may come in several times, from several roots.
func NewIndex(objects []*manifests.Object) *Index {
	x := &Index{byKind: make(map[string][]*manifests.Object)}
	for _, o := range objects {
		x.byKind[o.Kind] = append(x.byKind[o.Kind], o)
	}
	return x
}

// OfKind returns the repository's objects of a kind, whatever their group.
func (x *Index) OfKind(kind string) []*manifests.Object { return slices.Clip(x.byKind[kind]) }

// In returns the repository's objects of a kind, whatever their group, that stand in a namespace; with "" those that name
// none, among which are the cluster's.
func (x *Index) In(kind, namespace string) []*manifests.Object {
	x.spaces.Do(func() {
		x.bySpace = make(map[kindSpace][]*manifests.Object)
		for kind := range x.byKind {
			for _, o := range x.Standing(kind) {
				for _, namespace := range slices.Compact([]string{o.Namespace, x.Namespace(o)}) {
					at := kindSpace{kind, namespace}
					x.bySpace[at] = append(x.bySpace[at], o)
				}
			}
		}
	})
	return slices.Clip(x.bySpace[kindSpace{kind, namespace}])
}

// Find returns the object of a kind with a name in a namespace ("" for kinds without), nil when it is not known.
func (x *Index) Find(kind, namespace, name string) *manifests.Object {
	for _, o := range x.In(kind, namespace) {
		if o.Name == name {
			return o
		}
	}
	return nil
}
