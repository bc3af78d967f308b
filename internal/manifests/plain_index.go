package manifests

import (
	"bytes"
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/source"
)

// Found is an object that stands in the repository as plain source.
type Found struct {
	Object *Object // traced
	File   string
	Line   int
	AsIs   bool // it is part of a plain root; others may be changed by a kustomization, their namespace above all
}

// Index is what the plain source of a repository holds of some kinds of objects, in the order of files and lines.
type Index struct {
	Found  []Found
	Failed []*RenderError // documents that could not be read, and may hold more
}

// kindIndex is an Index by files: what a discovery found of some kinds.
type kindIndex struct {
	kinds []string
	files []string                // that hold some, or could not be read; in the order of discovery
	found map[string]*plainReader // what they hold; nil when it was not read yet
}

// IndexObjects finds the objects of kinds in the YAML and JSON files of a tree, by a discovery of it: everywhere but
// among patches, in what the policy ignores, and among the templates of charts, whose CRDs count. Files whose bytes
// name none of the kinds are not parsed; with a memo, files that were looked at before are not even read. The error
// is that of a context that ended.
func IndexObjects(ctx context.Context, tree source.Tree, d *Discovery, kinds []string) (*Index, error) {
	s := &indexSearch{discoverer: &discoverer{ctx: ctx, tree: tree, options: d.options}, kinds: kinds}
	if x := d.indexOf(kinds); x != nil && x.found != nil {
		return d.collect(x), nil
	}
	candidates, known, err := s.candidates(d)
	if err != nil {
		return nil, err
	}
	x, err := s.search(candidates, known)
	if err != nil {
		return nil, err
	}
	d.indexes = append(d.indexes, x)
	return d.collect(x), nil
}

// candidates returns the files that may hold objects of the wanted kinds, and what is known already of what others hold.
func (s *indexSearch) candidates(d *Discovery) (files []source.Info, known map[string]*plainReader, err error) {
	if x := d.indexOf(s.kinds); x != nil {
		return described(s.tree, x.files), nil, nil
	}
	if d.before != nil && d.before.indexOf(s.kinds) != nil {
		files, known = d.sinceBefore(s.tree, d.before.indexOf(s.kinds))
		return files, known, nil
	}
	files, err = d.indexable(s.ctx, s.tree)
	return files, nil, err
}

// indexOf returns what is known of kinds, nil when they were not looked for.
func (d *Discovery) indexOf(kinds []string) *kindIndex {
	for _, x := range d.indexes {
		if slices.Equal(x.kinds, kinds) {
			return x
		}
	}
	return nil
}

// indexable returns the files that may hold objects which count.
func (d *Discovery) indexable(ctx context.Context, tree source.Tree) (files []source.Info, err error) {
	if d.stored {
		whole, err := discoverAnew(ctx, tree, d.options)
		if err != nil {
			return nil, err
		}
		d.dirs, d.partial, d.stored = whole.dirs, whole.partial, false
	}
	for _, dir := range d.dirs {
		if d.indexed(dir) {
			for _, f := range dir.files {
				if f.Path = joinPath(dir.path, f.Name); d.indexedFile(f) {
					files = append(files, f)
				}
			}
		}
	}
	for _, now := range d.edited {
		if i := slices.IndexFunc(files, func(f source.Info) bool { return f.Path == now.Path }); i >= 0 {
			files[i] = now
		}
	}
	return files, nil
}

// sinceBefore returns the files that must be looked at again, and what the others are known to hold, when before
// is what the discovery before this one held.
func (d *Discovery) sinceBefore(tree source.Tree, before *kindIndex) (files []source.Info, known map[string]*plainReader) {
	files, known = described(tree, before.files), map[string]*plainReader{}
	edited := map[string]bool{}
	for _, now := range d.edited {
		edited[now.Path] = true
		at := slices.IndexFunc(d.dirs, func(dir *directory) bool { return dir.path == path.Dir(now.Path) })
		if at >= 0 && d.indexed(d.dirs[at]) && d.indexedFile(now) && !slices.Contains(before.files, now.Path) {
			files = append(files, now)
		}
	}
	for file, p := range before.found {
		if !edited[file] {
			known[file] = p
		}
	}
	return files, known
}

// described returns the entries of files. Those that are gone are none of them.
func described(tree source.Tree, files []string) (infos []source.Info) {
	for _, file := range files {
		if info, err := tree.Stat(file); err == nil {
			info.Name, info.Path = path.Base(file), file
			infos = append(infos, info)
		}
	}
	return infos
}

// search looks for objects in files, but for those of which it is known what they hold.
func (s *indexSearch) search(files []source.Info, known map[string]*plainReader) (*kindIndex, error) {
	var questions []asked
	for _, f := range files {
		if known[f.Path] == nil {
			questions = append(questions, asked{f.Path, f.ID, kindsKind})
		}
	}
	s.gather(questions)
	readers := make([]*plainReader, len(files))
	err := parallel(len(files), func(i int) error {
		if readers[i] = known[files[i].Path]; readers[i] == nil {
			readers[i] = s.read(files[i])
		}
		return s.ctx.Err()
	})
	x := &kindIndex{kinds: s.kinds, found: map[string]*plainReader{}}
	for i, p := range readers {
		if p != nil {
			x.files, x.found[files[i].Path] = append(x.files, files[i].Path), p
		}
	}
	return x, err
}

// indexed reports whether the files of a directory count.
func (d *Discovery) indexed(dir *directory) bool {
	if len(d.options.Ignore) > 0 && matchAbove(d.options.Ignore, dir.path) {
		return false
	}
	return dir.zone != zoneSealed || path.Base(dir.path) == "crds"
}

// indexedFile reports whether a file of such a directory counts.
func (d *Discovery) indexedFile(f source.Info) bool {
	return manifestName(f.Name) && !slices.Contains(kustomizationNames(), f.Name) && !d.partial.has(f.Path)
}

// collect joins what was found in the files, sorted.
func (d *Discovery) collect(x *kindIndex) *Index {
	index := &Index{}
	if len(x.files) == 0 {
		return index
	}
	plain := map[string]bool{}
	for _, root := range d.Roots {
		for _, file := range root.Files {
			plain[file] = root.Kind == Plain
		}
	}
	for _, file := range x.files {
		r := x.found[file].rendering
		for _, o := range r.Objects {
			at := o.Origins[0][0].Span
			index.Found = append(index.Found, Found{Object: o, File: at.File, Line: at.Line, AsIs: plain[at.File]})
		}
		index.Failed = append(index.Failed, r.Failed...)
	}
	slices.SortStableFunc(index.Found, func(a, b Found) int { return strings.Compare(a.File, b.File) })
	slices.SortStableFunc(index.Failed, func(a, b *RenderError) int { return strings.Compare(a.Span.File, b.Span.File) })
	return index
}

// indexSearch looks for objects of some kinds.
type indexSearch struct {
	*discoverer
	kinds  []string
	beside []string // a document has to name one of these too; empty for no such condition
}

// kindsKind stands for what a file says of the kinds that it may hold.
const kindsKind RootKind = "objects"

// read returns the objects of the wanted kinds in a file, nil when it surely has none.
func (s *indexSearch) read(f source.Info) *plainReader {
	says := s.factOf(f.Path, f.ID, kindsKind)
	p := &plainReader{rendering: &Rendering{}, lines: true}
	if says.Err != "" {
		p.fail(f.Path, 0, says.Err, nil)
		return p
	}
	if !s.wants(says.Files) || !s.named(says.Files) {
		return nil
	}
	data, err := s.tree.ReadFile(f.Path)
	if err != nil {
		p.fail(f.Path, 0, readError(err), err)
		return p
	}
	for _, doc := range manifestDocuments(f.Path, data) {
		if found := kindsIn(doc.Data); s.wants(found) && s.named(found) {
			p.document(tracer{file: f.Path, doc: doc})
		}
	}
	p.rendering.Objects = slices.DeleteFunc(p.rendering.Objects, func(o *Object) bool { return !slices.Contains(s.kinds, o.Kind) })
	return p
}

func (s *indexSearch) wants(kinds []string) bool {
	return slices.ContainsFunc(kinds, func(kind string) bool {
		item, list := strings.CutSuffix(kind, "List")
		return kind == anyKind || slices.Contains(s.kinds, kind) || list && slices.Contains(s.kinds, item)
	})
}

// anyKind stands for kinds that only parsing would tell.
const anyKind = "*"

// anchor matches what may name a node, for which an alias can stand elsewhere.
var anchor = regexp.MustCompile(`(?:^|[\s\[{,])&[^\s&]`)

// kindsIn returns every word that may be the kind of an object in data: the values of keys called kind, wherever.
func kindsIn(data []byte) (kinds []string) {
	if !mayHoldObject(data) {
		return nil
	}
	if utf16Order(data) != nil || escapesLetters(data) || bytes.IndexByte(data, '&') >= 0 && anchor.Match(data) {
		return []string{anyKind}
	}
	for rest := data; ; {
		i := bytes.Index(rest, []byte("kind"))
		if i < 0 {
			break
		}
		rest = rest[i+len("kind"):]
		value, isKey := bytes.CutPrefix(bytes.TrimLeft(rest, "\"' \t\r\n"), []byte{':'})
		if kind := kindValue(value); isKey && kind != "" {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// kindValue returns the word that begins a value, anyKind for what only parsing tells, "" for no scalar.
func kindValue(value []byte) string {
	value = bytes.TrimLeft(value, " \t\r\n")
	if len(value) > 0 && (value[0] == '"' || value[0] == '\'') {
		value = value[1:]
	}
	end := 0
	for end < len(value) && isWord(value[end]) {
		end++
	}
	switch {
	case end > 0 && end < len(value) && value[end] == ':':
		return "" // the key of a mapping
	case end > 0:
		return string(value[:end])
	case len(value) == 0 || value[0] == '{' || value[0] == '[' || value[0] == '-':
		return ""
	}
	return anyKind
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
