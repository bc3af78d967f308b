package change

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// version is what a tag says of a version: "v1.4.2-alpine" is 1.4.2.
type version struct {
	numbers    []int
	prerelease string // "rc.1"; "" for a release
}

var (
	versionTag = regexp.MustCompile(`^v?(\d{1,9}(?:\.\d{1,9}){0,3})(?:[-+_.](.*)|((?:alpha|beta|rc).*))?$`)
	prerelease = regexp.MustCompile(`^(alpha|beta|rc|pre|preview|dev|snapshot|nightly|m)[-.]?\d*($|[-.+_])`)
)

// parseVersion reads a tag; ok is false for one that is no version.
func parseVersion(tag string) (v version, ok bool) {
	m := versionTag.FindStringSubmatch(tag)
	if m == nil {
		return v, false
	}
	for _, digits := range strings.Split(m[1], ".") {
		n, _ := strconv.Atoi(digits) // it has few digits
		v.numbers = append(v.numbers, n)
	}
	v.prerelease = prerelease.FindString(strings.ToLower(m[2] + m[3]))
	return v, true
}

// less reports whether v comes before other. What only one of them has does not count, but a release comes after what
// led to it.
func (v version) less(other version) bool {
	n := min(len(v.numbers), len(other.numbers))
	if order := slices.Compare(v.numbers[:n], other.numbers[:n]); order != 0 {
		return order < 0
	}
	return len(v.numbers) == len(other.numbers) && v.prerelease != "" && other.prerelease == ""
}

// hasMajor reports whether the first number is a major version, neither a year nor the number of a build.
func (v version) hasMajor() bool {
	const mostMajor, fewest = 1000, 100
	return v.numbers[0] < mostMajor && (len(v.numbers) > 1 || v.numbers[0] < fewest)
}
