package policy

import (
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/admission"
	"github.com/landwaiter/landwaiter/internal/review/ownrule"
	"github.com/landwaiter/landwaiter/internal/source"
	"go.yaml.in/yaml/v3"
)

// maxOwnRules is how many rules of one's own all layers may have together.
const maxOwnRules = 500

// ownDefinition is a rule of one's own as a file defines it.
type ownDefinition struct {
	ownrule.Definition
	file string
	text []byte     // of the file
	node *yaml.Node // the mapping
	doc  ownRule
}

// RulesDir is where a repository keeps rules of its own, each file a layer below that of the policy file.
const RulesDir = ".github/landwaiter/rules"

// holdsRules tells a file of rules from a policy file.
func holdsRules(file string) bool {
	dir := path.Dir(filepath.ToSlash(file))
	return path.Base(dir) == path.Base(RulesDir) && path.Base(path.Dir(dir)) == path.Base(path.Dir(RulesDir))
}

// RuleLayers reads the files of rules of one's own in dir, which is RulesDir in a tree; none where there is no such
// directory.
func RuleLayers(tree source.Tree, dir string) (layers []Layer, err error) {
	files, err := tree.ReadDir(dir)
	if errors.Is(err, source.ErrNotExist) {
		return nil, nil
	}
	for _, f := range files {
		name := path.Join(dir, path.Base(f.Path))
		if extension := path.Ext(name); f.Kind != source.File || extension != ".yaml" && extension != ".yml" {
			continue
		}
		text, err := tree.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		layers = append(layers, Layer{File: name, Text: text})
	}
	return layers, err
}

// ownFile reads a file of rules, one a document.
func (r *reader) ownFile(text []byte) {
	if len(text) > maxBytes {
		r.wrong(0, "is larger than %d KiB", maxBytes>>10)
		return
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	for {
		var document yaml.Node
		switch err := decoder.Decode(&document); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			r.mistakes = append(r.mistakes, notYAML(r.file, err))
			return
		}
		if len(document.Content) == 1 && !isNull(resolve(document.Content[0])) {
			r.ownRule(document.Content[0], "", text)
		}
	}
}

// ownRules takes up the rules that the policy file itself has. Its mapping has not been checked yet.
func (r *reader) ownRules(list *yaml.Node, text []byte) {
	if list == nil || isNull(resolve(list)) {
		return
	}
	if list = resolve(list); list.Kind != yaml.SequenceNode {
		r.wrong(list.Line, "ownRules: want a list of rules")
		return
	}
	for i, item := range list.Content {
		r.ownRule(item, fmt.Sprintf("ownRules[%d]", i), text)
	}
}

// ownRule checks the mapping of a rule, which is called name, and takes the rule up.
func (r *reader) ownRule(n *yaml.Node, name string, text []byte) {
	before := len(r.mistakes)
	n = resolve(n)
	r.mapping(n, reflect.TypeFor[ownRule](), orName(name, "the rule"))
	d := &ownDefinition{file: r.file, text: text, node: n}
	if len(r.mistakes) > before {
		return
	}
	if err := n.Decode(&d.doc); err != nil {
		r.mistakes = append(r.mistakes, notYAML(r.file, err))
		return
	}
	if r.taken(d); len(r.mistakes) > before {
		return
	}
	d.define()
	r.examples(d)
	r.defined = append(r.defined, d)
	r.rules = append(slices.Clip(r.rules), d.Rule())
}

func orName(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}

// taken refuses an id that another rule has.
func (r *reader) taken(d *ownDefinition) {
	line := lineOfKey(d.node, "id")
	for _, rule := range r.rules {
		switch {
		case rule.ID != d.doc.ID:
		case rule.Defined != "":
			r.wrong(line, "there is a rule %q already, defined in %s", d.doc.ID, rule.Defined)
		default:
			r.wrong(line, "%q is a rule of the catalogue: set it under rules, or call this one otherwise", d.doc.ID)
		}
	}
	if len(r.defined) == maxOwnRules {
		r.wrong(line, "there are more than %d rules of one's own", maxOwnRules)
	}
}

func lineOfKey(n *yaml.Node, key string) int {
	if value := entry(n, key); value != nil {
		return resolve(value).Line
	}
	return n.Line
}

// define makes the definition of what the mapping says, which has been checked.
func (d *ownDefinition) define() {
	level, _ := review.ParseLevel(d.doc.Level)
	d.Definition = ownrule.Definition{ID: d.doc.ID, Place: fmt.Sprintf("%s:%d", d.file, d.node.Line), Level: level, Kinds: d.doc.Kinds,
		Expression: d.doc.Expression, Message: d.doc.Message, MessageExpression: d.doc.MessageExpression, Field: d.doc.Field, Detail: d.doc.Detail}
	for _, v := range d.doc.Variables {
		d.Variables = append(d.Variables, admission.Named(v))
	}
	d.Params = paramsOf(&d.doc.Params)
}

func paramsOf(n *yaml.Node) map[string]any {
	if isNull(resolve(n)) {
		return nil
	}
	params, _ := kubeapi.Value(resolve(n)).(map[string]any)
	return params
}

// compileOwn compiles the rules of one's own for the version that the policy names, and puts them onto it.
func compileOwn(p *review.Policy, own []*ownDefinition) (mistakes []*Mistake) {
	if len(own) == 0 {
		return nil
	}
	minor := minorOf(p)
	compiler := admission.NewCompiler(minor)
	for _, d := range own {
		made, wrong := d.Compile(compiler, minor)
		for _, m := range wrong {
			mistakes = append(mistakes, d.mistake(m))
		}
		if made != nil {
			p.Own = append(p.Own, made.Rule())
		}
	}
	return mistakes
}

func minorOf(p *review.Policy) int {
	version, err := review.ParseKubeVersion(p.Kubernetes)
	if err != nil {
		version, _ = review.ParseKubeVersion(review.NewestKube)
	}
	return version.Minor
}

// mistake puts a mistake in an expression where that stands in the file.
func (d *ownDefinition) mistake(m admission.Mistake) *Mistake {
	node, name := d.part(m.Part)
	at := &Mistake{File: d.file, Line: node.Line, Column: node.Column, Reason: fmt.Sprintf("%s of rule %s: %s", name, d.ID, m.Text)}
	if m.Line == 0 {
		return at
	}
	switch {
	case node.Style&yaml.LiteralStyle != 0:
		at.Line += m.Line
		at.Column = indentAt(d.text, node.Line) + m.Column
	case node.Style&yaml.FoldedStyle != 0: // where the text was folded is not kept
	case m.Line == 1:
		at.Column += m.Column - 1
		if node.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			at.Column++
		}
	}
	return at
}

// part finds the node of an expression by its name in an admission policy.
func (d *ownDefinition) part(name string) (*yaml.Node, string) {
	var i int
	if _, err := fmt.Sscanf(name, "variables[%d].expression", &i); err == nil {
		list := resolve(entry(d.node, "variables"))
		return resolve(entry(resolve(list.Content[i]), "expression")), fmt.Sprintf("variables[%d].expression", i)
	}
	for _, key := range []string{"messageExpression", "expression", "kinds"} {
		if value := entry(d.node, key); value != nil && strings.HasSuffix(name, key) {
			return resolve(value), key
		}
	}
	return d.node, "an expression"
}

// indentAt is the indentation of the first line that is not empty behind a line.
func indentAt(text []byte, line int) int {
	for i, l := range strings.Split(string(text), "\n") {
		if bare := strings.TrimLeft(l, " "); i >= line && bare != "" {
			return len(l) - len(bare)
		}
	}
	return 0
}

var (
	ownID     = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	ownKind   = regexp.MustCompile(`^(\*|workload|image|[A-Z][A-Za-z0-9]*(\.[a-z0-9.-]+)?)$`)
	ownField  = regexp.MustCompile(`^[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+|\[[^\[\]*]+\])*$`)
	maxOwnID  = 64
	paramsYet = []string{"level", "off"}
)

func (r *reader) ownIDForm(v value) {
	if !ownID.MatchString(v.node.Value) || len(v.node.Value) > maxOwnID {
		r.wrong(v.node.Line, "%s: %q is no id, write lower-case words with dashes, as acme-team-label", v.name, v.node.Value)
	}
}

func (r *reader) kindForm(v value) {
	if !ownKind.MatchString(v.node.Value) {
		r.wrong(v.node.Line, "%s: %q is no kind, write it as Deployment or Certificate.cert-manager.io", v.name, v.node.Value)
	}
}

func (r *reader) fieldPathForm(v value) {
	if !ownField.MatchString(v.node.Value) {
		r.wrong(v.node.Line, "%s: %q is no field, write it as spec.replicas or metadata.labels[example.com/team]", v.name, v.node.Value)
	}
}

func (r *reader) paramsForm(v value) {
	if v.node.Kind != yaml.MappingNode {
		r.wrong(v.node.Line, "%s: want a mapping of names and values", v.name)
		return
	}
	for key, node := range r.keys(v.node, v.name) {
		if slices.Contains(paramsYet, key) {
			r.wrong(node.Line, "%s: %q is what settings of any rule say; call the parameter otherwise", v.name, key)
		}
	}
}

// ownSetting holds a setting of a rule of one's own against the parameters that it has.
func (r *reader) ownSetting(v value, rule *review.Rule) {
	var params map[string]any
	if rule.Params != nil {
		params = *rule.Params().(*map[string]any)
	}
	for key, node := range r.keys(v.node, v.name) {
		if _, known := params[key]; key == "level" {
			r.levelForm(value{node: resolve(node), name: v.name + ".level"})
		} else if !known {
			r.wrong(node.Line, "%s: the rule has no parameter %q", v.name, key)
		}
	}
}
