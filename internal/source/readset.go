package source

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
)

// Read is what one path answered when it was read. The answers are opaque; "" means that the question was not asked.
type Read struct {
	Path  string `json:"p"`
	Is    string `json:"s,omitempty"` // what is there, with its ID and where links lead
	Lists string `json:"l,omitempty"` // what the directory holds: names and kinds
}

// ReadSet is everything that was read in making something, sorted by path: as long as every answer stays the
// same, what was made stays the same. It can be stored as JSON or gob.
type ReadSet []Read

// Changed returns the paths that would answer differently in a tree: files that changed, went, or appeared where
// something had been looked for, and directories with other names in them.
func (s ReadSet) Changed(t Tree) []string {
	var changed []string
	for _, read := range s {
		if read.changed(t) {
			changed = append(changed, read.Path)
		}
	}
	return changed
}

func (r Read) changed(t Tree) bool {
	if r.Is == unsure || r.Lists == unsure {
		return true
	}
	if r.Is != "" {
		info, err := t.Stat(r.Path)
		if statAnswer(r.Path, info, err) != r.Is {
			return true
		}
	}
	if r.Lists == "" {
		return false
	}
	list, err := t.ReadDir(r.Path)
	return listAnswer(list, err) != r.Lists
}

// Key returns a hash of the set, in hexadecimal: sets with one key hold the same answers.
func (s ReadSet) Key() string {
	h := sha256.New()
	for _, read := range s {
		for _, field := range [...]string{read.Path, read.Is, read.Lists} {
			io.WriteString(h, field)
			h.Write([]byte{0})
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Merge returns the reads of both sets. A path about which they disagree counts as changed in every tree.
func (s ReadSet) Merge(other ReadSet) ReadSet {
	all := slices.Concat(s, other)
	slices.SortStableFunc(all, func(a, b Read) int { return cmp.Compare(a.Path, b.Path) })
	merged := all[:0]
	for _, read := range all {
		if last := len(merged) - 1; last >= 0 && merged[last].Path == read.Path {
			merged[last].Is = agree(merged[last].Is, read.Is)
			merged[last].Lists = agree(merged[last].Lists, read.Lists)
			continue
		}
		merged = append(merged, read)
	}
	return merged
}

// Paths returns the paths of the set, sorted.
func (s ReadSet) Paths() []string {
	paths := make([]string, len(s))
	for i, read := range s {
		paths[i] = read.Path
	}
	return paths
}
