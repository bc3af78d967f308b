package manifests

import (
	"path"
	"slices"
	"strings"
)

// findUses resolves what each unit names to paths, files it claims and units it uses.
func (d *discoverer) findUses() {
	for _, u := range d.units {
		u.refs = make([]string, 0, 1+len(u.fact.Dirs)+len(u.fact.Files)+len(u.fact.Charts))
		if u.kind == Helm {
			d.chartUses(u)
			continue
		}
		for _, ref := range u.fact.Dirs {
			d.refer(u, ref)
		}
		for _, ref := range u.fact.Files {
			d.partial[path.Join(u.dir.path, ref)] = true
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
	p, ok := d.name(u, ref)
	if !ok {
		return
	}
	if dir := d.byPath[p]; dir == nil {
		d.claimed[p] = d.claimed[p] || d.partial[p] || d.mayLoad(u, ref)
	} else if dir.kustomization != nil {
		u.uses = append(u.uses, dir.kustomization)
	}
}

// mayLoad reports whether kustomize lets u read the file ref as a resource: not above its own directory. What it refuses
// it does not own: a kustomization that fails by that shall not take the objects of others down with it.
func (d *discoverer) mayLoad(u *unit, ref string) bool {
	p := path.Join(u.dir.path, ref)
	return u.dir.path == "." || strings.HasPrefix(p, u.dir.path+"/")
}

// name notes that u names ref, and returns where it is: what a symbolic link leads to, or where it would be.
// False means that it cannot be in this tree.
func (d *discoverer) name(u *unit, ref string) (string, bool) {
	if remoteRef(ref) {
		return "", false
	}
	p := path.Join(u.dir.path, ref)
	if p == ".." || strings.HasPrefix(p, "../") {
		return "", false
	}
	u.refs = append(u.refs, p)
	file := d.lookup(p)
	if d.isDir(p) || file != nil && !file.Link {
		return p, true
	}
	if info, err := d.tree.Stat(p); err == nil && info.Path != p {
		d.claimed[p] = true
		u.refs = append(u.refs, info.Path)
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
	} else if p, ok := d.name(u, config); ok {
		if f := d.lookup(p); f != nil {
			d.configs[p] = true
			names = d.factOf(p, f.ID, configKind).Files
		}
	}
	homes := []string{"charts"}
	for _, name := range names {
		p, ok := d.name(u, name)
		if !ok {
			continue
		}
		if d.lookup(p) != nil {
			d.claimed[p], d.partial[p] = true, true
		}
		if d.isDir(p) && len(homes) < maxChartHomes {
			homes = append(homes, name)
		}
	}
	for _, home := range homes {
		for _, name := range names {
			if d.isDir(path.Join(u.dir.path, home, name)) {
				d.useChart(u, path.Join(home, name))
			}
		}
	}
}

// maxChartHomes caps the directories that one configuration may name as its chartHome.
const maxChartHomes = 8

// useChart notes that u renders the chart at ref, as it lies there or as "helm pull" leaves it.
func (d *discoverer) useChart(u *unit, ref string) {
	if p, ok := d.name(u, ref); ok && d.isDir(p) && d.byPath[p].chart != nil {
		u.uses = append(u.uses, d.byPath[p].chart)
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
	for _, u := range tops {
		nameUsed(u)
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
func nameUsed(u *unit) {
	if u.passed {
		return
	}
	u.passed = true
	for _, used := range u.uses {
		used.named = true
		nameUsed(used)
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
