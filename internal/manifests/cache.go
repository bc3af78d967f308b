package manifests

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"slices"
	"sync"

	"github.com/landwaiter/landwaiter/internal/source"
)

const (
	cacheShards   = 16
	cacheVariants = 4       // states of one root that are kept
	cacheFormat   = "lw3\n" // begins every file; changes with the encoding
	maxCacheFile  = 256 << 20
)

// Cache keeps renderings on disk. What was rendered is found again by the root, the settings and the bot's version,
// and is valid as long as every path that was read answers the same.
//
// Files are checked when they are read: one that is damaged, cut short or of another format counts as not there. Any
// of them may be deleted at any time, and several processes may share a directory. Those used least recently go when
// there are more than maxBytes. A nil Cache, and one without a directory, keeps nothing.
//
// A rendering in which a Secret has values is never written; only what it read is.
type Cache struct {
	Looked func(hit bool) // told of every Get, from any goroutine; nil for nobody. It is set before the first.

	dir     string
	version string
	budget  int64 // bytes of one shard
	mu      sync.Mutex
	sizes   map[string]int64 // of the shards that were looked at
}

// OpenCache returns the cache in dir, which is made when something is kept. version names the build of the bot:
// another one shares nothing. maxBytes caps the renderings' files; with 0 or less, or dir "", nothing is kept.
func OpenCache(dir string, maxBytes int64, version string) *Cache {
	if dir == "" || maxBytes <= 0 {
		return nil
	}
	return &Cache{dir: dir, version: version, budget: maxBytes / cacheShards, sizes: map[string]int64{}}
}

// Get returns what root rendered to, where that is known for the state of tree, and what was read for it. When only
// the latter was kept, ok is false and reads is not nil.
func (c *Cache) Get(root Root, settings Settings, tree source.Tree) (rendering *Rendering, reads source.ReadSet, ok bool) {
	if c == nil {
		return nil, nil, false
	}
	rendering, reads, ok = c.find(root, settings, tree)
	if c.Looked != nil {
		c.Looked(ok)
	}
	return rendering, reads, ok
}

// find is Get of a cache that there is.
func (c *Cache) find(root Root, settings Settings, tree source.Tree) (rendering *Rendering, reads source.ReadSet, ok bool) {
	shard, name := c.place(root, settings)
	for _, v := range c.variants(shard, name) {
		if len(v.reads.Changed(tree)) > 0 {
			continue
		}
		if v.body == "" {
			return nil, v.reads, false
		}
		data, err := c.read(shard, v.body)
		if err != nil || hashName(data) != v.body {
			return nil, v.reads, false
		}
		rendering, err = decodeRendering(data, root)
		if err != nil {
			return nil, v.reads, false
		}
		Shelf(shard).Use(name, v.body)
		return rendering, v.reads, true
	}
	return nil, nil, false
}

// Put keeps what root rendered to, and what was read for it. A disk that cannot be written is no error: then nothing
// is kept.
func (c *Cache) Put(root Root, settings Settings, reads source.ReadSet, rendering *Rendering) {
	if c == nil {
		return
	}
	shard, name := c.place(root, settings)
	v := variant{reads: reads}
	if !holdsSecrets(rendering) {
		data := encodeRendering(rendering)
		v.body = hashName(data)
		if !c.write(shard, v.body, data) {
			return
		}
	}
	kept := []variant{v}
	for _, old := range c.variants(shard, name) {
		if len(kept) < cacheVariants && old.reads.Key() != reads.Key() {
			kept = append(kept, old)
		}
	}
	c.write(shard, name, sealed(encodeVariants(kept)))
	c.trim(shard)
}

// place returns the shard and the name of the file that lists what is known of a root.
func (c *Cache) place(root Root, settings Settings) (shard, name string) {
	// Neither type has anything that JSON cannot write.
	key, _ := json.Marshal([]any{cacheFormat, c.version, root, settings})
	name = hashName(key)
	return filepath.Join(c.dir, "renderings", name[:1]), name + ".reads"
}

func hashName(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:20])
}

// variant is one state of a root: what was read, and the file of what it rendered to, "" when that was not kept.
type variant struct {
	reads source.ReadSet
	body  string
}

func (c *Cache) variants(shard, name string) []variant {
	data, err := c.read(shard, name)
	if err != nil {
		return nil
	}
	payload, ok := unsealed(data)
	if !ok {
		return nil
	}
	variants, err := decodeVariants(payload)
	if err != nil {
		return nil
	}
	return variants
}

func (c *Cache) read(shard, name string) ([]byte, error) {
	return Shelf(shard).Read(name, maxCacheFile)
}

// write puts a file in place, and counts what is there.
func (c *Cache) write(shard, name string, data []byte) bool {
	if len(data) > maxCacheFile || int64(len(data)) > c.budget || Shelf(shard).Write(name, data) != nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if size, known := c.sizes[shard]; known {
		c.sizes[shard] = size + int64(len(data))
	}
	return true
}

// trim removes what was used least recently when a shard is larger than its share.
func (c *Cache) trim(shard string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if size, known := c.sizes[shard]; known && size <= c.budget {
		return
	}
	c.sizes[shard] = Shelf(shard).Trim(c.budget)
}

// sealed puts the format and a checksum before a payload; unsealed checks both.
func sealed(payload []byte) []byte {
	sum := sha256.Sum256(payload)
	return slices.Concat([]byte(cacheFormat), sum[:], payload)
}

func unsealed(data []byte) (payload []byte, ok bool) {
	data, ok = bytes.CutPrefix(data, []byte(cacheFormat))
	if !ok || len(data) < sha256.Size {
		return nil, false
	}
	sum := sha256.Sum256(data[sha256.Size:])
	if !bytes.Equal(sum[:], data[:sha256.Size]) {
		return nil, false
	}
	return data[sha256.Size:], true
}

// holdsSecrets reports whether a Secret of the rendering has values.
func holdsSecrets(r *Rendering) bool {
	for _, o := range r.Objects {
		if o.Kind == "Secret" && (len(o.Field().Get("data").Entries()) > 0 || len(o.Field().Get("stringData").Entries()) > 0) {
			return true
		}
	}
	return false
}
