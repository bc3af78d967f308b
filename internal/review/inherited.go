package review

import (
	"regexp"

	"github.com/landwaiter/landwaiter/internal/source"
)

// ofContainer matches the path of a field in a container's security context.
var ofContainer = regexp.MustCompile(`^(?:(.*)\.)?(?:c|initC|ephemeralC)ontainers\[[^\]]*\](\.securityContext\..+)$`)

// aboveContainer is the path of the pod's field that holds where the container's at a path is not set; "" for others.
func aboveContainer(path string) string {
	m := ofContainer.FindStringSubmatch(path)
	switch {
	case m == nil:
		return ""
	case m[1] == "":
		return m[2][1:]
	}
	return m[1] + m[2]
}

// lostInherited finds, for a container that took its setting over from the pod at base, where the change took the pod's
// away: the gap, or the patch or value that did it.
func (c *candidate) lostInherited(change *source.Change, base *RootView) (Location, bool) {
	above := aboveContainer(c.path)
	if above == "" || base == nil || c.object.Lookup(above).IsSet() {
		return Location{}, false
	}
	before := base.Match(c.object)
	if before == nil || !before.Lookup(above).IsSet() {
		return Location{}, false
	}
	if at, ok := c.gapAt(change, base, above); ok {
		return at, true
	}
	origin, _ := c.object.OriginAt(above)
	at := locate(change, origin, (&Draft{object: c.object, path: above}).atFault())
	return at, at.Changed
}
