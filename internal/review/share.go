package review

import "github.com/landwaiter/landwaiter/internal/manifests"

// share has the objects of head that stand at base word for word keep base's text and nodes in place of their own, and its
// Origins where they are the same: most of a change's objects do. Where only the lines moved, Origins of their own are left,
// which count as half of their values. What planning rendered may be read by now.
func (p *pair) share() {
	if p.base.rendering == nil || p.head.rendering == nil || p.head.planned {
		return
	}
	before := make(map[manifests.Identity]*manifests.Object, len(p.base.rendering.Objects))
	for _, o := range p.base.rendering.Objects {
		before[o.Identity] = o
	}
	for _, o := range p.head.rendering.Objects {
		same := before[o.Identity]
		if same == nil {
			continue
		}
		size := int64(len(o.Origins) + len(o.Raw)/valueBytes)
		switch nodes, origins := o.ShareNodes(same); {
		case origins:
			p.head.shared += size
		case nodes:
			p.head.shared += size / 2
		}
	}
}
