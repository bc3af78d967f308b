package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"go.yaml.in/yaml/v3"
)

// RulePolicyWeakened is the id of the rule on policies that refuse less. The engine itself applies it to the repository's
// own policy file, which counts only once it is merged: nothing else would show what it then lets pass.
const RulePolicyWeakened = "policy-weakened"

// policyFile is the repository's own policy file.
const policyFile = ".github/landwaiter.yaml"

// policyLimit is how large a policy file is compared, in bytes; larger ones are refused when they are read.
const policyLimit = 1 << 20

// laxity is one thing in which a policy file asks for less than it did.
type laxity struct {
	at      manifests.Field // of head, perhaps absent
	level   Level
	message string
}

// laxer compares two versions of a policy file.
type laxer struct {
	was, now manifests.Field
	rules    []*Rule
	found    []laxity
}

func (x *laxer) add(at manifests.Field, level Level, format string, args ...any) {
	x.found = append(x.found, laxity{at, level, shorten(fmt.Sprintf(format, args...))})
}

// policyWeakened makes the findings of what the change takes out of the repository's policy file.
func (r *run) policyWeakened() (all []Finding) {
	i := slices.IndexFunc(r.active, func(a activeRule) bool { return a.ID == RulePolicyWeakened })
	if i < 0 || r.change.Base == nil || !slices.Contains(r.change.Paths(), policyFile) {
		return nil
	}
	was, ok := readDocument(r.change.Base, policyFile)
	if !ok {
		return nil // there was none
	}
	now, ok := readDocument(r.change.Head, policyFile)
	if !ok && now.Exists() {
		return nil // what is wrong in it is said when it is read
	}
	x := &laxer{was: was, now: now, rules: r.rules}
	x.compare()
	for _, l := range x.found {
		level := min(l.level, r.active[i].level)
		if r.active[i].firm {
			level = r.active[i].level
		}
		all = append(all, Finding{Rule: RulePolicyWeakened, Level: level, Status: New, Root: ".", Path: l.at.Path(), Message: l.message,
			Detail:   "The policy counts from the moment that this is merged, for everybody's changes. Whoever is in charge of it should see this one.",
			Location: r.placeOf(policyFile, l.at, now), Guidelines: r.guidelines(RulePolicyWeakened), Fingerprint: fingerprint(RulePolicyWeakened + "|" + l.at.Path() + "|" + l.message)})
	}
	return all
}

// readDocument reads a file that is one mapping. Of one that is there and cannot be read the field exists.
func readDocument(tree source.Tree, file string) (manifests.Field, bool) {
	text, err := tree.ReadFile(file)
	if err != nil {
		return manifests.Field{}, false
	}
	var doc yaml.Node
	if len(text) > policyLimit || yaml.Unmarshal(text, &doc) != nil || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return manifests.NewField(&doc, ""), false
	}
	return manifests.NewField(doc.Content[0], ""), true
}

// placeOf returns the place of a field of the policy file of head; of one that is gone there is none.
func (r *run) placeOf(file string, at, root manifests.Field) Location {
	line := lineAt(at, root)
	if line == 0 {
		return Location{Precision: manifests.Unknown.String()}
	}
	return Location{File: file, Line: line, EndLine: line, Column: 1, Precision: manifests.Exact.String(), Changed: r.change.Touches(file, line)}
}

// lineAt returns the line of a field, that of the nearest mapping above it where it is absent; 0 when there is no file.
func lineAt(at, root manifests.Field) int {
	if at.Exists() {
		return at.Node().Line
	}
	line := 0
	root.Walk(func(f manifests.Field) {
		if f.Path() == "" || strings.HasPrefix(at.Path(), f.Path()+".") {
			line = f.Node().Line
		}
	})
	return line
}

func (x *laxer) compare() {
	if !x.now.Exists() {
		x.add(manifests.Field{}, Error, "the policy file is removed, so that only the defaults hold")
		return
	}
	profiles := []string{"baseline", "recommended", "restricted", "everything"}
	x.lower("profile", "recommended", func(name string) int { return slices.Index(profiles, name) })
	x.compareRules()
	x.compareExemptions()
	x.lower("gate.failOn", "error", func(name string) int { level, _ := ParseLevel(name); return -int(level) })
	for _, key := range []string{"gate.onIndeterminate", "gate.onRenderFailure"} {
		x.lower(key, "fail", func(word string) int { return map[string]int{"warn": -1}[word] })
	}
	x.lower("annotations", "false", func(word string) int { return map[string]int{"true": -1}[word] })
	x.compareLists()
}

// lookup returns the field at a path of keys.
func lookup(f manifests.Field, path string) manifests.Field {
	return f.Get(strings.Split(path, ".")...)
}

// lower reports a setting that ranks lower than it did.
func (x *laxer) lower(path, standard string, rank func(string) int) {
	was, now := cmp.Or(lookup(x.was, path).Text(), standard), cmp.Or(lookup(x.now, path).Text(), standard)
	if rank(now) < rank(was) {
		x.add(lookup(x.now, path), Error, "%s goes from %s to %s", path, was, now)
	}
}

// compareRules compares what the files say of single rules.
func (x *laxer) compareRules() {
	for _, rule := range x.rules {
		was, now := x.was.Get("rules", rule.ID), x.now.Get("rules", rule.ID)
		if !was.IsSet() && !now.IsSet() {
			continue
		}
		before, after := settled(rule, x.was), settled(rule, x.now)
		switch {
		case before > 0 && after == 0:
			x.add(now, Error, "rule %s is off", rule.ID)
		case after < before:
			x.add(now, Warning, "rule %s goes from %s to %s", rule.ID, before, after)
		case before > 0 && was.IsMap() && !sameYAML(was, now):
			x.add(now, Info, "rule %s has other parameters", rule.ID)
		}
	}
}

// settled returns the level at which a rule runs by a policy file, 0 for not at all.
func settled(rule *Rule, policy manifests.Field) Level {
	var setting RuleSetting
	at := policy.Get("rules", rule.ID)
	word := at.Text()
	if at.IsMap() {
		setting.Params = at.Node()
		word = at.Get("level").Text()
	}
	switch level, err := ParseLevel(word); {
	case err == nil:
		setting.Level = level
	case strings.EqualFold(word, "off") || strings.EqualFold(word, "false"):
		setting.Off = true
	case word != "":
		setting.Level = rule.Level
	}
	profile := policy.Get("profile").Text()
	if !switchedOn(rule, setting, profile) {
		return 0
	}
	return levelOf(rule, setting, profile)
}

// compareExemptions reports exemptions that are new, or reach further. That one object is exempt until a day is what they
// are for.
func (x *laxer) compareExemptions() {
	for _, e := range x.now.Get("exemptions").Items() {
		if slices.ContainsFunc(x.was.Get("exemptions").Items(), func(old manifests.Field) bool {
			return sameText(old, e, "rule", "object", "root") && e.Get("until").Text() <= old.Get("until").Text()
		}) {
			continue
		}
		level := Info
		if rule := e.Get("rule").Text(); strings.Contains(rule, "*") || e.Get("object").Text() == "" || strings.HasSuffix(e.Get("object").Text(), "/*") {
			level = Error
		}
		x.add(e, level, "rule %s is exempt for %s until %s", e.Get("rule").Text(), cmp.Or(e.Get("object").Text(), e.Get("root").Text()), e.Get("until").Text())
	}
}

func sameText(a, b manifests.Field, keys ...string) bool {
	return !slices.ContainsFunc(keys, func(key string) bool { return a.Get(key).Text() != b.Get(key).Text() })
}

// opening is a list of a policy file of which every entry lets something pass, closing one of which every entry does not.
var (
	openingLists = map[string]string{"images.allow": "images of %s are allowed", "roots.ignore": "%s is not reviewed", "charts.allow": "charts may be fetched from %s", "bases.allow": "bases may be fetched from %s"}
	closingLists = map[string]string{"images.deny": "images of %s are not refused any more", "roots.include": "%s is not reviewed any more", "lock": "%s is not locked any more", "checks": "check run %s is gone"}
)

// compareLists reports entries of lists that are new or gone, and lists that are.
func (x *laxer) compareLists() {
	for path, says := range openingLists {
		was, now := lookup(x.was, path), lookup(x.now, path)
		for _, e := range without(now, was) {
			level := Warning
			if path == "roots.ignore" || strings.Trim(e.Text(), "*/") == "" {
				level = Error
			}
			if path != "images.allow" || len(was.Items()) > 0 { // the first allowlist only closes
				x.add(e, level, says, e.Text())
			}
		}
	}
	if len(lookup(x.was, "images.allow").Items()) > 0 && len(lookup(x.now, "images.allow").Items()) == 0 {
		x.add(lookup(x.now, "images.allow"), Error, "every image is allowed that is not denied")
	}
	for path, says := range closingLists {
		for _, e := range without(lookup(x.was, path), lookup(x.now, path)) {
			x.add(lookup(x.now, path), Error, says, e.Text())
		}
	}
	x.compareEntries("images.verify", "what images have to be proven by")
	for _, e := range x.now.Get("acknowledge").Items() {
		if !slices.ContainsFunc(x.was.Get("acknowledge").Items(), func(old manifests.Field) bool { return sameYAML(old, e) }) {
			x.add(e, Warning, "more people may accept findings in pull requests, or of more rules")
		}
	}
	slices.SortStableFunc(x.found, func(a, b laxity) int {
		return cmp.Or(cmp.Compare(a.at.Path(), b.at.Path()), cmp.Compare(a.message, b.message))
	})
}

// compareEntries reports that entries of a list are gone, or were changed.
func (x *laxer) compareEntries(path, what string) {
	was, now := lookup(x.was, path), lookup(x.now, path)
	has := func(list manifests.Field, e manifests.Field) bool {
		return slices.ContainsFunc(list.Items(), func(other manifests.Field) bool { return sameYAML(other, e) })
	}
	lost := slices.ContainsFunc(was.Items(), func(e manifests.Field) bool { return !has(now, e) })
	if lost && len(now.Items()) < len(was.Items()) {
		x.add(now, Error, "%s is less", what)
		return
	}
	for _, e := range now.Items() {
		if lost && !has(was, e) {
			x.add(e, Warning, "%s is changed", what)
		}
	}
}

// without lists the entries of a list that another does not have.
func without(list, other manifests.Field) (lost []manifests.Field) {
	for _, e := range list.Items() {
		if !slices.ContainsFunc(other.Items(), func(o manifests.Field) bool { return o.Text() == e.Text() }) {
			lost = append(lost, e)
		}
	}
	return lost
}

// sameYAML reports whether two fields say the same.
func sameYAML(a, b manifests.Field) bool {
	if a.IsSet() != b.IsSet() {
		return false
	}
	if !a.IsMap() && !a.IsList() {
		return !b.IsMap() && !b.IsList() && a.Text() == b.Text()
	}
	if a.IsMap() != b.IsMap() || len(a.Entries()) != len(b.Entries()) || len(a.Items()) != len(b.Items()) {
		return false
	}
	for _, e := range a.Entries() {
		if !sameYAML(e.Value, b.Get(e.Key)) {
			return false
		}
	}
	for i, item := range a.Items() {
		if !sameYAML(item, b.At(i)) {
			return false
		}
	}
	return true
}
