package cloud

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// statement is one of a policy of AWS, whether it is written as JSON, as a value that Terraform encodes, or as a data
// source.
type statement struct {
	manifests.Field
	line int // of the text that the policy is; 0 where it has fields of its own
	data bool
}

// statements lists those of a policy. A text is JSON; what Terraform would still fill in is left as it is.
func statements(policy manifests.Field) (found []statement) {
	f, inText := policy, false
	if text := policy.Text(); text != "" {
		if len(text) > 1<<20 || !strings.HasPrefix(strings.TrimSpace(text), "{") {
			return nil
		}
		node, err := manifests.ParseYAML([]byte(text))
		if err != nil {
			return nil
		}
		f, inText = manifests.NewField(node, ""), true
	}
	for _, s := range blocks(f.Get("Statement")) {
		one := statement{Field: s}
		if inText {
			one.line = max(s.Node().Line, 1)
		}
		found = append(found, one)
	}
	return found
}

// dataStatements lists those of a data source aws_iam_policy_document.
func dataStatements(document manifests.Field) (found []statement) {
	for _, s := range blocks(document.Get("statement")) {
		found = append(found, statement{Field: s, data: true})
	}
	return found
}

// key is a key of a statement: JSON's, or the data source's.
func (s statement) key(json, data string) manifests.Field {
	if s.data {
		return s.Get(data)
	}
	return s.Get(json)
}

func (s statement) allows() bool {
	effect := s.key("Effect", "effect")
	return effect.Text() == "Allow" || s.data && !effect.IsSet()
}

func (s statement) actions() manifests.Field   { return s.key("Action", "actions") }
func (s statement) resources() manifests.Field { return s.key("Resource", "resources") }

func (s statement) hasCondition() bool { return s.key("Condition", "condition").IsSet() }

// holder is who a statement of a trust policy is about: AWS, Federated, Service or everybody, with the names.
type holder struct {
	kind string
	at   manifests.Field
}

func (s statement) principals() (found []holder) {
	if s.data {
		for _, p := range blocks(s.Get("principals")) {
			for _, name := range p.Get("identifiers").Items() {
				found = append(found, holder{p.Get("type").Text(), name})
			}
		}
		return found
	}
	principal := s.Get("Principal")
	if principal.Text() != "" {
		return []holder{{"*", principal}}
	}
	for _, e := range principal.Entries() {
		for _, name := range append(e.Value.Items(), e.Value) {
			if name.Text() != "" {
				found = append(found, holder{e.Key, name})
			}
		}
	}
	return found
}

// condition is a test of a statement on one key.
type condition struct {
	test, key string
	values    []string
	at        manifests.Field
}

func (s statement) conditions() (found []condition) {
	if s.data {
		for _, c := range blocks(s.Get("condition")) {
			found = append(found, condition{c.Get("test").Text(), c.Get("variable").Text(), texts(c.Get("values")), c.Get("values")})
		}
		return found
	}
	for _, test := range s.Get("Condition").Entries() {
		for _, key := range test.Value.Entries() {
			found = append(found, condition{test.Key, key.Key, texts(key.Value), key.Value})
		}
	}
	return found
}
