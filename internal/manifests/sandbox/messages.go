package sandbox

import (
	"math"
	"path"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// protocolVersion is what both ends must agree on; they are one program, but perhaps not of one build.
const protocolVersion = 3

// encodeSetup tells a child its limits.
func encodeSetup(l Limits) *encoder {
	e := newFrame(frameSetup)
	e.uint(protocolVersion)
	for _, n := range [...]int64{l.Memory, int64(l.CPU), int64(l.Deadline), l.Output, int64(l.Objects)} {
		e.int(n)
	}
	return e
}

func decodeSetup(d *decoder) (Limits, error) {
	if v := d.uint(); v != protocolVersion {
		d.fail("version %d of the protocol instead of %d", v, protocolVersion)
	}
	l := Limits{Memory: d.int(), CPU: time.Duration(d.int()), Deadline: time.Duration(d.int())}
	l.Output, l.Objects = d.int(), int(d.int())
	return l, d.finish()
}

// encodeHello tells the parent which walls stand, or why the child cannot work.
func encodeHello(r Report, err error) *encoder {
	e := newFrame(frameHello)
	e.uint(protocolVersion)
	putError(e, err)
	e.flag(r.Limits)
	e.count(r.Landlock)
	e.flag(r.Seccomp)
	e.text(r.Missing)
	return e
}

func decodeHello(d *decoder) (Report, error) {
	if v := d.uint(); v != protocolVersion {
		d.fail("version %d of the protocol instead of %d", v, protocolVersion)
	}
	if err := takeError(d); err != nil {
		return Report{}, err
	}
	r := Report{Limits: d.flag(), Landlock: d.number("landlock", 1000), Seccomp: d.flag()}
	r.Missing = d.text("missing", maxErrorText)
	return r, d.finish()
}

// job is what a child is asked to render.
type job struct {
	tree     uint64 // number of the tree, the same for all jobs on it
	root     manifests.Root
	settings manifests.Settings
	listing  *listing // of the root's directory, when the child cannot know it yet
}

func encodeJob(j *job) *encoder {
	e := newFrame(frameJob)
	e.uint(j.tree)
	for _, s := range [...]string{j.root.Path, string(j.root.Kind), j.root.Dir, j.root.Release, j.root.Namespace} {
		e.text(s)
	}
	putTexts(e, j.root.Values)
	putTexts(e, j.root.Files)
	e.flag(j.root.Free)
	e.text(j.settings.KubeVersion)
	putTexts(e, j.settings.APIVersions)
	e.int(int64(j.settings.HelmLine))
	e.flag(j.settings.IncludeCRDs)
	e.flag(j.settings.Strays)
	e.flag(j.settings.SkipSchema)
	e.flag(j.settings.Lines)
	e.flag(j.listing != nil)
	if j.listing != nil {
		putListing(e, j.listing)
	}
	return e
}

func decodeJob(d *decoder) (*job, error) {
	text := func() string { return d.text("text", unlimitedText) }
	j := &job{tree: d.uint()}
	j.root = manifests.Root{
		Path: text(), Kind: manifests.RootKind(text()), Dir: text(), Release: text(), Namespace: text(),
		Values: takeTexts(d), Files: takeTexts(d), Free: d.flag(),
	}
	j.settings = manifests.Settings{KubeVersion: text(), APIVersions: takeTexts(d), HelmLine: int(d.int())}
	j.settings.IncludeCRDs, j.settings.Strays, j.settings.SkipSchema, j.settings.Lines = d.flag(), d.flag(), d.flag(), d.flag()
	if d.flag() {
		j.listing = takeListing(d)
	}
	return j, d.finish()
}

func putTexts(e *encoder, texts []string) {
	e.count(len(texts))
	for _, s := range texts {
		e.text(s)
	}
}

func takeTexts(d *decoder) []string {
	var texts []string
	for range d.count("list", math.MaxInt32, 1) {
		texts = append(texts, d.text("text", unlimitedText))
	}
	return texts
}

// question is what a child may ask about the tree of its job.
type question uint8

const (
	askStat question = iota // describe a path
	askDir                  // list a directory, with all that can be said beforehand
	askFile                 // the bytes of a file
	questions
)

// encodeLookup asks. With files the contents of small files in the same directory are wanted as well.
func encodeLookup(ask question, path string, files bool) *encoder {
	e := newFrame(frameLookup)
	e.uint(uint64(ask))
	e.text(path)
	e.flag(files)
	return e
}

func decodeLookup(d *decoder) (ask question, path string, files bool, err error) {
	ask = question(d.number("question", int(questions)-1))
	path = d.text("path", maxPath)
	files = d.flag()
	return ask, path, files, d.finish()
}

// listing is all that the parent says about a directory at once.
type listing struct {
	dir     string // as asked for
	err     error  // why there is no list
	at      string // where links lead to from dir
	entries []entry
	absent  []absence // names that renderers try, and that are not there
	files   []file    // some of the files
}

// entry is a name in a directory, as Tree.ReadDir gives it. When it is described, Tree.Stat would say the same.
type entry struct {
	info      source.Info
	described bool
}

// absence is a name about which Tree.Stat gives an error.
type absence struct {
	name string
	err  error
}

func putListing(e *encoder, l *listing) {
	e.text(l.dir)
	putError(e, l.err)
	e.text(l.at)
	e.count(len(l.entries))
	for i := range l.entries {
		putInfo(e, &l.entries[i].info, l.dir)
		e.flag(l.entries[i].described)
	}
	e.count(len(l.absent))
	for _, a := range l.absent {
		e.text(a.name)
		putError(e, a.err)
	}
	putFiles(e, l.files, l.dir)
}

func takeListing(d *decoder) *listing {
	l := &listing{dir: d.text("directory", unlimitedText), err: takeError(d), at: d.text("place", unlimitedText)}
	l.entries = make([]entry, d.count("entries", math.MaxInt32, infoSize+1))
	for i := range l.entries {
		l.entries[i] = entry{info: takeInfo(d, l.dir), described: d.flag()}
	}
	for range d.count("absences", math.MaxInt32, 2) {
		l.absent = append(l.absent, absence{d.text("name", unlimitedText), takeError(d)})
	}
	l.files = takeFiles(d, l.dir)
	return l
}

const infoSize = 6 // bytes that an Info takes at least

// putInfo writes an Info; its path is left out where it is that of the name in dir.
func putInfo(e *encoder, info *source.Info, dir string) {
	e.text(info.Name)
	e.uint(uint64(info.Kind))
	e.flag(info.Link)
	e.int(info.Size)
	e.text(info.ID)
	plain := info.Path == path.Join(dir, info.Name)
	e.flag(plain)
	if !plain {
		e.text(info.Path)
	}
}

func takeInfo(d *decoder, dir string) source.Info {
	info := source.Info{Name: d.text("name", unlimitedText), Kind: source.Kind(d.number("kind", 255)), Link: d.flag()}
	info.Size = d.int()
	info.ID = d.text("identity", unlimitedText)
	if d.flag() {
		info.Path = path.Join(dir, info.Name)
	} else {
		info.Path = d.text("path", unlimitedText)
	}
	return info
}

// stat is what Tree.Stat says about a path.
type stat struct {
	info source.Info
	err  error
}

func putStat(e *encoder, s stat, dir string) {
	putError(e, s.err)
	if s.err == nil {
		putInfo(e, &s.info, dir)
	}
}

func takeStat(d *decoder, dir string) stat {
	s := stat{err: takeError(d)}
	if s.err == nil {
		s.info = takeInfo(d, dir)
	}
	return s
}

// file is a file as Tree.Stat describes it, with its content or the reason why it has none.
type file struct {
	stat stat
	data []byte
	err  error
}

func putFile(e *encoder, f *file, dir string) {
	putStat(e, f.stat, dir)
	putError(e, f.err)
	e.bytes(f.data)
}

func takeFile(d *decoder, dir string) file {
	return file{stat: takeStat(d, dir), err: takeError(d), data: d.bytes("content", unlimitedText)}
}

func putFiles(e *encoder, files []file, dir string) {
	e.count(len(files))
	for i := range files {
		putFile(e, &files[i], dir)
	}
}

func takeFiles(d *decoder, dir string) []file {
	n := d.count("files", math.MaxInt32, 3)
	if n == 0 {
		return nil
	}
	files := make([]file, n)
	for i := range files {
		files[i] = takeFile(d, dir)
	}
	return files
}
