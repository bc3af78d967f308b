package manifests

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// Masked stands in for every secret value.
const Masked = "***"

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// HoldsSecrets reports whether the object's YAML may hold values that must never be shown: it is a Secret, or
// carries the text of one in kubectl's annotation.
func (o *Object) HoldsSecrets() bool {
	if o.Kind == "Secret" && o.Group() == "" {
		return true
	}
	return bytes.Contains(o.Raw, []byte(lastApplied)) && bytes.Contains(o.Raw, []byte(`"Secret"`))
}

// Masked returns the object's YAML with secret values replaced by "***", keys and everything else as they are.
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
	var old Field
	if before != nil {
		old = before.Field()
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(maskNode(node, o.Field(), old)); err != nil {
		return []byte(Masked + "\n")
	}
	return out.Bytes()
}

// maskNode copies the mapping on the way to secret values and masks those.
func maskNode(node *yaml.Node, f, old Field) *yaml.Node {
	copied := *node
	copied.Content = make([]*yaml.Node, len(node.Content))
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i].Value
		value := node.Content[i+1]
		switch child := f.Get(key); {
		case key == "data", key == "stringData", key == "sops":
			value = maskValues(value, child, old.Get(key))
		case key == "metadata":
			value = maskMetadata(value, child, old.Get(key))
		}
		copied.Content[i], copied.Content[i+1] = stripComments(node.Content[i]), value
	}
	return stripComments(&copied)
}

// maskMetadata masks kubectl's copy of the object in its annotations.
func maskMetadata(node *yaml.Node, f, old Field) *yaml.Node {
	copied := *node
	copied.Content = append([]*yaml.Node(nil), node.Content...)
	for i := 0; i+1 < len(node.Content); i += 2 {
		switch key := node.Content[i].Value; key {
		case "annotations":
			copied.Content[i+1] = maskMetadata(node.Content[i+1], f.Get(key), old.Get(key))
		case lastApplied:
			copied.Content[i+1] = maskScalar(node.Content[i+1], f.Get(key), old.Get(key))
		}
	}
	return &copied
}

// maskValues masks every scalar below node.
func maskValues(node *yaml.Node, f, old Field) *yaml.Node {
	if node.Kind == yaml.ScalarNode {
		return maskScalar(node, f, old)
	}
	copied := *node
	copied.Content = append([]*yaml.Node(nil), node.Content...)
	if node.Kind == yaml.SequenceNode {
		for i := range node.Content {
			copied.Content[i] = maskValues(node.Content[i], f.At(i), old.At(i))
		}
		return stripComments(&copied)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i].Value
		copied.Content[i] = stripComments(node.Content[i])
		copied.Content[i+1] = maskValues(node.Content[i+1], f.Get(key), old.Get(key))
	}
	return stripComments(&copied)
}

func maskScalar(node *yaml.Node, f, old Field) *yaml.Node {
	masked := Masked
	if old.IsSet() && old.Text() != f.Text() {
		masked += " (changed)"
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: masked}
}

// stripComments drops comments, in which a value may have been left.
func stripComments(node *yaml.Node) *yaml.Node {
	copied := *node
	copied.HeadComment, copied.LineComment, copied.FootComment = "", "", ""
	return &copied
}
