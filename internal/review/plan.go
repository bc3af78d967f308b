package review

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// RootPair is a root on both sides of a change. Base is nil for a new root, Head for a removed one.
type RootPair struct {
	Base, Head *manifests.Root
	Reasons    []string // changed files that what the root names leads to
	Certain    bool     // affected whatever rendering reads: new, gone, or with other settings
	partOf     string   // the root that does not render, of which this is a part; "" for what is a root
}

// Plan is what a review has to render.
type Plan struct {
	Total       int        // roots at head, below the paths that are looked at
	Pairs       []RootPair // those that the change may affect
	HeadContext []*manifests.Object
	BaseContext []*manifests.Object
	Notes       []string
	Unreached   []string // changed files below the paths that are looked at that lead to no root

	head      []manifests.Root
	found     *manifests.Discovery // of head
	base      *manifests.Discovery // nil when there is no base
	headPlain []*manifests.Object  // those of HeadContext that plain roots hold, which apply them as they are

	baseKnown, headKnown map[string]rendered // what was rendered to find roots, by rootKey
	baseRoots, headRoots []manifests.Root    // the roots that this is of, and others that objects make

	covered  []RootPair                         // roots by themselves that are left out since objects of Argo CD and Flux have them rendered
	sourceOf func(RootPair) (base, head string) // the Application of which a root is one of several sources, "" for none; nil without objects of Argo CD
}

// Plan finds the roots that the change may affect: a superset of those that it does, which only rendering tells.
func (e *Engine) Plan(ctx context.Context, change *source.Change, policy *Policy, opts Options) (*Plan, error) {
	e, done, err := e.fetching(policy, opts)
	if err != nil {
		return nil, err
	}
	defer done()
	memo := e.Cache.Memo(opts.Repository)
	defer memo.Save()
	discover := discoverOptions(policy, opts)
	discover.Memo = memo
	settings, err := e.planSettings(policy, opts)
	if err != nil {
		return nil, err
	}
	if change.Base == nil {
		head, err := manifests.Discover(ctx, change.Head, discover)
		if err != nil {
			return nil, err
		}
		plan := newPlan(change, head)
		for i := range head.Roots {
			plan.Pairs = append(plan.Pairs, RootPair{Head: &head.Roots[i]})
		}
		if err := e.deploy(ctx, change, plan, settings, opts); err != nil {
			return nil, err
		}
		plan.Notes = append(plan.Notes, plan.passedOver(change)...)
		plan.HeadContext, plan.headPlain, err = contextObjects(ctx, change.Head, head)
		return plan, err
	}
	base, err := manifests.Discover(ctx, change.Base, discover)
	if err != nil {
		return nil, err
	}
	head, err := manifests.DiscoverHead(ctx, change, base)
	if err != nil {
		return nil, err
	}
	plan := newPlan(change, head)
	plan.base = base
	reach := manifests.Candidates(change, base, head)
	plan.Pairs, plan.Unreached = pairsOf(change, reach), lookedAt(reach.Unreached, opts)
	if err := e.deploy(ctx, change, plan, settings, opts); err != nil {
		return nil, err
	}
	plan.Notes = append(plan.Notes, plan.passedOver(change)...)
	if len(plan.Pairs) == 0 {
		return plan, nil
	}
	if plan.BaseContext, _, err = contextObjects(ctx, change.Base, base); err != nil {
		return nil, err
	}
	plan.HeadContext, plan.headPlain, err = contextObjects(ctx, change.Head, head)
	return plan, err
}

// lookedAt leaves those files that the options want looked at: what leads to roots elsewhere was not asked for, and
// nothing is known of it.
func lookedAt(files []string, opts Options) []string {
	return slices.DeleteFunc(files, func(file string) bool {
		if opts.File != "" {
			return file != opts.File
		}
		return len(opts.Under) > 0 && !slices.ContainsFunc(opts.Under, func(under string) bool {
			under = path.Clean(under)
			return under == "." || file == under || strings.HasPrefix(file, under+"/")
		})
	})
}

func newPlan(change *source.Change, head *manifests.Discovery) *Plan {
	plan := &Plan{Total: rendering(head.Roots), found: head, head: head.Roots, Notes: problems(change, head)}
	for _, err := range leftOut(change) {
		plan.Notes = append(plan.Notes, err.Error())
	}
	return plan
}

// rendering counts the roots that render objects.
func rendering(roots []manifests.Root) (n int) {
	for i := range roots {
		if roots[i].Kind.Renders() {
			n++
		}
	}
	return n
}

// leftOut are the entries of head that nobody can look at: those that no tree may have, and symbolic links that lead
// out of it. Of a change those count that base does not have.
func leftOut(change *source.Change) []error {
	head := source.Problems(change.Head)
	if change.Base == nil || len(head) == 0 {
		return head
	}
	before := make(map[string]bool)
	for _, err := range source.Problems(change.Base) {
		before[err.Error()] = true
	}
	return slices.DeleteFunc(head, func(err error) bool { return before[err.Error()] })
}

// contextKinds are the kinds of objects that rules look for beyond their own root.
func contextKinds() []string {
	return []string{"GlobalNetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "AdminNetworkPolicy",
		"BaselineAdminNetworkPolicy", "ClusterNetworkPolicy", "ClusterPolicy", "GeneratingPolicy", "Tenant",
		"Gateway", "HTTPRoute", "Issuer", "ClusterIssuer", "VirtualService", "SecurityPolicy", "AuthorizationPolicy", "GCPBackendPolicy", "RequestAuthentication",
		"Middleware", "IPAddressPool", "CiliumLoadBalancerIPPool",
		"Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy", "ServiceAccount",
		"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "PodDisruptionBudget", "PriorityClass",
		"StorageClass", "PersistentVolume", "Application", "ApplicationSet", "Kustomization", "HelmRelease", "ArtifactGenerator",
		"ClusterPolicy", "K8sAllowedRepos", "ClusterImagePolicy", "ImageValidatingPolicy", "ValidatingAdmissionPolicy", "ValidatingPolicy",
		"Cluster", "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy", "ConstraintTemplate"}
}

// contextObjects are the objects of contextKinds that are plain in the source of the whole repository, and those of them
// that are part of a plain root.
func contextObjects(ctx context.Context, tree source.Tree, d *manifests.Discovery) (all, plain []*manifests.Object, err error) {
	index, err := manifests.IndexObjects(ctx, tree, d, contextKinds())
	if err != nil {
		return nil, nil, err
	}
	if _, err := manifests.IndexDefinitions(ctx, tree, d, nil); err != nil { // where they are is remembered
		return nil, nil, err
	}
	for _, found := range index.Found {
		all = append(all, found.Object)
		if found.AsIs {
			plain = append(plain, found.Object)
		}
	}
	return all, plain, nil
}

// discoverOptions are the policy's and the caller's wishes for roots.
func discoverOptions(policy *Policy, opts Options) manifests.DiscoverOptions {
	d := manifests.DiscoverOptions{Under: opts.Under, Include: policy.Roots.Include, Ignore: policy.Roots.Ignore}
	for _, v := range policy.Roots.Helm {
		d.Helm = append(d.Helm, manifests.HelmVariant(v))
	}
	for _, t := range policy.Roots.Kops {
		d.Kops = append(d.Kops, manifests.KopsTemplate(t))
		d.Owned = append(d.Owned, t.Template)
		d.Owned = append(d.Owned, t.Values...)
		if t.Snippets != "" {
			d.Owned = append(d.Owned, t.Snippets)
		}
	}
	return d
}

// problems are the parts of a discovery that a reader has to know of. Of a change only those count that it touches:
// what was there before has been said when it came in.
func problems(change *source.Change, d *manifests.Discovery) []string {
	concerns := func(string) bool { return true }
	if change.Base != nil {
		touched := set(change.Paths())
		concerns = func(file string) bool { return touched[file] }
	}
	var notes []string
	for _, p := range d.Problems {
		if p.Root == "" && p.File != "" && concerns(p.File) {
			notes = append(notes, p.String())
		}
	}
	return notes
}

// passedOver are the files of other tools, and those that nothing uses: no object of Argo CD or Flux either. Of a change
// only those count that it touches.
func (p *Plan) passedOver(change *source.Change) (notes []string) {
	touched, used := set(change.Paths()), make(map[string]bool)
	for _, root := range p.head {
		if root.Deployment != nil {
			maps.Copy(used, set(root.Deployment.Components))
		}
	}
	for _, passed := range p.found.Passed {
		files := slices.DeleteFunc(slices.Clone(passed.Files), func(file string) bool {
			return change.Base != nil && !touched[file] || used[path.Dir(file)] && strings.HasPrefix(strings.ToLower(path.Base(file)), "kustomization")
		})
		if len(files) > 0 {
			notes = append(notes, fmt.Sprintf("not rendered, %s: %s", passed.Reason, shortList(files)))
		}
	}
	return notes
}

// shortList names the first files of a list and counts the others.
func shortList(files []string) string {
	const named = 3
	if len(files) <= named {
		return strings.Join(files, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(files[:named], ", "), len(files)-named)
}

// pairsOf takes over what the change can reach, and puts roots that moved together with what they were.
func pairsOf(change *source.Change, reach manifests.Reach) []RootPair {
	gone := make(map[string]*manifests.Root)
	for _, c := range reach.Candidates {
		if c.Head == nil {
			gone[c.Base.Path+"|"+string(c.Base.Kind)] = c.Base
		}
	}
	var pairs []RootPair
	for _, c := range reach.Candidates {
		pair := RootPair{Base: c.Base, Head: c.Head, Reasons: c.Because, Certain: c.Certain}
		if c.Head == nil {
			continue
		}
		if key := renamedFrom(change, *c.Head) + "|" + string(c.Head.Kind); c.Base == nil && gone[key] != nil {
			pair.Base = gone[key]
			delete(gone, key)
		}
		pairs = append(pairs, pair)
	}
	for _, c := range reach.Candidates {
		if c.Head == nil && gone[c.Base.Path+"|"+string(c.Base.Kind)] != nil {
			pairs = append(pairs, RootPair{Base: c.Base, Reasons: c.Because, Certain: true})
		}
	}
	return pairs
}

// renamedFrom returns the path that a root of head had at base, as the renames of its own files tell.
func renamedFrom(change *source.Change, root manifests.Root) string {
	names := []string{"kustomization.yaml", "kustomization.yml", "Kustomization", "Chart.yaml"}
	for _, file := range root.Files {
		names = append(names, path.Base(file))
	}
	for _, name := range names {
		if old, ok := change.BasePath(path.Join(root.Dir, name)); ok {
			return path.Dir(old) + strings.TrimPrefix(root.Path, root.Dir)
		}
	}
	return ""
}

// ListedRoot is a root as "landwaiter roots" shows it.
type ListedRoot struct {
	Path     string             `json:"path"`
	Kind     manifests.RootKind `json:"kind"`
	Affected bool               `json:"affected"`
	Because  []string           `json:"because"`
}

// Roots lists the roots of head, and says which of them the change affects and by which files.
func (e *Engine) Roots(ctx context.Context, change *source.Change, policy *Policy, opts Options) ([]ListedRoot, []string, error) {
	e, done, err := e.fetching(policy, opts)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	run, err := e.prepare(change, policy, opts)
	if err != nil {
		return nil, nil, err
	}
	run.settings.Lines = false
	plan, err := e.Plan(ctx, change, policy, opts)
	if err != nil {
		return nil, nil, err
	}
	affected := make(map[string][]string)
	if change.Base != nil {
		run.known(plan)
		pairs, err := e.renderPairs(ctx, run, plan.Pairs)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range pairs {
			if p.Head != nil && p.affected(change) {
				affected[p.Head.Path+"|"+string(p.Head.Kind)] = append([]string{}, p.because...)
			}
		}
	}
	listed := make([]ListedRoot, 0, len(plan.head))
	for _, root := range plan.head {
		if !root.Kind.Renders() {
			continue
		}
		because, ok := affected[root.Path+"|"+string(root.Kind)]
		if because == nil {
			because = []string{}
		}
		listed = append(listed, ListedRoot{Path: root.Path, Kind: root.Kind, Affected: ok || change.Base == nil, Because: because})
	}
	return listed, plan.Notes, nil
}

// path is the root's name: head's, or base's when head has none.
func (p *RootPair) path() string {
	if p.Head != nil {
		return p.Head.Path
	}
	return p.Base.Path
}

func (p *RootPair) kind() manifests.RootKind {
	if p.Head != nil {
		return p.Head.Kind
	}
	return p.Base.Kind
}

// affected decides, by what rendering really read, whether the change affects the root, and notes the files. A root
// of which one side is missing is affected, and so is one that failed before anything of it was recorded. One that fails
// at head stopped reading there, so that what it names counts too: a change behind the failure goes unchecked, and that
// has to be said.
func (p *pair) affected(change *source.Change) bool {
	unknown := p.base.err != nil && len(p.base.reads) == 0 || p.head.err != nil && len(p.head.reads) == 0
	if change.Base == nil || p.Certain || unknown {
		p.because = p.Reasons
		return true
	}
	p.because = manifests.Because(change, p.base.reads, p.head.reads)
	if p.head.err != nil {
		p.because = append(p.because, p.Reasons...)
		slices.Sort(p.because)
		p.because = slices.Compact(p.because)
	}
	return len(p.because) > 0
}

// result describes the root for the report.
func (p *pair) result(changed int) RootResult {
	r := RootResult{Path: p.path(), Kind: p.kind(), Status: Rendered, Because: p.because}
	switch {
	case p.Head == nil:
		r.Status, r.Reason = Skipped, "removed"
	case p.head.err != nil && p.head.err.Elsewhere:
		r.Status, r.Reason = Skipped, p.head.err.Error()
	case p.head.err != nil:
		r.Status, r.Reason = Failed, p.head.err.Error()
	default:
		r.Objects = len(p.head.rendering.Objects)
		r.Reason = strings.Join(p.head.rendering.Notes, "; ")
		if failures := p.head.failures(); len(failures) > 0 {
			r.Status, r.Reason = Failed, summarise(failures)
		}
	}
	r.Changed = changed
	return r
}

// diff is what the change does to the root's objects; nothing when a side could not be rendered.
func (p *pair) diff() []manifests.ObjectDiff {
	if p.base.err != nil || p.head.err != nil {
		return nil
	}
	diff := manifests.Diff(p.path(), p.base.objects(), p.head.objects())
	if p.Base == nil || p.Base.Deployment == nil {
		return diff
	}
	stays := make(map[manifests.Identity]bool)
	for _, o := range p.base.objects() {
		if p.Base.Deployment.Makes(o) {
			stays[o.Identity] = true
		}
	}
	return slices.DeleteFunc(diff, func(d manifests.ObjectDiff) bool { return d.Change == manifests.Removed && stays[d.Object] })
}

func (r rendered) objects() []*manifests.Object {
	if r.rendering == nil {
		return nil
	}
	return r.rendering.Objects
}
