package protection

import (
	"maps"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// scope says what a guard is for: all there is, but for what it is narrowed by.
type scope struct {
	among  map[string]choice // by what is chosen: it is one of these
	unless []exception       // what is left out
}

// choice is a list of which everything that is guarded is one.
type choice struct {
	values []string
	at     manifests.Field
}

// exception takes something out of a scope.
type exception struct {
	key, text string
	at        manifests.Field
}

func (s *scope) only(what string, at manifests.Field, values ...string) {
	if s.among == nil {
		s.among = make(map[string]choice)
	}
	s.among[what] = choice{values, at}
}

func (s *scope) except(key, text string, at manifests.Field) {
	s.unless = append(s.unless, exception{key, text, at})
}

// with returns what two scopes have in common.
func (s scope) with(other scope) scope {
	both := scope{among: maps.Clone(s.among), unless: slices.Concat(s.unless, other.unless)}
	for what, c := range other.among {
		both.only(what, c.at, c.values...)
	}
	return both
}

// narrower says what of a scope of base one of head leaves out.
func (s *scope) narrower(now *scope) (weakness, bool) {
	for _, what := range slices.Sorted(maps.Keys(now.among)) {
		chosen := now.among[what]
		was, narrowed := s.among[what]
		if !narrowed {
			return weakness{at: chosen.at, says: "is only for " + what + " " + shown(chosen.values)}, true
		}
		if lost := chosen.misses(was.values); len(lost) > 0 {
			return weakness{at: chosen.at, says: "is no longer for " + what + " " + shown(lost)}, true
		}
	}
	for _, e := range now.unless {
		if !slices.ContainsFunc(s.unless, func(was exception) bool { return was.key == e.key }) {
			return weakness{at: e.at, says: "leaves out " + e.text}, true
		}
	}
	return weakness{}, false
}

// shown names values, without what further they ask for.
func shown(values []string) string {
	var names []string
	for _, value := range values {
		name, _, _ := strings.Cut(value, " {")
		if name = strings.TrimSpace(name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return enumerate(names)
}

// misses lists the values that the choice does not cover.
func (c choice) misses(values []string) (lost []string) {
	for _, value := range values {
		if !slices.ContainsFunc(c.values, func(pattern string) bool { return coversValue(pattern, value) }) {
			lost = append(lost, value)
		}
	}
	return lost
}

// coversValue compares two values of several words each, of which "*" and a word that is left out stand for any.
func coversValue(pattern, value string) bool {
	patterns, values := strings.Split(pattern, " "), strings.Split(value, " ")
	if len(patterns) != len(values) {
		return false
	}
	for i, p := range patterns {
		prefix, below := strings.CutSuffix(p, "/*")
		if p != values[i] && p != "*" && p != "" && p != "*/*" && (!below || !strings.HasPrefix(values[i], prefix+"/") && values[i] != prefix) {
			return false
		}
	}
	return true
}

// narrowBy narrows a scope by a label selector of what is called, in the plural, what. Without one it is not narrowed.
func (s *scope) narrowBy(what string, selector manifests.Field) {
	for _, want := range selector.Get("matchLabels").Entries() {
		label := want.Key + "=" + want.Value.Text()
		s.except(what+"!"+label, what+" without label "+label, want.Value)
	}
	for _, term := range selector.Get("matchExpressions").Items() {
		key := term.Get("key").Text()
		switch term.Get("operator").Text() {
		case "In":
			s.only(what+" by label "+key, term.Get("values"), texts(term.Get("values"))...)
		case "NotIn":
			for _, value := range term.Get("values").Items() {
				s.except(what+" "+key+"="+value.Text(), labelled(what, key, value.Text()), value)
			}
		case "Exists":
			s.except(what+"!"+key, what+" without label "+key, term)
		case "DoesNotExist":
			s.except(what+" "+key, what+" with label "+key, term)
		}
	}
}

// labelled names what has a label.
func labelled(what, key, value string) string {
	if key == "kubernetes.io/metadata.name" {
		return "namespace " + value
	}
	return what + " with label " + key + "=" + value
}

// maxRequests is how many combinations of a rule's lists are told apart.
const maxRequests = 2000

// requests lists what the rules of a webhook or an admission policy match: operation, API group and resource.
func requests(rules manifests.Field) (all []string) {
	for _, rule := range rules.Items() {
		all = append(all, requestsOf(rule)...)
		if len(all) > maxRequests {
			return all[:maxRequests]
		}
	}
	return all
}

func requestsOf(rule manifests.Field) (all []string) {
	operations := texts(rule.Get("operations"))
	if len(operations) == 0 || slices.Contains(operations, "*") {
		operations = []string{"CREATE", "UPDATE", "DELETE", "CONNECT"}
	}
	for _, operation := range operations {
		for _, group := range orAll(texts(rule.Get("apiGroups"))) {
			for _, resource := range orAll(texts(rule.Get("resources"))) {
				if len(all) < maxRequests {
					all = append(all, strings.Join([]string{operation, groupName(group), resource}, " "))
				}
			}
		}
	}
	return all
}

// groupName writes an API group as a word.
func groupName(group string) string {
	if group == "" {
		return "v1"
	}
	return group
}

func orAll(values []string) []string {
	if len(values) == 0 {
		return []string{"*"}
	}
	return values
}

func texts(list manifests.Field) (values []string) {
	for _, item := range list.Items() {
		values = append(values, item.Text())
	}
	return values
}
