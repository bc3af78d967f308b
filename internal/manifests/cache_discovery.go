package manifests

import (
	"encoding/json"

	"github.com/landwaiter/landwaiter/internal/source"
)

// storedDiscovery is the last discovery of a repository that is on disk, or shall be.
type storedDiscovery struct {
	loaded   bool
	key      string // of what it was made from
	data     []byte // encoded; nil when there is none
	used     bool
	fresh    *Discovery
	freshKey string
}

// discoveryKey names a tree and what is wanted of it, "" when nothing is stored of it: without a file, or when the
// tree cannot be named without reading its files.
func (m *Memo) discoveryKey(tree source.Tree, options DiscoverOptions) string {
	if m.file == "" {
		return ""
	}
	content := source.Fingerprint(tree)
	options.Memo = nil
	wanted, err := json.Marshal(options)
	if content == "" || err != nil {
		return ""
	}
	return hashName(append(wanted, content...))
}

// discovery returns the stored discovery of a key, nil when that is not what is stored.
func (m *Memo) discovery(key string) *Discovery {
	if key == "" {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.load()
	if m.trees.data == nil || key != m.trees.key {
		return nil
	}
	d, err := decodeDiscovery(m.trees.data)
	if err != nil {
		return nil
	}
	m.trees.used = true
	return d
}

func (m *Memo) load() {
	if m.trees.loaded {
		return
	}
	m.trees.loaded = true
	data, err := readKept(m.file + discoverySuffix)
	if err != nil {
		return
	}
	payload, ok := unsealed(data)
	const length = 40 // of hashName
	if ok && len(payload) >= length {
		m.trees.key, m.trees.data = string(payload[:length]), payload[length:]
	}
}

// discoverySuffix follows the name of a memo's file in that of its discovery.
const discoverySuffix = ".tree"

// keep remembers the first discovery of a run, which is that of base: what comes to it later, Save writes too.
func (m *Memo) keep(key string, d *Discovery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if key != "" && m.trees.fresh == nil && !m.trees.used {
		m.trees.fresh, m.trees.freshKey = d, key
	}
}

// saveDiscovery writes the discovery that is not on disk.
func (m *Memo) saveDiscovery() {
	if d := m.trees.fresh; d != nil {
		_ = writeKept(m.file+discoverySuffix, sealed(append([]byte(m.trees.freshKey), encodeDiscovery(d)...)))
	}
}

func encodeDiscovery(d *Discovery) []byte {
	e := encoder{strings: make(map[string]uint64, 2*len(d.dirs)+2*d.claimed.len())}
	e.int(len(d.dirs))
	numbers := make(map[*directory]int, len(d.dirs))
	for i, dir := range d.dirs {
		numbers[dir] = i
		e.string(dir.path)
		e.int(int(dir.zone))
	}
	e.int(len(d.units))
	units := make(map[*unit]int, len(d.units))
	for i, u := range d.units {
		units[u] = i
		e.string(string(u.kind))
		e.flag(u.fact.Apart)
		e.int(numbers[u.dir])
		e.list(u.refs)
	}
	for _, u := range d.units {
		e.int(len(u.uses))
		for _, used := range u.uses {
			e.int(units[used])
		}
	}
	e.files(d)
	e.roots(d.Roots)
	e.said(d)
	e.int(len(d.indexes))
	for _, x := range d.indexes {
		e.list(x.kinds)
		e.list(x.files)
	}
	return e.buf
}

// files writes what kustomizations read, and where links lead.
func (e *encoder) files(d *Discovery) {
	for _, paths := range []pathSet{d.claimed, d.partial, d.configs} {
		e.int(paths.len())
		for p := range paths.set {
			e.string(p)
		}
		for _, p := range paths.list {
			e.string(p)
		}
	}
	e.int(len(d.links))
	for link, target := range d.links {
		e.string(link)
		e.string(target)
	}
}

func (e *encoder) roots(roots []Root) {
	e.int(len(roots))
	for _, r := range roots {
		for _, s := range []string{r.Path, string(r.Kind), r.Dir, r.Release, r.Namespace} {
			e.string(s)
		}
		e.list(r.Values)
		e.list(r.Files)
	}
}

// said writes what must be said about what became no root.
func (e *encoder) said(d *Discovery) {
	e.int(len(d.Problems))
	for _, p := range d.Problems {
		e.string(p.File)
		e.int(p.Line)
		e.string(p.Reason)
		e.string(p.Root)
	}
	e.int(len(d.Passed))
	for _, p := range d.Passed {
		e.string(p.Reason)
		e.list(p.Files)
	}
}

func decodeDiscovery(data []byte) (*Discovery, error) {
	d := decoder{buf: data, all: string(data)}
	f := &Discovery{stored: true}
	dirs := make([]directory, d.count())
	f.dirs = make([]*directory, len(dirs))
	for i := range dirs {
		dirs[i] = directory{path: d.string(), zone: zone(d.int())}
		f.dirs[i] = &dirs[i]
	}
	f.units = d.units(f.dirs)
	f.claimed.list, f.partial.list, f.configs.list = d.list(), d.list(), d.list()
	f.links = map[string]string{}
	for range d.count() {
		link := d.string()
		f.links[link] = d.string()
	}
	f.Roots = d.roots()
	d.said(f)
	for range d.count() {
		f.indexes = append(f.indexes, &kindIndex{kinds: d.list(), files: d.list()})
	}
	return f, d.end()
}

func (d *decoder) units(dirs []*directory) []*unit {
	all := make([]unit, d.count())
	units := make([]*unit, len(all))
	for i := range all {
		units[i] = &all[i]
		kind, apart, dir := RootKind(d.string()), d.flag(), d.int()
		if dir < 0 || dir >= len(dirs) {
			d.fail()
			return nil
		}
		all[i].kind, all[i].dir, all[i].refs = kind, dirs[dir], d.list()
		all[i].fact.Apart = apart
	}
	for i := range all {
		for range d.count() {
			used := d.int()
			if used < 0 || used >= len(units) {
				d.fail()
				return nil
			}
			all[i].uses = append(all[i].uses, units[used])
		}
	}
	return units
}

func (d *decoder) roots() []Root {
	roots := make([]Root, d.count())
	for i := range roots {
		roots[i] = Root{Path: d.string(), Kind: RootKind(d.string()), Dir: d.string(), Release: d.string(), Namespace: d.string()}
		roots[i].Values, roots[i].Files = d.list(), d.list()
	}
	return roots
}

func (d *decoder) said(f *Discovery) {
	for range d.count() {
		f.Problems = append(f.Problems, Problem{File: d.string(), Line: d.int(), Reason: d.string(), Root: d.string()})
	}
	for range d.count() {
		f.Passed = append(f.Passed, Passed{Reason: d.string(), Files: d.list()})
	}
}
