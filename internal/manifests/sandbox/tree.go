package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"sync"

	"github.com/landwaiter/landwaiter/internal/source"
)

const (
	blobBytes  = 32 << 20 // bytes of file contents that a child keeps from job to job
	keptTrees  = 4        // trees of which a child keeps listings: base, head, and those that charts bring along
	keptNames  = 100_000  // names that a child keeps of one tree
	maxRequest = maxPath  // bytes of a path that a renderer may ask for
)

// client is the child's end of the pipes, with what it has learnt from its parent. One job uses it at a time.
type client struct {
	mu     sync.Mutex
	in     *bufio.Reader
	out    io.Writer
	trees  map[uint64]*knowledge
	recent []uint64 // numbers of the trees, most recently used last
	blobs  *blobCache
}

func newClient(in io.Reader, out io.Writer) *client {
	return &client{
		in: bufio.NewReaderSize(in, 64<<10), out: out,
		trees: map[uint64]*knowledge{}, blobs: newBlobCache(blobBytes),
	}
}

// knowledge is what a child knows of one tree.
type knowledge struct {
	dirs  map[string]*directory // by path as asked for
	names int
}

// directory is what a child knows of one directory, by names in it.
type directory struct {
	err      error         // why there is no list
	list     []source.Info // as Tree.ReadDir gives it; nil until asked for
	entries  []entry
	stats    map[string]stat
	unread   map[string]error // of files, why they cannot be read
	complete bool             // entries and err are known
}

// tree returns the tree of a job. Its methods fail once done was called, so that a goroutine that outlives its
// job cannot speak in the next one.
func (c *client) tree(j *job) *remoteTree {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &remoteTree{client: c, known: c.knowledge(j.tree), number: j.tree}
	if j.listing != nil {
		t.learn(j.listing)
	}
	return t
}

// knowledge returns what is known of a tree, forgetting the tree that was not used for longest.
func (c *client) knowledge(number uint64) *knowledge {
	c.recent = slices.DeleteFunc(c.recent, func(n uint64) bool { return n == number })
	c.recent = append(c.recent, number)
	if len(c.recent) > keptTrees {
		delete(c.trees, c.recent[0])
		c.recent = c.recent[1:]
	}
	if c.trees[number] == nil {
		c.trees[number] = &knowledge{dirs: map[string]*directory{}}
	}
	return c.trees[number]
}

// directory returns what is known of a directory, at first nothing.
func (k *knowledge) directory(dir string) *directory {
	d := k.dirs[dir]
	if d == nil {
		if k.names > keptNames {
			k.dirs, k.names = map[string]*directory{}, 0
		}
		d = &directory{stats: map[string]stat{}, unread: map[string]error{}}
		k.dirs[dir] = d
		k.names++
	}
	return d
}

// remoteTree is a tree of the parent. It implements source.Tree.
type remoteTree struct {
	client *client
	known  *knowledge
	number uint64
	closed bool
	broken error // of the pipe
}

// done ends the use of the tree and returns what went wrong with the pipe, if anything.
func (t *remoteTree) done() error {
	t.client.mu.Lock()
	defer t.client.mu.Unlock()
	t.closed = true
	return t.broken
}

// Stat implements source.Tree.
func (t *remoteTree) Stat(name string) (source.Info, error) {
	t.client.mu.Lock()
	defer t.client.mu.Unlock()
	return t.stat(path.Clean(name))
}

func (t *remoteTree) stat(name string) (source.Info, error) {
	base := path.Base(name)
	if known, ok := t.known.directory(path.Dir(name)).stats[base]; ok {
		return known.info, known.err
	}
	d, err := t.list(path.Dir(name), false)
	if err != nil {
		return source.Info{}, err
	}
	if known, ok := d.stats[base]; ok {
		return known.info, known.err
	}
	answer, err := t.ask(askStat, name, false)
	if err != nil {
		return source.Info{}, err
	}
	s := takeStat(answer, path.Dir(name))
	if err := t.finish(answer); err != nil {
		return source.Info{}, err
	}
	d.stats[base] = s
	t.known.names++
	return s.info, s.err
}

// ReadFile implements source.Tree.
func (t *remoteTree) ReadFile(name string) ([]byte, error) {
	t.client.mu.Lock()
	defer t.client.mu.Unlock()
	name = path.Clean(name)
	d, err := t.list(path.Dir(name), true)
	if err != nil {
		return nil, err
	}
	base := path.Base(name)
	known, described := d.stats[base]
	if known.err != nil {
		return nil, known.err
	}
	if err := d.unread[base]; err != nil {
		return nil, err
	}
	if described && known.info.Kind == source.File {
		if data, ok := t.client.blobs.get(known.info.ID); ok {
			return data, nil
		}
	}
	return t.fetch(d, name)
}

// fetch asks for a file, and learns about those that come with it.
func (t *remoteTree) fetch(d *directory, name string) ([]byte, error) {
	answer, err := t.ask(askFile, name, true)
	if err != nil {
		return nil, err
	}
	asked := takeFile(answer, path.Dir(name))
	others := takeFiles(answer, path.Dir(name))
	if err := t.finish(answer); err != nil {
		return nil, err
	}
	t.keep(d, append(others, asked))
	if asked.err != nil {
		d.stats[path.Base(name)] = asked.stat
		d.unread[path.Base(name)] = asked.err
	}
	return asked.data, asked.err
}

// ReadDir implements source.Tree.
func (t *remoteTree) ReadDir(name string) ([]source.Info, error) {
	t.client.mu.Lock()
	defer t.client.mu.Unlock()
	name = path.Clean(name)
	d, err := t.list(name, false)
	switch {
	case err != nil:
		return nil, err
	case d.err != nil:
		return nil, d.err
	}
	if d.list == nil {
		d.list = make([]source.Info, len(d.entries))
		for i, e := range d.entries {
			d.list[i] = e.info
			d.list[i].Path = path.Join(name, e.info.Name)
		}
	}
	return slices.Clone(d.list), nil
}

// list returns a directory of which all is known that the parent says beforehand, asking for its small files as
// well if they are wanted. The error is one of the pipe.
func (t *remoteTree) list(dir string, files bool) (*directory, error) {
	if d := t.known.dirs[dir]; d != nil && d.complete {
		return d, nil
	}
	answer, err := t.ask(askDir, dir, files)
	if err != nil {
		return nil, err
	}
	l := takeListing(answer)
	if err := t.finish(answer); err != nil {
		return nil, err
	}
	return t.learn(l), nil
}

// learn takes in what the parent says about a directory.
func (t *remoteTree) learn(l *listing) *directory {
	t.known.names += len(l.entries) + len(l.absent)
	if l.err == nil && l.dir != "." {
		self := source.Info{Path: l.at, Name: path.Base(l.dir), Kind: source.Dir}
		t.known.directory(path.Dir(l.dir)).stats[self.Name] = stat{info: self}
	}
	d := t.known.directory(l.dir)
	d.err, d.entries, d.complete = l.err, l.entries, true
	for _, e := range l.entries {
		if e.described {
			e.info.Path = path.Join(l.at, e.info.Name)
			d.stats[e.info.Name] = stat{info: e.info}
		}
	}
	for _, a := range l.absent {
		d.stats[a.name] = stat{err: a.err}
	}
	t.keep(d, l.files)
	return d
}

// keep remembers files of a directory.
func (t *remoteTree) keep(d *directory, files []file) {
	for _, f := range files {
		if f.err == nil && f.stat.err == nil {
			t.client.blobs.add(blob{f.stat.info.ID, f.data})
			d.stats[f.stat.info.Name] = f.stat
		}
	}
}

// ask sends a question and returns the answer. The caller holds the lock.
func (t *remoteTree) ask(what question, name string, neighbours bool) (*decoder, error) {
	switch {
	case t.closed:
		return nil, errors.New("the tree is used after its job")
	case t.broken != nil:
		return nil, t.broken
	case len(name) > maxRequest:
		return nil, fmt.Errorf("a path of %d bytes: %w", len(name), source.ErrDepth)
	}
	if err := writeFrame(t.client.out, encodeLookup(what, name, neighbours)); err != nil {
		return nil, t.breakWith(err)
	}
	kind, answer, err := readFrame(t.client.in, maxAnswer)
	if err == nil && kind != frameAnswer {
		err = fmt.Errorf("%w: no answer", errProtocol)
	}
	if err != nil {
		return nil, t.breakWith(err)
	}
	return answer, nil
}

func (t *remoteTree) finish(answer *decoder) error {
	if err := answer.finish(); err != nil {
		return t.breakWith(err)
	}
	return nil
}

func (t *remoteTree) breakWith(err error) error {
	t.broken = fmt.Errorf("the pipe to the parent: %w", err)
	return t.broken
}
