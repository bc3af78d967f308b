package manifests

import (
	"path"
	"slices"
	"strings"
)

// findUses resolves what each unit names to paths, files it claims and units it uses.
func (d *discoverer) findUses() {
	for _, u := range d.units {
		if u.kind == Helm {
			d.chartUses(u)
			continue
		}
		for _, ref := range u.fact.Dirs {
			d.refer(u, ref)
		}
		for _, ref := range u.fact.Files {
			d.refer(u, ref)
		}
		for _, config := range u.fact.Configs {
			d.readConfig(u, config)
		}
		for _, chart := range u.fact.Charts {
			d.useChart(u, chart)
		}
	}
}

// refer notes that u names ref: a file that it then claims, or a directory with a kustomization.
func (d *discoverer) refer(u *unit, ref string) {
	p, ok := d.resolve(u.dir.path, ref)
	if !ok {
		return
	}
	u.refs = append(u.refs, p)
	if dir := d.byPath[p]; dir != nil {
		if dir.kustomization != nil {
			u.uses = append(u.uses, dir.kustomization)
		}
		return
	}
	d.claimed[p] = true
}

// resolve returns the path that ref means in the directory at dir, false when it is not of this tree. What a
// symbolic link leads to is returned instead of the link.
func (d *discoverer) resolve(dir, ref string) (string, bool) {
	if remoteRef(ref) {
		return "", false
	}
	p := path.Join(dir, ref)
	if p == ".." || strings.HasPrefix(p, "../") {
		return "", false
	}
	if d.isDir(p) || d.lookup(p) != nil {
		return p, true
	}
	if info, err := d.tree.Stat(p); err == nil {
		return info.Path, true
	}
	return p, true
}

// remoteRef reports whether kustomize would fetch ref rather than read it here.
func remoteRef(ref string) bool {
	return strings.Contains(ref, "://") || strings.HasPrefix(ref, "git@") || strings.HasPrefix(ref, "git::") ||
		strings.Contains(ref, "?ref=") || strings.HasPrefix(ref, "/") || strings.Contains(ref, "\n")
}

// readConfig follows a generator's, transformer's or validator's configuration: a directory, a file or a document.
func (d *discoverer) readConfig(u *unit, config string) {
	d.refer(u, config)
	var names []string
	if strings.Contains(config, "\n") {
		names = scalarsOf([]byte(config))
	} else if p, ok := d.resolve(u.dir.path, config); ok {
		if f := d.lookup(p); f != nil {
			names = d.factOf(p, f.ID, configKind).Files
		}
	}
	homes := []string{"charts"}
	for _, name := range names {
		p, ok := d.resolve(u.dir.path, name)
		if !ok {
			continue
		}
		u.refs = append(u.refs, p)
		if d.lookup(p) != nil {
			d.claimed[p] = true
		}
		if d.isDir(p) && len(homes) < maxChartHomes {
			homes = append(homes, name)
		}
	}
	for _, home := range homes {
		for _, name := range names {
			if p, ok := d.resolve(u.dir.path, path.Join(home, name)); ok && d.isDir(p) {
				d.useChart(u, path.Join(home, name))
			}
		}
	}
}

// maxChartHomes caps the directories that one configuration may name as its chartHome.
const maxChartHomes = 8

// useChart notes that u renders the chart at ref, as it lies there or as "helm pull" leaves it.
func (d *discoverer) useChart(u *unit, ref string) {
	p, ok := d.resolve(u.dir.path, ref)
	if !ok {
		return
	}
	u.refs = append(u.refs, p)
	if dir := d.byPath[p]; dir != nil && dir.chart != nil {
		u.uses = append(u.uses, dir.chart)
	}
}

func (d *discoverer) chartUses(u *unit) {
	u.refs = append(u.refs, u.dir.path)
	for _, ref := range u.fact.Dirs {
		d.useChart(u, ref)
	}
}

// kustomizeRoots makes roots of the kustomizations that nothing wanted uses.
func (d *discoverer) kustomizeRoots() {
	var tops []*unit
	for _, u := range d.units {
		if u.kind == Kustomize && u.dir.wanted && !u.fact.Apart {
			tops = append(tops, u)
		}
	}
	slices.SortFunc(tops, func(a, b *unit) int { return strings.Compare(a.dir.path, b.dir.path) })
	reached := map[*unit]bool{}
	for _, u := range tops {
		nameUsed(u, reached)
	}
	for _, u := range unused(tops) {
		d.roots = append(d.roots, Root{Path: u.dir.path, Kind: Kustomize, Dir: u.dir.path})
	}
}

// unused returns those of units that nothing names, and the first of each circle that nothing else names.
func unused(units []*unit) (roots []*unit) {
	for _, u := range units {
		if !u.named {
			renderAll(u)
			roots = append(roots, u)
		}
	}
	for _, u := range units {
		if !u.rendered {
			renderAll(u)
			roots = append(roots, u)
		}
	}
	return roots
}

// nameUsed marks everything that u uses, directly or through others, as named.
func nameUsed(u *unit, reached map[*unit]bool) {
	if reached[u] {
		return
	}
	reached[u] = true
	for _, used := range u.uses {
		used.named = true
		nameUsed(used, reached)
	}
}

// renderAll marks u and everything that it uses as rendered.
func renderAll(u *unit) {
	if u.rendered {
		return
	}
	u.rendered = true
	for _, used := range u.uses {
		renderAll(used)
	}
}
