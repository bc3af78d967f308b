package manifests

import (
	"context"
	"maps"
	"path"
	"reflect"
	"slices"

	"github.com/landwaiter/landwaiter/internal/source"
)

// DiscoverHead discovers the head of a change, whose base was discovered before. Where the change only edits files,
// and none of them says anything else for discovery than it did, which is what most changes do, the roots are those
// of base and nothing but these files is read. Otherwise the tree is discovered as a whole.
func DiscoverHead(ctx context.Context, change *source.Change, base *Discovery) (*Discovery, error) {
	before := &discoverer{ctx: ctx, tree: change.Base, options: base.options}
	after := &discoverer{ctx: ctx, tree: change.Head, options: base.options}
	linked := map[string]bool{} // also read under another path
	for _, target := range base.links {
		linked[target] = true
	}
	head := *base
	head.before, head.edited, head.indexes = base, nil, nil
	for _, f := range change.Files {
		old, wasFile := regular(change.Base, f.Old)
		now, isFile := regular(change.Head, f.New)
		if f.Old != f.New || !wasFile || !isFile || linked[f.New] || base.changedFacts(before, after, old, now) {
			return Discover(ctx, change.Head, base.keeping())
		}
		head.edited = append(head.edited, now)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &head, nil
}

// keeping are the options for head. What a directory held as plain manifests may go on being applied as such: a change
// that adds a kustomization elsewhere, which reads the files and patches what is wrong with them, shall not hide them, and
// neither shall one that makes them unreadable.
func (d *Discovery) keeping() DiscoverOptions {
	options := d.options
	options.Kept = Kept{}
	plain := map[string]bool{}
	for _, root := range d.Roots {
		if root.Kind == Plain {
			plain[root.Dir] = true
			options.Kept.Files = append(options.Kept.Files, root.Files...)
		}
	}
	for _, p := range d.claimed.all() {
		if plain[parentDir(p)] {
			options.Kept.Other = append(options.Kept.Other, p)
		}
	}
	options.Kept.Dirs = slices.Sorted(maps.Keys(plain))
	slices.Sort(options.Kept.Other)
	slices.Sort(options.Kept.Files)
	return options
}

// regular describes the file at p, false when it is none, or is reached through a symbolic link.
func regular(tree source.Tree, p string) (source.Info, bool) {
	if p == "" {
		return source.Info{}, false
	}
	info, err := tree.Stat(p)
	return info, err == nil && info.Kind == source.File && info.Path == p
}

// changedFacts reports whether a file says something else than before in any part that it may play.
func (d *Discovery) changedFacts(before, after *discoverer, old, now source.Info) bool {
	var parts []RootKind
	name := path.Base(now.Path)
	if slices.Contains(kustomizationNames(), name) {
		parts = append(parts, Kustomize)
	}
	if name == chartFile || name == requirementsFile {
		parts = append(parts, Helm)
	}
	if d.configs.has(now.Path) {
		parts = append(parts, configKind)
	}
	if manifestName(name) && !d.claimed.has(now.Path) {
		parts = append(parts, Plain)
	}
	for _, part := range parts {
		if !reflect.DeepEqual(before.factOf(old.Path, old.ID, part), after.factOf(now.Path, now.ID, part)) {
			return true
		}
	}
	return false
}
