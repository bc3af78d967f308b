package trace

import (
	"path"
	"reflect"
	"strings"
)

const (
	chartYAML = "Chart.yaml"
	// maxFileLines is how many lines of the files that templates read are told apart, in all files together: each
	// takes some hundred bytes. Of what is beyond it the file is known.
	maxFileLines = 100_000
)

// registerChart makes .Chart and .Files of a scope known: the one is read from Chart.yaml, the other are files.
func (x *run) registerChart(t Template) {
	dir := path.Dir(t.BasePath)
	about := newNode(nil, key{}, t.Scope["Chart"])
	about.home = &home{in: path.Join(dir, chartYAML)}
	x.containers[address(reflect.ValueOf(t.Scope))] = &container{
		keep: t.Scope, elems: map[key]*prov{{name: "Chart"}: {shape: about}},
	}
	if all := reflect.ValueOf(t.Scope["Files"]); all.Kind() == reflect.Map {
		x.containers[address(all)] = &container{keep: t.Scope["Files"], prov: &prov{shape: &fileSet{run: x, dir: dir, nodes: map[string]*node{}, known: map[string]*prov{}}}}
	}
}

// fileSet is the shape of .Files and of what .Files.Glob returns.
type fileSet struct {
	*run
	dir   string // the chart, as its templates' names begin
	nodes map[string]*node
	known map[string]*prov // of contents, once asked for
}

// child gives the origin of a file's content: its lines.
func (f *fileSet) child(k key, elem reflect.Value) *prov {
	data, ok := bytesOf(elem)
	if !ok {
		return nil
	}
	return f.content(k.name, string(data))
}

// bytesOf gives the content that a value of type []byte holds.
func bytesOf(v reflect.Value) ([]byte, bool) {
	v = concrete(v)
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Uint8 {
		return nil, false
	}
	return v.Bytes(), true
}

func (f *fileSet) file(name string) *node {
	n := f.nodes[name]
	if n == nil {
		n = newNode(nil, key{}, nil)
		n.self.shape = nil
		n.home = &home{in: path.Join(f.dir, name)}
		f.nodes[name] = n
	}
	return n
}

// content gives the origin of a file's content, line by line as long as there may be more lines.
func (f *fileSet) content(name, content string) *prov {
	if known := f.known[name]; known != nil {
		return known
	}
	n := f.file(name)
	f.known[name] = &n.self
	if content == "" || !f.mayHave(content) {
		return &n.self
	}
	t, start, number := &text{}, 0, 0
	for line := range strings.Lines(content) {
		number++
		start += len(line)
		leaf := n.lineOf(number, strings.TrimRight(line, "\r\n"))
		t.pieces = append(t.pieces, piece{start, &mark{leaves: leaf.self.leaves}, -1})
	}
	f.known[name] = &prov{text: t}
	return f.known[name]
}

// mayHave counts the lines of a file's content and reports whether they may be told apart.
func (f *fileSet) mayHave(content string) bool {
	count := strings.Count(content, "\n") + 1
	if f.fileLines+count > maxFileLines {
		return false
	}
	f.fileLines += count
	return true
}

// fileMethod tells the origin of what a method of .Files returns; nil for methods of anything else.
func (s *state) fileMethod(of value, name string) rule {
	origin := s.originOf(of)
	if origin == nil {
		return nil
	}
	set, ok := origin.shape.(*fileSet)
	if !ok {
		return nil
	}
	switch name {
	case "Get", "GetBytes":
		return func(s *state, c *call, out reflect.Value) *prov { return set.read(s, c, out) }
	case "Lines":
		return func(s *state, c *call, out reflect.Value) *prov { return set.lines(s, c, out) }
	case "Glob":
		return func(s *state, _ *call, out reflect.Value) *prov {
			if known := s.container(out); known != nil {
				known.prov = origin
			}
			return origin
		}
	case "AsConfig", "AsSecrets":
		return func(s *state, _ *call, out reflect.Value) *prov { return set.data(s, of.rv, out.String()) }
	}
	return nil
}

func (f *fileSet) read(s *state, c *call, out reflect.Value) *prov {
	content, ok := bytesOf(out)
	if !ok {
		content = []byte(out.String())
	}
	p := f.content(c.in[0].String(), string(content))
	s.spend(pieceBytes * p.text.count())
	return p
}

func (f *fileSet) lines(s *state, c *call, out reflect.Value) *prov {
	file := f.file(c.in[0].String())
	if out.Len()+f.fileLines > maxFileLines {
		return &file.self
	}
	f.fileLines += out.Len()
	for i := range out.Len() {
		s.put(out, index(i), &file.lineOf(i+1, out.Index(i).String()).self)
	}
	return nil
}

// data tells the origin of files that were printed as the data of a ConfigMap or Secret: a line of a file where the
// text goes on with it, of a key and of what is encoded the file.
func (f *fileSet) data(s *state, all reflect.Value, text string) *prov {
	names := map[string]string{}
	for _, k := range sortedKeys(all) {
		names[path.Base(k.String())] = k.String()
	}
	out := &output{}
	at := &printedFile{}
	for line := range strings.Lines(text) {
		from := (*node)(nil)
		name, _, isKey := strings.Cut(line, ":")
		if name = names[strings.Trim(name, `"'`)]; isKey && line[0] != ' ' && name != "" {
			content, _ := bytesOf(all.MapIndex(reflect.ValueOf(name)))
			at = &printedFile{file: f.file(name)}
			if f.mayHave(string(content)) {
				at.lines = strings.Split(string(content), "\n")
			}
			from = at.file
		} else {
			from = at.line(line)
		}
		if from == nil {
			return nil
		}
		out.write(line, piece{mark: &mark{leaves: from.self.leaves}, off: -1})
	}
	s.spend(pieceBytes * len(out.pieces))
	return out.value().prov
}

// printedFile is a file of which the first lines were found in a text.
type printedFile struct {
	file  *node
	lines []string
	next  int
}

// line finds a printed line as the next one of the file, blank ones apart; else it is of the whole file.
func (p *printedFile) line(printed string) *node {
	printed = strings.TrimSpace(printed)
	for i := p.next; i < len(p.lines); i++ {
		content := strings.TrimSpace(p.lines[i])
		if content == printed {
			p.next = i + 1
			return p.file.lineOf(i+1, strings.TrimRight(p.lines[i], "\r"))
		}
		if content != "" {
			break
		}
	}
	return p.file
}
