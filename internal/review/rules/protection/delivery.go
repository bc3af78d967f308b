package protection

import (
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// fluxSources are the kinds of Flux that may verify what they fetch.
var fluxSources = []string{"GitRepository.source.toolkit.fluxcd.io", "OCIRepository.source.toolkit.fluxcd.io",
	"HelmChart.source.toolkit.fluxcd.io", "HelmRelease.helm.toolkit.fluxcd.io"}

// readVerified reads whether a source's signatures are checked, and against whom.
func readVerified(s side, o *manifests.Object) (all []*guard) {
	spec := o.Field().Get("spec")
	for _, verify := range []manifests.Field{spec.Get("verify"), spec.Get("chart", "spec", "verify")} {
		if !verify.IsMap() {
			continue
		}
		g := &guard{key: "verify " + s.Namespace(o) + " " + o.Name + " " + o.Kind, does: "the check of signatures", at: verify}
		identities := verify.Get("matchOIDCIdentity")
		if len(identities.Items()) > 0 || verify.Get("secretRef").IsSet() {
			g.grades = []grade{{2, "named signers", identities}}
		} else {
			g.grades = []grade{{1, "any signer", verify}}
		}
		all = append(all, g)
	}
	return all
}

// readProject reads what an Argo CD project asks of what it deploys.
func readProject(_ side, o *manifests.Object) (all []*guard) {
	spec := o.Field().Get("spec")
	if keys := spec.Get("signatureKeys"); len(keys.Items()) > 0 {
		all = append(all, &guard{key: "signatures", does: "the check of commits' signatures", at: keys})
	}
	for _, key := range []string{"clusterResourceBlacklist", "namespaceResourceBlacklist"} {
		for _, item := range spec.Get(key).Items() {
			all = append(all, &guard{key: "denied " + key + canonical(item), does: "the ban on kind " + item.Get("kind").Text(), at: item})
		}
	}
	for _, window := range spec.Get("syncWindows").Items() {
		if window.Get("kind").Text() == "deny" {
			all = append(all, &guard{key: "window|" + canonical(window), does: "a window in which nothing is synchronised", at: window, mild: review.Warning})
		}
	}
	return all
}

// projectLists are the lists of a project that open something by their entries, and the keys of an entry that is a mapping.
var projectLists = []struct {
	name, what string
	keys       []string
}{
	{"sourceRepos", "sources", nil},
	{"sourceNamespaces", "Applications in namespaces", nil},
	{"destinations", "destinations", []string{"server", "name", "namespace"}},
	{"clusterResourceWhitelist", "kinds of the cluster", []string{"group", "kind"}},
	{"namespaceResourceWhitelist", "kinds", []string{"group", "kind"}},
}

// reportWidened reports what a project newly allows by a pattern. Single sources and destinations come and go with what is
// deployed.
func reportWidened(p *review.Pass) {
	was, _ := p.Was()
	if was == nil {
		return
	}
	for _, list := range projectLists {
		before := entriesOf(was.Field().Get("spec", list.name), list.keys)
		for _, e := range entriesOf(p.Object.Field().Get("spec", list.name), list.keys) {
			covered := slices.ContainsFunc(before, func(old projectEntry) bool { return old.covers(e) })
			if covered || !slices.ContainsFunc(e.words, func(word string) bool { return strings.Contains(word, "*") }) || len(before) == 0 && list.name == "namespaceResourceWhitelist" {
				continue
			}
			p.Report(e.at, "project %s newly allows %s %s", p.Object.Name, list.what, strings.TrimSpace(strings.Join(e.words, " "))).
				Detail("Everybody who may use the project deploys from there, or to there, from now on. Name what is needed.").
				Effect("%s|%s", list.name, strings.Join(e.words, " "))
		}
	}
}

type projectEntry struct {
	words []string
	at    manifests.Field
}

func entriesOf(list manifests.Field, keys []string) (all []projectEntry) {
	for _, item := range list.Items() {
		e := projectEntry{at: item, words: []string{item.Text()}}
		if keys != nil {
			e.words = nil
			for _, key := range keys {
				e.words = append(e.words, item.Get(key).Text())
			}
		}
		if !strings.HasPrefix(e.words[0], "!") {
			all = append(all, e)
		}
	}
	return all
}

// covers reports whether an entry allows all that another does, as far as patterns tell.
func (e projectEntry) covers(other projectEntry) bool {
	for i, pattern := range e.words {
		word := other.words[i]
		if ok, err := path.Match(strings.ReplaceAll(pattern, "/", "\x00"), strings.ReplaceAll(word, "/", "\x00")); pattern != word && (err != nil || !ok) {
			return false
		}
	}
	return true
}
