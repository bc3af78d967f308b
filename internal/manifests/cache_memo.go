package manifests

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"path/filepath"
	"slices"
	"sort"
	"sync"
)

// Memo remembers what files say, by the identity of their bytes, and the last discovery of a repository, by the tree
// and what was wanted of it. A nil Memo remembers nothing. It may be used by
// several goroutines and several discoveries at once.
//
// On disk it is a list of keys, sorted, with the places of their facts, which are decoded only when they are asked
// for: opening it costs no more than reading it.
type Memo struct {
	file   string
	stored []byte // the payload of the file
	mu     sync.RWMutex
	fresh  map[memoKey][]byte
	trees  storedDiscovery
}

// memoKey is the first letter of the kind of a fact, which no two share, and the identity of a file, or a hash of both.
type memoKey [16]byte

const (
	memoRecord = len(memoKey{}) + 8 // a key, and offset and length of its fact
	maxMemo    = 32 << 20           // bytes; a larger one begins anew
)

// Memo returns what the cache remembers of the files of a repository, which is named as the caller likes: its
// path or its full name. Save keeps what is new.
func (c *Cache) Memo(repository string) *Memo {
	if c == nil {
		return &Memo{}
	}
	m := &Memo{file: filepath.Join(c.dir, "facts", hashName([]byte(c.version+"\n"+repository)))}
	if data, err := readKept(m.file); err == nil {
		m.stored, _ = unsealed(data)
	}
	if n := m.records(); n < 0 || n*memoRecord > len(m.stored)-4 {
		m.stored = nil
	}
	return m
}

// Save writes the memo to disk when there is anything new in it. What cannot be written is forgotten.
func (m *Memo) Save() {
	if m == nil || m.file == "" {
		return
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	m.saveDiscovery()
	if len(m.fresh) > 0 {
		_ = writeKept(m.file, sealed(m.encode()))
	}
}

// records returns how many facts are stored.
func (m *Memo) records() int {
	if len(m.stored) < 4 {
		return 0
	}
	return int(binary.BigEndian.Uint32(m.stored))
}

// record returns the key of record i, and its fact.
func (m *Memo) record(i int) (key, value []byte) {
	r := m.stored[4+i*memoRecord:][:memoRecord]
	values := m.stored[4+m.records()*memoRecord:]
	offset, length := uint64(binary.BigEndian.Uint32(r[16:])), uint64(binary.BigEndian.Uint32(r[20:]))
	if offset+length > uint64(len(values)) {
		return r[:16], nil
	}
	return r[:16], values[offset : offset+length]
}

func (m *Memo) encode() []byte {
	all := map[memoKey][]byte{}
	if len(m.stored) < maxMemo {
		for i := range m.records() {
			key, value := m.record(i)
			all[memoKey(key)] = value
		}
	}
	for key, value := range m.fresh {
		all[key] = value
	}
	keys := make([]memoKey, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b memoKey) int { return bytes.Compare(a[:], b[:]) })
	out := binary.BigEndian.AppendUint32(nil, uint32(len(keys)))
	offset := 0
	for _, key := range keys {
		out = append(out, key[:]...)
		out = binary.BigEndian.AppendUint32(out, uint32(offset))
		out = binary.BigEndian.AppendUint32(out, uint32(len(all[key])))
		offset += len(all[key])
	}
	for _, key := range keys {
		out = append(out, all[key]...)
	}
	return out
}

// key returns the key of what a file says. Its identity is a hash already, of which the beginning is as good as another.
func (a asked) key() (k memoKey) {
	if half := 2 * (len(k) - 1); len(a.id) >= half {
		if _, err := hex.Decode(k[1:], []byte(a.id[:half])); err == nil {
			k[0] = a.kind[0]
			return k
		}
	}
	sum := sha256.Sum256([]byte(string(a.kind) + ":" + a.id))
	return memoKey(sum[:len(k)])
}

// fact returns what is remembered under key.
func (m *Memo) fact(key memoKey) (fact, bool) {
	value, ok := m.value(key)
	if !ok {
		return fact{}, false
	}
	f, err := decodeFact(value)
	return f, err == nil
}

// knows reports whether something is remembered under key.
func (m *Memo) knows(key memoKey) bool {
	_, ok := m.value(key)
	return ok
}

// value returns the encoded fact under key.
func (m *Memo) value(k memoKey) ([]byte, bool) {
	if m == nil {
		return nil, false
	}
	m.mu.RLock()
	value, ok := m.fresh[k]
	m.mu.RUnlock()
	if ok {
		return value, true
	}
	n := m.records()
	i := sort.Search(n, func(i int) bool { at, _ := m.record(i); return bytes.Compare(at, k[:]) >= 0 })
	if i == n {
		return nil, false
	}
	at, value := m.record(i)
	return value, bytes.Equal(at, k[:])
}

// remember notes a fact under key.
func (m *Memo) remember(key memoKey, f fact) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fresh == nil {
		m.fresh = map[memoKey][]byte{}
	}
	m.fresh[key] = encodeFact(f)
}

func encodeFact(f fact) []byte {
	e := encoder{}
	e.flag(f.Apart)
	e.int(f.Line)
	e.string(f.Err)
	for _, list := range [][]string{f.Dirs, f.Configs, f.Files, f.Charts} {
		e.list(list)
	}
	return e.buf
}

func decodeFact(data []byte) (fact, error) {
	d := decoder{buf: data}
	f := fact{Apart: d.flag(), Line: d.int(), Err: d.string()}
	f.Dirs, f.Configs, f.Files, f.Charts = d.list(), d.list(), d.list(), d.list()
	return f, d.end()
}
