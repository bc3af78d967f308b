package fetch

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo/gittest"
)

// Types of what a pack holds (gitformat-pack).
const (
	packCommit   = 1
	packTree     = 2
	packBlob     = 3
	packOffset   = 6
	packRelative = 7
)

// packer writes packs that nobody else would.
type packer struct {
	t     testing.TB
	body  bytes.Buffer
	count uint32
}

// raw appends an entry: what it is, which size it claims, what stands before its content, and the content.
func (p *packer) raw(kind int, size int, before, content []byte) (at int) {
	p.t.Helper()
	at = p.body.Len() + 12
	c := byte(kind<<4) | byte(size&15)
	for size >>= 4; size > 0; size >>= 7 {
		p.body.WriteByte(c | 0x80)
		c = byte(size & 0x7f)
	}
	p.body.WriteByte(c)
	p.body.Write(before)
	z := zlib.NewWriter(&p.body)
	_, err := z.Write(content)
	if err = errors.Join(err, z.Close()); err != nil {
		p.t.Fatal(err)
	}
	p.count++
	return at
}

// object appends an object, and returns its ID.
func (p *packer) object(kind int, content []byte) string {
	p.t.Helper()
	p.raw(kind, len(content), nil, content)
	return objectID(kind, content)
}

func objectID(kind int, content []byte) string {
	called := map[int]string{packCommit: "commit", packTree: "tree", packBlob: "blob"}[kind]
	sum := sha1.Sum(append([]byte(called+" "+strconv.Itoa(len(content))+"\x00"), content...))
	return hex.EncodeToString(sum[:])
}

// tree appends a tree of entries, each "MODE NAME" and an ID.
func (p *packer) tree(entries ...string) string {
	p.t.Helper()
	return p.object(packTree, treeOf(p.t, entries...))
}

func treeOf(t testing.TB, entries ...string) (content []byte) {
	t.Helper()
	for i := 0; i < len(entries); i += 2 {
		id, err := hex.DecodeString(entries[i+1])
		if err != nil {
			t.Fatal(err)
		}
		content = append(append(append(content, entries[i]...), 0), id...)
	}
	return content
}

// commit appends a commit of a tree.
func (p *packer) commit(tree string) string {
	p.t.Helper()
	return p.object(packCommit, []byte("tree "+tree+"\nauthor T <t@example.test> 1 +0000\ncommitter T <t@example.test> 1 +0000\n\nx\n"))
}

// pack is all of it.
func (p *packer) pack() []byte {
	out := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), p.count)
	out = append(out, p.body.Bytes()...)
	sum := sha1.Sum(out)
	return append(out, sum[:]...)
}

// sideband is a pack as a server sends it.
func sideband(pack []byte) []byte {
	out := []byte(pkt("packfile\n"))
	for len(pack) > 0 {
		n := min(len(pack), 60_000)
		out, pack = append(out, pkt("\x01"+string(pack[:n]))...), pack[n:]
	}
	return append(out, pktFlush...)
}

// varint is a size in a delta.
func varint(n int) (out []byte) {
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(out, byte(n))
}

// doubling is a delta that has its base twice.
func doubling(size int) []byte {
	delta := append(varint(size), varint(2*size)...)
	for range 2 {
		for at := 0; at < size; {
			n := min(size-at, 0xffffff)
			delta = append(delta, 0xff, byte(at), byte(at>>8), byte(at>>16), byte(at>>24), byte(n), byte(n>>8), byte(n>>16))
			at += n
		}
	}
	return delta
}

// offset is how far back the base of a delta lies.
func offset(n int) []byte {
	out := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		n--
		out = append([]byte{byte(n&0x7f) | 0x80}, out...)
	}
	return out
}

// hostilePack is a pack that a server sends for a commit.
type hostilePack struct {
	either bool // Git may take it or not, by its version
	write  func(p *packer) (commit string)
	want   string                            // in the error; "" when there is none
	check  func(t *testing.T, s source.Tree) // of what came of it
}

var hostilePacks = map[string]hostilePack{
	"sound": {write: func(p *packer) string { return p.commit(p.tree("100644 x", p.object(packBlob, []byte("one")))) }},
	"a commit that was not asked for": {want: "no sound pack", write: func(p *packer) string {
		p.commit(p.tree("100644 x", p.object(packBlob, []byte("one"))))
		return strings.Repeat("1", 40)
	}},
	"without its tree":        {want: "no sound pack", write: func(p *packer) string { return p.commit(strings.Repeat("2", 40)) }},
	"without a blob":          {want: "no sound pack", write: func(p *packer) string { return p.commit(p.tree("100644 x", strings.Repeat("3", 40))) }},
	"a commit that is a blob": {want: "could not be fetched", write: func(p *packer) string { return p.object(packBlob, []byte("tree 1")) }},
	"deltas that double": {want: "no sound pack", write: func(p *packer) string {
		base := strings.Repeat("a", 1024)
		at := p.raw(packBlob, len(base), nil, []byte(base))
		for size := len(base); size < 1<<31; size *= 2 {
			here := p.body.Len() + 12
			delta := doubling(size)
			at = p.raw(packOffset, len(delta), offset(here-at), delta)
		}
		return p.commit(p.tree())
	}},
	"a delta of something after it": {want: "no sound pack", write: func(p *packer) string {
		delta := doubling(3)
		p.raw(packOffset, len(delta), offset(1<<30), delta)
		return p.commit(p.tree())
	}},
	"a delta of itself": {want: "no sound pack", write: func(p *packer) string {
		delta := doubling(3)
		p.raw(packOffset, len(delta), []byte{0}, delta)
		return p.commit(p.tree())
	}},
	"a delta of what is nowhere": {want: "no sound pack", write: func(p *packer) string {
		delta := doubling(3)
		p.raw(packRelative, len(delta), bytes.Repeat([]byte{7}, 20), delta)
		return p.commit(p.tree())
	}},
	"more than it claims": {want: "no sound pack", write: func(p *packer) string {
		p.raw(packBlob, 10, nil, make([]byte, 1<<20))
		return p.commit(p.tree())
	}},
	"less than it claims": {want: "no sound pack", write: func(p *packer) string {
		p.raw(packBlob, 1<<40, nil, []byte("x"))
		return p.commit(p.tree())
	}},
	"a commit of a size that is none": {want: "no sound pack", write: func(p *packer) string {
		p.raw(packCommit, 1<<50, nil, []byte("x"))
		return p.commit(p.tree())
	}},
	"trees of trees": {want: "more files than the limit", write: func(p *packer) string {
		tree := p.tree("100644 x", p.object(packBlob, []byte("one")))
		for range 8 {
			var entries []string
			for i := range 100 {
				entries = append(entries, "40000 d"+strconv.Itoa(100+i), tree)
			}
			tree = p.tree(entries...)
		}
		return p.commit(tree)
	}},
	"very deep": {either: true, write: func(p *packer) string {
		tree := p.tree("100644 x", p.object(packBlob, []byte("one")))
		for range 10_000 {
			tree = p.tree("40000 d", tree)
		}
		return p.commit(tree)
	}},
	"a blob that is a bomb": {check: func(t *testing.T, s source.Tree) {
		if data, err := s.ReadFile("x"); !errors.Is(err, source.ErrFileSize) {
			t.Errorf("%d bytes, %v", len(data), err)
		}
	}, write: func(p *packer) string { return p.commit(p.tree("100644 x", p.object(packBlob, make([]byte, 40<<20)))) }},
	"a link out, a link to itself, a submodule": {check: func(t *testing.T, s source.Tree) {
		for _, name := range []string{"passwd", "self", "sub", "sub/x"} {
			if data, err := s.ReadFile(name); err == nil {
				t.Errorf("%s is %q", name, data)
			}
		}
	}, write: func(p *packer) string {
		return p.commit(p.tree("120000 passwd", p.object(packBlob, []byte("/etc/passwd")), "120000 self", p.object(packBlob, []byte("self")),
			"160000 sub", strings.Repeat("4", 40), "100644 x", p.object(packBlob, []byte("one"))))
	}},
}

// oddNames are names of entries that no file system has.
var oddNames = map[string][]string{
	"up": {".."}, "itself": {"."}, "nothing": {""}, "absolute": {"/etc"}, "a path": {"a/b"}, "a path up": {"../../x"}, "twice": {"x", "x"}, "no text": {"\xff\xfe"},
	"file and directory": {"x", "x"},
}

// TestHostilePacks holds that no pack makes the process busy for long, take much memory, or read anything else than the pack.
func TestHostilePacks(t *testing.T) {
	t.Parallel()
	for name, c := range hostilePacks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &packer{t: t}
			commit := c.write(p)
			got, err := fetchPack(t, commit, sideband(p.pack()))
			if c.either && err != nil {
				c.want = "could not be fetched"
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) || err != nil && strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("%v, want %q", err, c.want)
			}
			if c.check != nil && got.Tree != nil {
				c.check(t, got.Tree)
			}
		})
	}
	for name, odd := range oddNames {
		t.Run("named "+name, func(t *testing.T) {
			t.Parallel()
			p := &packer{t: t}
			blob := p.object(packBlob, []byte("one"))
			entries := []string{"100644 good", blob}
			for i, called := range odd {
				mode, id := "100644 ", blob
				if i == 1 && name == "file and directory" {
					mode, id = "40000 ", p.tree("100644 y", blob)
				}
				entries = append(entries, mode+called, id)
			}
			got, err := fetchPack(t, p.commit(p.tree(entries...)), sideband(p.pack()))
			if err != nil {
				return // by git
			}
			if notes := strings.Join(got.Notes, "\n"); (name == "a path") != (notes == "") || name != "a path" && !strings.Contains(notes, "1 files that are left out") ||
				strings.Contains(notes, "\xff") || strings.Contains(notes, "\n") {
				t.Errorf("said %q", notes)
			}
			if text(t, got.Tree, "good") != "one" {
				t.Error("what is sound is not taken")
			}
		})
	}
}

// fetchPack has a server send an answer for a commit.
func fetchPack(t *testing.T, commit string, answer []byte) (manifests.Fetched, error) {
	t.Helper()
	s := gittest.New(t)
	s.Commit("acme/base", "main", map[string]string{"x": "one"})
	s.Before(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			_, _ = w.Write(answer)
		}
		return r.Method == http.MethodPost
	})
	start := time.Now()
	got, err := basesOf(t, s, func(c *BasesConfig) { c.Limits.Pack = 8 << 20 }).Get(t.Context(), gitBase(t, s.URL+"/acme/base", commit))
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %s", took)
	}
	var failed *manifests.RenderError
	if err != nil && !errors.As(err, &failed) {
		t.Errorf("%T: %v", err, err)
	}
	return got, err
}

// TestHostileWire holds that what a server says besides packs is bounded, read as nothing else, and shown as a text.
func TestHostileWire(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("5", 40)
	for name, c := range map[string]struct{ answer, want string }{
		"an error":                   {pkt("ERR \x1b[2J::error::owned\n::warning::x"), `it says "\x1b[2J::error::owned\n::warning::x"`},
		"an error in the pack":       {pkt("packfile\n") + pkt("\x03fatal: \u202eevil\r\n::error::x"), `it says "fatal: \u202eevil\r\n::error::x"`},
		"progress without end":       {pkt("packfile\n") + strings.Repeat(pkt("\x02"+strings.Repeat("x", 60_000)), 400), "more than"},
		"lengths that are none":      {"zzzz", "as a Git server"},
		"a length with a sign":       {"+00fpackfile", "as a Git server"},
		"a length beyond":            {"ffffpackfile", "as a Git server"},
		"length three":               {"0003", "as a Git server"},
		"delimiters":                 {strings.Repeat("0001", 100_000), "as a Git server"},
		"a pack that does not end":   {pkt("packfile\n") + pkt("\x01PACK"), "as a Git server"},
		"a pack of a channel beyond": {pkt("packfile\n") + pkt("\x09PACK") + pktFlush, "no sound pack"},
		"an empty pack":              {string(sideband((&packer{t: t}).pack())), "no sound pack"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := fetchPack(t, id, []byte(c.answer)); err == nil || !strings.Contains(err.Error(), c.want) || strings.ContainsAny(err.Error(), "\n\x1b\u202e") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestHostileRefs holds that names which a server invents are not taken for the one that was asked for, and that many of them
// are bounded.
func TestHostileRefs(t *testing.T) {
	t.Parallel()
	id, other := strings.Repeat("6", 40), strings.Repeat("7", 40)
	for name, c := range map[string]struct{ answer, want string }{
		"others only":      {pkt(id+" refs/heads/evil\n") + pkt(id+" refs/tags/v1.0\n") + pktFlush, "no branch and no tag v1"},
		"a name and more":  {pkt(id+" refs/tags/v1\x00 refs/tags/v1\n") + pktFlush, "no branch and no tag v1"},
		"no commit":        {pkt("HEAD refs/tags/v1\n") + pktFlush, "as a Git server"},
		"a digest of 64":   {pkt(strings.Repeat("a", 64)+" refs/tags/v1\n") + pktFlush, "as a Git server"},
		"an error":         {pkt("ERR \x1b[31m") + pktFlush, "no branch and no tag v1"},
		"without its end":  {pkt(id + " refs/tags/v1\n"), "as a Git server"},
		"very many":        {strings.Repeat(pkt(id+" refs/tags/v1\n"), 200_000), "more than"},
		"peeled":           {pkt(id+" refs/tags/v1 peeled:"+other+" peeled:x symref-target:refs/heads/evil\n") + pktFlush, ""},
		"two of one name":  {pkt(other+" refs/tags/v1\n") + pkt(id+" refs/tags/v1\n") + pktFlush, ""},
		"a branch besides": {pkt(id+" refs/heads/v1\n") + pkt(other+" refs/tags/v1\n") + pktFlush, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := gittest.New(t)
			s.Commit("acme/base", "main", map[string]string{"x": "one"})
			s.Before(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodPost {
					_, _ = w.Write([]byte(c.answer))
				}
				return r.Method == http.MethodPost
			})
			got, err := basesOf(t, s, nil).Pin(t.Context(), gitBase(t, s.URL+"/acme/base", "v1"))
			if c.want == "" && (err != nil || got.Pinned != other) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\x1b")) {
				t.Errorf("%s, %v, want %q", got.Pinned, err, c.want)
			}
		})
	}
}

// TestPackCancelled holds that indexing a pack ends with the review that needs it.
func TestPackCancelled(t *testing.T) {
	t.Parallel()
	p := &packer{t: t}
	commit := p.commit(p.tree("100644 x", p.object(packBlob, []byte("one"))))
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("nobody waits")
	cancel(enough)
	if _, err := gitrepo.OpenPack(ctx, gitrepo.Pack{Commit: commit, Data: p.pack(), Within: time.Minute}, gitrepo.Options{}); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
}
