package review

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// piece is one thing that a change took away from an object, or wrote anew in it.
type piece struct {
	before *manifests.Object // of base
	was    string            // its path there; "" for the whole object
	now    *manifests.Object // of head; nil where the object is gone
	at     string            // its path there, where it may be absent
	lines  textHunk          // of a text over several lines
}

// undoing puts the first pieces of what a change took away back into objects of head, in an order that stays the same.
type undoing struct {
	left        int // pieces that are to be put back
	pieces      []piece
	before, now *manifests.Object
	origins     map[*yaml.Node]manifests.Origin // of the nodes of both, and of what is made of them
}

// undo returns an object of head as it would be had the change let be what it took away from before, as far as left goes.
// It is now itself when there is nothing to put back.
func (u *undoing) undo(before, now *manifests.Object) *manifests.Object {
	u.before, u.now, u.origins = before, now, make(map[*yaml.Node]manifests.Origin)
	u.learn(before)
	u.learn(now)
	left := u.left
	node := u.merge(now.Field().Node(), before.Field().Node(), "", "")
	if u.left == left {
		return now
	}
	o, err := manifests.NewParsedObject(now.Raw, node)
	if err != nil {
		return now
	}
	o.Hook = now.Hook
	o.Walk(func(f manifests.Field) { o.Origins = append(o.Origins, u.origins[f.Node()]) })
	return o
}

func (u *undoing) learn(o *manifests.Object) {
	i := 0
	o.Walk(func(f manifests.Field) {
		if i < len(o.Origins) {
			u.origins[f.Node()] = o.Origins[i]
		}
		i++
	})
}

// take notes a piece, and says whether it is to be put back.
func (u *undoing) take(was, at string) bool {
	return u.takePiece(piece{before: u.before, was: was, now: u.now, at: at})
}

func (u *undoing) takePiece(p piece) bool {
	u.pieces = append(u.pieces, p)
	if u.left == 0 {
		return false
	}
	u.left--
	return true
}

// merge returns a value of head with what the change took away from it. Either may be nil, for absent.
func (u *undoing) merge(now, was *yaml.Node, at, before string) *yaml.Node {
	switch {
	case was == nil, was.Tag == "!!null", now != nil && print(now) == print(was):
		return now
	case was.Kind == yaml.MappingNode && len(was.Content) > 0 && (now == nil || now.Kind == yaml.MappingNode):
		return u.mergeMap(now, was, at, before)
	case was.Kind == yaml.SequenceNode && now != nil && now.Kind == yaml.SequenceNode:
		return u.mergeList(now, was, at, before)
	case isText(was) && now != nil && isText(now):
		return u.mergeText(now, was, at, before)
	case u.take(before, at):
		return was
	}
	return now
}

// mergeMap merges entry by entry, so that each stands for itself. A mapping that is not there is made for what comes back.
func (u *undoing) mergeMap(now, was *yaml.Node, at, before string) *yaml.Node {
	made := u.copyOf(now, was)
	for i := 1; i < len(was.Content); i += 2 {
		key := was.Content[i-1]
		child, position := valueOf(now, key.Value)
		merged := u.merge(child, was.Content[i], manifests.KeyPath(at, key.Value), manifests.KeyPath(before, key.Value))
		switch {
		case merged == child:
		case child == nil:
			made.Content = append(made.Content, key, merged)
		default:
			made.Content[position] = merged
		}
	}
	if now == nil && len(made.Content) == 0 {
		return nil
	}
	return made
}

// copyOf copies a collection of head with what it holds, or makes an empty one like base's.
func (u *undoing) copyOf(now, was *yaml.Node) *yaml.Node {
	from := now
	if from == nil {
		from = was
	}
	made := *from
	made.Content = nil
	if now != nil {
		made.Content = append(made.Content, now.Content...)
	}
	u.origins[&made] = u.origins[from]
	return &made
}

// valueOf returns the value of a key, and where it stands in the mapping's content; of one written twice the last counts.
func valueOf(mapping *yaml.Node, key string) (value *yaml.Node, position int) {
	if mapping == nil {
		return nil, 0
	}
	for i := len(mapping.Content) - 1; i > 0; i -= 2 {
		if mapping.Content[i-1].Value == key {
			return mapping.Content[i], i
		}
	}
	return nil, 0
}

// mergeList puts the items back that head has no more, each behind the one that it stood behind.
func (u *undoing) mergeList(now, was *yaml.Node, at, before string) *yaml.Node {
	partner := partners(now.Content, was.Content)
	merged := append([]*yaml.Node(nil), now.Content...)
	behind := make([][]*yaml.Node, len(merged)+1) // of item i-1
	last := 0
	for i, item := range was.Content {
		path := manifests.IndexPath(before, i)
		if j := partner[i]; j >= 0 {
			merged[j], last = u.merge(now.Content[j], item, manifests.IndexPath(at, j), path), j+1
		} else if u.take(path, manifests.IndexPath(at, len(now.Content)+i)) {
			behind[last] = append(behind[last], item)
		}
	}
	made := u.copyOf(now, was)
	made.Content = append([]*yaml.Node(nil), behind[0]...)
	for j, item := range merged {
		made.Content = append(append(made.Content, item), behind[j+1]...)
	}
	return made
}

// partners finds for each item of base which one of head it is, -1 for none: the one of its name, else an equal one, else,
// of mappings without names and of texts over several lines, the next that is none of the others.
func partners(now, was []*yaml.Node) []int {
	byName := make(map[string][]int, len(now))
	for j, item := range now {
		byName[itemPrint(item)] = append(byName[itemPrint(item)], j)
	}
	partner, taken := make([]int, len(was)), make([]bool, len(now))
	for i, item := range was {
		partner[i] = -1
		if found := byName[itemPrint(item)]; len(found) > 0 {
			partner[i], taken[found[0]] = found[0], true
			byName[itemPrint(item)] = found[1:]
		}
	}
	next := 0
	for i, item := range was {
		if partner[i] >= 0 || !anonymous(item) {
			continue
		}
		for next < len(now) && (taken[next] || !anonymous(now[next])) {
			next++
		}
		if next < len(now) && now[next].Kind == item.Kind {
			partner[i], taken[next] = next, true
		}
	}
	return partner
}

func anonymous(item *yaml.Node) bool {
	return isText(item) || item.Kind == yaml.MappingNode && itemName(manifests.NewField(item, "")) == ""
}

// itemPrint is the same for items of base and head that are one.
func itemPrint(item *yaml.Node) string {
	if name := itemName(manifests.NewField(item, "")); name != "" {
		return "name " + name
	}
	return print(item)
}

// print writes all that a value is, whatever its layout.
func print(n *yaml.Node) string {
	var b strings.Builder
	var write func(*yaml.Node)
	write = func(n *yaml.Node) {
		b.WriteString(strconv.Itoa(int(n.Kind)) + n.Tag + strconv.Quote(n.Value))
		for _, child := range n.Content {
			write(child)
		}
		b.WriteByte(';')
	}
	write(n)
	return b.String()
}
