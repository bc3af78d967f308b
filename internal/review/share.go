package review

import "github.com/landwaiter/landwaiter/internal/manifests"

// share has the objects of head that stand at base word for word keep base's text and nodes in place of their own: most of a
// change's objects do. What is left of them, their Origins, counts as half of their values.
func (p *pair) share() {
	if p.base.rendering == nil || p.head.rendering == nil {
		return
	}
	before := make(map[manifests.Identity]*manifests.Object, len(p.base.rendering.Objects))
	for _, o := range p.base.rendering.Objects {
		before[o.Identity] = o
	}
	for _, o := range p.head.rendering.Objects {
		if same := before[o.Identity]; same != nil && o.ShareNodes(same) {
			p.head.shared += int64(len(o.Origins)+len(o.Raw)/valueBytes) / 2
		}
	}
}
