package manifests

import (
	"bytes"
	"path/filepath"
)

// Kept returns what Keep last kept under name, when that was for this key; nil otherwise, and always of a nil Cache.
func (c *Cache) Kept(name, key string) []byte {
	if c == nil {
		return nil
	}
	data, err := readKept(c.keepFile(name))
	if err != nil {
		return nil
	}
	payload, ok := unsealed(data)
	if !ok {
		return nil
	}
	data, ok = bytes.CutPrefix(payload, []byte(hashName([]byte(key))))
	if !ok {
		return nil
	}
	return data
}

// Keep keeps data under name in place of what was there, to be found by key only. What cannot be written is forgotten.
func (c *Cache) Keep(name, key string, data []byte) {
	if c == nil || len(data) > maxCacheFile {
		return
	}
	_ = writeKept(c.keepFile(name), sealed(append([]byte(hashName([]byte(key))), data...)))
}

func readKept(file string) ([]byte, error) {
	return Shelf(filepath.Dir(file)).Read(filepath.Base(file), maxCacheFile)
}

func writeKept(file string, data []byte) error {
	return Shelf(filepath.Dir(file)).Write(filepath.Base(file), data)
}

func (c *Cache) keepFile(name string) string {
	return filepath.Join(c.dir, "facts", hashName([]byte(c.version+"\n"+name)))
}
