package manifests

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Masked stands in for every secret value.
const Masked = "***"

// lastApplied is the annotation in which kubectl keeps the text of an object as it was applied.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// isSecret reports whether an object is a Secret of the core group, which "/v1" is too.
func isSecret(f Field) bool {
	return f.Get("kind").Text() == "Secret" && Identity{APIVersion: f.Get("apiVersion").Text()}.Group() == ""
}

// HoldsSecrets reports whether the object's YAML may hold values that must never be shown: it is a Secret, a list that
// may have some, carries kubectl's copy of an object that may be one, or may hold keys (see maskKeys).
func (o *Object) HoldsSecrets() bool {
	holds := func(text string) bool { return bytes.Contains(o.Raw, []byte(text)) }
	return o.Kind == "Secret" && o.Group() == "" || holds(lastApplied) || holds("Secret") && holds("items") && o.Field().Get("items").IsList() ||
		mayHoldKeys(o.Raw) || hasKeys(o.Field())
}

// Masked returns the object's YAML with secret values replaced by "***", keys and everything else as they are. Comments,
// in which a value may have been left, are not in it.
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
	if err := encoder.Encode(maskObject(o.Field(), old, false)); err != nil {
		return []byte(Masked + "\n")
	}
	return out.Bytes()
}

// shownOfSecrets are the fields of a Secret that hold no values. All others are masked: data, stringData, what SOPS
// adds, and what is only misspelt.
var shownOfSecrets = []string{"apiVersion", "kind", "metadata", "type", "immutable"}

// maskObject copies an object, its secret values masked, and those of the objects that it lists. The items of a
// SecretList need not say that they are Secrets.
func maskObject(f, old Field, listed bool) *yaml.Node {
	secret, keyed := listed || isSecret(f), hasKeys(f)
	ofSecrets := f.Get("kind").Text() == "SecretList"
	return maskEach(f, old, func(key string, child, old Field) *yaml.Node {
		switch {
		case key == "metadata":
			return maskMetadata(child, old)
		case secret && !slices.Contains(shownOfSecrets, key):
			return maskValues(child, old)
		case key == "items" && child.IsList():
			return maskEach(child, old, func(_ string, item, old Field) *yaml.Node { return maskObject(item, old, ofSecrets) })
		}
		return maskKeys(child, old, key, keyed)
	})
}

// maskMetadata masks kubectl's copy of the object in its annotations, if it may be one of a Secret.
func maskMetadata(f, old Field) *yaml.Node {
	return maskEach(f, old, func(key string, child, old Field) *yaml.Node {
		switch {
		case key == "annotations" && child.IsMap():
			return maskMetadata(child, old)
		case key == lastApplied && (mayBeSecret(child.Text()) || mayHoldKeys([]byte(child.Text()))):
			return maskValues(child, old)
		}
		return maskKeys(child, old, key, false)
	})
}

// mayBeSecret reports whether the JSON of an object may be that of a Secret. What is no JSON may be anything.
func mayBeSecret(text string) bool {
	node, err := ParseYAML([]byte(text))
	return err != nil || strings.Contains(NewField(node, "").Get("kind").Text(), "Secret") || NewField(node, "").Get("items").IsList()
}

// maskValues masks every scalar below a field.
func maskValues(f, old Field) *yaml.Node {
	if f.IsMap() || f.IsList() {
		return maskEach(f, old, func(_ string, child, old Field) *yaml.Node { return maskValues(child, old) })
	}
	masked := Masked
	if old.IsSet() && old.Text() != f.Text() {
		masked += " (changed)"
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: masked}
}

// maskEach copies a mapping or list with what mask makes of its values or items; anything else stays as it is.
func maskEach(f, old Field, mask func(key string, child, old Field) *yaml.Node) *yaml.Node {
	if !f.IsMap() && !f.IsList() {
		return withoutComments(f.node)
	}
	copied := *f.node
	copied.HeadComment, copied.LineComment, copied.FootComment, copied.Anchor = "", "", "", ""
	copied.Content = nil
	for _, e := range f.Entries() {
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: e.Key}
		copied.Content = append(copied.Content, key, mask(e.Key, e.Value, old.Get(e.Key)))
	}
	for i, item := range f.Items() {
		copied.Content = append(copied.Content, mask("", item, old.At(i)))
	}
	return &copied
}

// withoutComments copies a tree without its comments.
func withoutComments(node *yaml.Node) *yaml.Node {
	copied := *node
	copied.HeadComment, copied.LineComment, copied.FootComment = "", "", ""
	copied.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		copied.Content[i] = withoutComments(child)
	}
	return &copied
}
