package policy

import (
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/fetch"
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
)

// form holds a value against the form that its field names, for what no Go type says.
func (r *reader) form(v value) {
	checks := map[string]func(value){
		"version": r.versionForm, "helm": r.helmForm, "rules": r.ruleForm, "day": r.dayForm,
		"image": r.imageForm, "name": r.nameForm, "place": r.placeForm, "base": r.baseForm, "path": r.pathForm, "file": r.fileForm, "files": r.filesForm, "rule": r.ruleNameForm,
		"glob": r.globForm, "platform": r.platformForm, "person": r.personForm, "duration": r.durationForm,
		"ownID": r.ownIDForm, "kind": r.kindForm, "fieldPath": r.fieldPathForm, "params": r.paramsForm,
		"lock": r.lockForm, "comments": r.commentsForm,
	}
	check := checks[v.at.form]
	if v.at.must && strings.TrimSpace(v.node.Value) == "" && v.node.Kind == yaml.ScalarNode {
		r.wrong(v.node.Line, "%s is empty: %s", v.name, lowerFirst(v.at.doc))
		return
	}
	if check != nil {
		check(v)
	}
}

func (r *reader) versionForm(v value) {
	n := v.node
	if n.Tag == "!!float" || n.Tag == "!!int" {
		r.wrong(n.Line, "%s: write the version in quotes, \"%s\": without them YAML reads a number, and 1.30 becomes 1.3", v.name, n.Value)
		return
	}
	if _, err := review.ParseKubeVersion(n.Value); err != nil {
		r.wrong(n.Line, "%s: %v", v.name, err)
	}
}

func (r *reader) helmForm(v value) {
	if v.node.Value != "3" && v.node.Value != "4" {
		r.wrong(v.node.Line, "%s: %q is neither 3 nor 4", v.name, v.node.Value)
	}
}

// ruleForm reads "off", a level, or a mapping of level and parameters.
func (r *reader) ruleForm(v value) {
	i := slices.IndexFunc(r.rules, func(rule *review.Rule) bool { return rule.ID == v.at.key })
	if i < 0 {
		r.wrong(v.line, "rules: there is no rule %q%s; \"landwaiter rules\" lists them", v.at.key, suggestion(v.at.key, r.ruleIDs()))
		return
	}
	switch rule := r.rules[i]; {
	case v.node.Kind == yaml.ScalarNode:
		r.levelForm(v)
	case v.node.Kind != yaml.MappingNode:
		r.wrong(v.node.Line, "%s: want off, a level, or a mapping of level and parameters", v.name)
	default:
		r.ruleMapping(v, rule)
	}
}

// ruleMapping holds the mapping of a rule's setting against the rule's parameters.
func (r *reader) ruleMapping(v value, rule *review.Rule) {
	params := reflect.TypeFor[struct{}]()
	if rule.Params != nil {
		params = reflect.TypeOf(rule.Params()).Elem()
	}
	if rule.Defined != "" {
		r.ownSetting(v, rule)
		return
	}
	if level := entry(v.node, "level"); level != nil {
		r.levelForm(value{node: resolve(level), name: v.name + ".level"})
	}
	before := len(r.mistakes)
	r.mapping(v.node, params, v.name, "level")
	if rule.Params == nil || len(r.mistakes) > before {
		return
	}
	if err := review.DecodeParams(v.node, rule.Params()); err != nil { // what a single value does not show
		r.wrong(v.node.Line, "%s: %s", v.name, withoutLine(err))
	}
}

func (r *reader) levelForm(v value) {
	if _, _, ok := levelOf(v.node.Value); !ok || v.node.Kind != yaml.ScalarNode {
		r.wrong(v.node.Line, "%s: %q is none of off, on, error, warning, info", v.name, v.node.Value)
	}
}

// levelOf reads a rule's level as a person means it: "off" and its like are no level, "on" is the rule's own.
func levelOf(text string) (level review.Level, off, ok bool) {
	switch strings.ToLower(text) {
	case "off", "false", "no":
		return 0, true, true
	case "on", "true", "yes":
		return 0, false, true
	}
	level, err := review.ParseLevel(text)
	return level, false, err == nil
}

func (r *reader) dayForm(v value) {
	if _, err := time.Parse(time.DateOnly, v.node.Value); err != nil || v.node.Kind != yaml.ScalarNode {
		r.wrong(v.node.Line, "%s: %q is no day, write YEAR-MONTH-DAY", v.name, v.node.Value)
	}
}

func (r *reader) imageForm(v value) {
	if _, err := images.ParsePattern(v.node.Value); err != nil {
		r.wrong(v.node.Line, "%s: %v", v.name, err)
	}
}

func (r *reader) nameForm(v value) {
	if _, err := images.ParseNamePattern(v.node.Value); err != nil {
		r.wrong(v.node.Line, "%s: %v", v.name, err)
	}
}

func (r *reader) placeForm(v value) {
	if _, err := fetch.NewPlaces([]string{v.node.Value}, nil); err != nil {
		r.wrong(v.node.Line, "%s: %v", v.name, err)
	}
}

func (r *reader) baseForm(v value) {
	if _, err := fetch.NewBasePlaces([]string{v.node.Value}); err != nil {
		r.wrong(v.node.Line, "%s: %v", v.name, err)
	}
}

// pathForm refuses "**" that is not a whole segment, and what no path in the repository can match.
func (r *reader) pathForm(v value) {
	if _, err := images.ParseNamePattern(v.node.Value); err != nil {
		r.wrong(v.node.Line, "%s: %v", v.name, err)
		return
	}
	r.fileForm(v)
}

func (r *reader) fileForm(v value) {
	file := v.node.Value
	if path.IsAbs(file) || slices.Contains(strings.Split(file, "/"), "..") || strings.ContainsAny(file, "\\\x00") {
		r.wrong(v.node.Line, "%s: %q leaves the repository; paths are relative to its root, with /", v.name, file)
	}
}

// filesForm is a file, or a list of files.
func (r *reader) filesForm(v value) {
	if v.node.Kind == yaml.MappingNode {
		r.wrong(v.node.Line, "%s: want a file, or a list of files", v.name)
		return
	}
	for _, n := range filesOf(v.node) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!str" || n.Value == "" {
			r.wrong(n.Line, "%s: want a file, or a list of files", v.name)
			continue
		}
		r.fileForm(value{node: n, name: v.name})
	}
}

// filesOf returns the nodes of one file, or of a list of files.
func filesOf(n *yaml.Node) []*yaml.Node {
	n = resolve(n)
	switch {
	case isNull(n):
		return nil
	case n.Kind != yaml.SequenceNode:
		return []*yaml.Node{n}
	}
	all := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		all[i] = resolve(item)
	}
	return all
}

// ruleNameForm holds a pattern of rule ids against the rules there are.
func (r *reader) ruleNameForm(v value) {
	pattern := v.node.Value
	if _, err := path.Match(pattern, ""); err != nil {
		r.wrong(v.node.Line, "%s: %q is no pattern: %v", v.name, pattern, err)
		return
	}
	if !slices.ContainsFunc(r.ruleIDs(), func(id string) bool { ok, _ := path.Match(pattern, id); return ok }) {
		r.wrong(v.node.Line, "%s: %q names no rule there is%s; \"landwaiter rules\" lists them", v.name, pattern, suggestion(pattern, r.ruleIDs()))
	}
}

// globForm is a pattern of objects.
func (r *reader) globForm(v value) {
	pattern := v.node.Value
	if _, err := path.Match(pattern, ""); err != nil {
		r.wrong(v.node.Line, "%s: %q is no pattern: %v", v.name, pattern, err)
		return
	}
	if parts := strings.Count(pattern, "/"); parts < 1 || parts > 2 {
		r.wrong(v.node.Line, "%s: write Kind/name or Kind/namespace/name, not %q", v.name, pattern)
	}
}

var (
	platformPattern = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$`)
	personPattern   = regexp.MustCompile(`^@[A-Za-z0-9-]+(/[A-Za-z0-9._-]+)?$`)
)

func (r *reader) platformForm(v value) {
	if !platformPattern.MatchString(v.node.Value) {
		r.wrong(v.node.Line, "%s: %q is no platform, write it as linux/arm64", v.name, v.node.Value)
	}
}

func (r *reader) personForm(v value) {
	if !personPattern.MatchString(v.node.Value) {
		r.wrong(v.node.Line, "%s: %q is neither \"@user\" nor \"@organisation/team\"", v.name, v.node.Value)
	}
}

func (r *reader) durationForm(v value) {
	if d, err := time.ParseDuration(v.node.Value); err != nil || d <= 0 {
		r.wrong(v.node.Line, "%s: %q is no length of time, write it as 168h", v.name, v.node.Value)
	}
}

// maxComments is more than anybody reads and less than GitHub takes in a minute.
const maxComments = 100

func (r *reader) commentsForm(v value) {
	if n, err := strconv.Atoi(v.node.Value); err != nil || n < 0 || n > maxComments {
		r.wrong(v.node.Line, "%s: %q is none of 0 to %d", v.name, v.node.Value, maxComments)
	}
}

func (r *reader) ruleIDs() []string {
	ids := make([]string, len(r.rules))
	for i, rule := range r.rules {
		ids[i] = rule.ID
	}
	return ids
}

// entry returns the value of a mapping's key, nil when it has none.
func entry(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
