package review

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// draftKey names a violation by what survives moved lines, renamed files and reordered lists.
func draftKey(d *Draft) string {
	if d.about != "" {
		return d.rule.ID + "|" + d.about
	}
	id := d.object.Identity
	return strings.Join([]string{d.rule.ID, id.Group(), id.Kind, id.Namespace, id.Name, stablePath(d.object, d.path)}, "|")
}

// itemKeys are the fields that name an item of a list, in the order they are tried.
var itemKeys = []string{"name", "key", "mountPath", "containerPort", "port", "host", "ip"}

// stablePath writes a path with the names of list items in place of their positions.
func stablePath(o *manifests.Object, path string) string {
	var b strings.Builder
	f := o.Field()
	for rest := path; rest != ""; {
		element, tail := cutElement(rest)
		rest = tail
		index, err := strconv.Atoi(strings.Trim(element, "[]"))
		if err != nil || !strings.HasPrefix(element, "[") || !f.IsList() {
			f = f.Get(strings.Trim(element, "[]"))
			b.WriteString("." + element)
			continue
		}
		f = f.At(index)
		b.WriteString("[" + itemName(f) + "]")
	}
	return b.String()
}

// cutElement cuts the first element off a path: a key, or an index or key in brackets.
func cutElement(path string) (element, rest string) {
	path = strings.TrimPrefix(path, ".")
	if strings.HasPrefix(path, "[") {
		if end := strings.IndexByte(path, ']'); end > 0 {
			return path[:end+1], path[end+1:]
		}
		return path, ""
	}
	if end := strings.IndexAny(path, ".["); end >= 0 {
		return path[:end], path[end:]
	}
	return path, ""
}

// longestName is the longest name in bytes that an item goes by itself; Kubernetes takes none that is longer.
const longestName = 512

// itemName returns what tells an item of a list from the others, "" for nothing.
func itemName(item manifests.Field) string {
	for _, key := range itemKeys {
		if name := item.Get(key).Text(); len(name) > longestName {
			return fingerprint(name)
		} else if name != "" {
			return name
		}
	}
	return ""
}

// nameDuplicates gives the candidates of one root what their fingerprints are made of: the key, told apart by the
// message where an item without a name is on the way, and numbered where that is the same too.
func nameDuplicates(candidates []*candidate) {
	seen := make(map[string]int)
	for _, c := range candidates {
		c.print = c.key
		if strings.Contains(c.key, "[]") {
			c.print += "|" + c.message
		}
		if seen[c.print]++; seen[c.print] > 1 {
			c.print += "#" + strconv.Itoa(seen[c.print])
		}
	}
}

// fingerprint is the published form of what names a violation.
func fingerprint(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// distinguish gives findings of the same name in different roots fingerprints of their own. All others keep theirs, so
// that they survive a root that moves.
func distinguish(all []Finding) {
	type name struct {
		print string
		fixed bool
	}
	count := make(map[name]int)
	for _, f := range all {
		count[name{f.Fingerprint, f.Status == Fixed}]++
	}
	for i := range all {
		if f := &all[i]; count[name{f.Fingerprint, f.Status == Fixed}] > 1 {
			f.Fingerprint = fingerprint(f.Fingerprint + "|" + f.Root)
		}
	}
}
