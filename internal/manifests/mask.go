package manifests

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Masked stands in for every secret value.
const Masked = "***"

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// HoldsSecrets reports whether the object's YAML may hold values that must never be shown: it is a Secret, holds
// one as lists and custom resources do, or carries the text of one in kubectl's annotation.
func (o *Object) HoldsSecrets() bool {
	if o.Kind == "Secret" && o.Group() == "" {
		return true
	}
	if !bytes.Contains(o.Raw, []byte("Secret")) {
		return false
	}
	found := false
	o.Walk(func(f Field) {
		found = found || f.IsMap() && (isSecret(f.node) || f.Get("kind").Text() == "SecretList" ||
			strings.Contains(f.Get(lastApplied).Text(), "Secret"))
	})
	return found
}

// isSecret reports whether a mapping is a Secret of the core group that holds values. A reference to one holds none.
func isSecret(n *yaml.Node) bool {
	kind, version := mappedTo(n, "kind"), mappedTo(n, "apiVersion")
	if kind == nil || kind.Value != "Secret" || version != nil && strings.Contains(version.Value, "/") {
		return false
	}
	return mappedTo(n, "data") != nil || mappedTo(n, "stringData") != nil
}

// mappedTo returns what a mapping has for a key, the last one where it is written twice; nil for none.
func mappedTo(n *yaml.Node, key string) (found *yaml.Node) {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			found = n.Content[i+1]
		}
	}
	return found
}

// Masked returns the object's YAML with secret values replaced by "***", keys and everything else as they are. Of an
// object that holds secrets the comments are left out: a value may have been left in them.
func (o *Object) Masked() []byte { return o.masked(nil) }

// masked masks o's values; those that differ from before's are marked, so that a difference shows that a value
// changed without showing it.
func (o *Object) masked(before *Object) []byte {
	if !o.HoldsSecrets() {
		return o.Raw
	}
	node, err := o.Node()
	if err != nil || node == nil {
		return []byte(Masked + "\n")
	}
	var old *yaml.Node
	if before != nil {
		old, _ = before.Node() // what cannot be compared is not marked
	}
	secret := o.Kind == "Secret" && o.Group() == ""
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(maskNode(node, old, secret)); err != nil {
		return []byte(Masked + "\n")
	}
	return out.Bytes()
}

// maskNode copies a node and masks the secret values below it. The node is taken for a Secret when it looks like
// one, or when secret says so.
func maskNode(node, old *yaml.Node, secret bool) *yaml.Node {
	copied := bare(node)
	switch node.Kind {
	case yaml.AliasNode:
		return maskNode(node.Alias, old, secret)
	case yaml.SequenceNode:
		for i, item := range node.Content {
			copied.Content[i] = maskNode(item, itemOf(old, i), secret)
		}
	case yaml.MappingNode:
		kind := mappedTo(node, "kind")
		secrets := kind != nil && kind.Value == "SecretList"
		secret = secret || isSecret(node)
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i].Value, node.Content[i+1]
			before := mappedTo(old, key)
			copied.Content[i] = bare(node.Content[i])
			switch {
			case secret && (key == "data" || key == "stringData" || key == "sops"):
				copied.Content[i+1] = maskValues(value, before)
			case key == lastApplied:
				copied.Content[i+1] = maskValues(value, before)
			case key == "annotations" || key == "metadata":
				copied.Content[i+1] = maskNode(value, before, false)
			default:
				copied.Content[i+1] = maskNode(value, before, secrets && key == "items")
			}
		}
	}
	return copied
}

// maskValues masks every scalar below a node.
func maskValues(node, old *yaml.Node) *yaml.Node {
	copied := bare(node)
	switch node.Kind {
	case yaml.AliasNode:
		return maskValues(node.Alias, old)
	case yaml.SequenceNode:
		for i, item := range node.Content {
			copied.Content[i] = maskValues(item, itemOf(old, i))
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			copied.Content[i] = bare(node.Content[i])
			copied.Content[i+1] = maskValues(node.Content[i+1], mappedTo(old, node.Content[i].Value))
		}
	default:
		masked := Masked
		if old != nil && old.Value != node.Value {
			masked += " (changed)"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: masked}
	}
	return copied
}

func itemOf(list *yaml.Node, i int) *yaml.Node {
	if list == nil || list.Kind != yaml.SequenceNode || i >= len(list.Content) {
		return nil
	}
	return list.Content[i]
}

// bare copies a node, with room for what is below it, without comments and anchor.
func bare(node *yaml.Node) *yaml.Node {
	copied := *node
	copied.HeadComment, copied.LineComment, copied.FootComment, copied.Anchor = "", "", "", ""
	copied.Content = make([]*yaml.Node, len(node.Content))
	return &copied
}
