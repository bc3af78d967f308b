package review

import (
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// conceal takes the values that rules call secrets out of the differences of their objects.
func conceal(diffs []manifests.ObjectDiff, sides ...*side) {
	type place struct {
		root   string
		object manifests.Identity
	}
	secrets := make(map[place][]*candidate)
	for _, s := range sides {
		for _, c := range s.candidates {
			if c.secret {
				at := place{c.root.Root.Path, c.object.Identity}
				secrets[at] = append(secrets[at], c)
			}
		}
	}
	for i, d := range diffs {
		for _, c := range secrets[place{d.Root, d.Object}] {
			diffs[i].Unified = withoutValue(diffs[i].Unified, c.object.Lookup(c.path).Text(), lastElement(c.path))
		}
	}
}

// minSecret is how long a line of a value has to be to be looked for by itself.
const minSecret = 4

// withoutValue masks the lines of a value in a difference. Where the value is written in another way than it reads, with
// escapes or over several lines, all that stands in its key's place is.
func withoutValue(unified, value, key string) string {
	for line := range strings.Lines(value) {
		if line = strings.TrimSpace(line); len(line) >= minSecret && strings.Contains(unified, line) {
			unified = strings.ReplaceAll(unified, line, manifests.Masked)
		}
	}
	key = strings.Trim(key, ".[]\"'")
	written := regexp.MustCompile(`(?m)^([-+ ][\s-]*["']?` + regexp.QuoteMeta(key) + `["']?:[ \t]+)(?:"(?:[^"\\]|\\.|\\\n)*"|'(?:[^']|\'\')*')`)
	return written.ReplaceAllString(unified, "${1}"+manifests.Masked)
}
