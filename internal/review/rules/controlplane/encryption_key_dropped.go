package controlplane

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var encryptionKeyDropped = review.Rule{
	ID: "encryption-key-dropped", Level: review.Error, Guidelines: []string{"G24"},
	Summary:   "The change removes a key by which data in etcd may still be encrypted",
	CheckRoot: checkKeyDropped,
}

func checkKeyDropped(p *review.Pass) {
	if p.Base == nil {
		return
	}
	before := encryptionConfigs(p.Base)
	for i, config := range encryptionConfigs(p.Root) {
		if old, ok := earlier(before, config, i); ok {
			for _, resource := range []string{"secrets", "configmaps"} {
				compareKeys(p, config, keysOf(rule(old, resource)), resource)
			}
		}
	}
}

// earlier finds what a configuration was at base: that of the same object and text, or in the same place of the root.
func earlier(before []document, config document, position int) (document, bool) {
	i := slices.IndexFunc(before, func(d document) bool {
		return d.owner.Identity == config.owner.Identity && d.text.Path() == config.text.Path() && config.owner.Name != ""
	})
	if i < 0 && config.owner.Name == "" {
		i = position
	}
	if i < 0 || i >= len(before) {
		return document{}, false
	}
	return before[i], true
}

func compareKeys(p *review.Pass, config document, old []key, resource string) {
	governing := rule(config, resource)
	now := keysOf(governing)
	for _, k := range old {
		i := slices.IndexFunc(now, func(n key) bool { return n.id == k.id })
		switch {
		case i >= 0 && now[i].value == k.value:
		case i >= 0:
			config.place(now[i].at.Get("name")).report(p, "the key %s of %s became another", k.id, resource).
				Detail("What was written with the old one cannot be read any more. Add the new key under a name of its own, first in the list, and keep the old one behind it until everything has been written anew.")
		default:
			d := config.place(whereMissed(config, governing, k)).report(p, "the key %s, by which %s may still be encrypted, is gone", k.id, resource).
				Detail("Data that was written with it cannot be read without it. Have everything written anew with the present key first, as by kubectl get %s -A -o json | kubectl replace -f -, and keep the key for the backups' sake.", resource)
			if !k.first {
				d.Lower(review.Warning) // a step of a rotation, which is right once everything has been written anew
			}
		}
	}
}

// whereMissed returns the field that had a key at base: its provider's keys, else the providers, else the resources.
func whereMissed(config document, governing manifests.Field, lost key) manifests.Field {
	provider, _, _ := strings.Cut(lost.id, " ")
	for _, p := range governing.Get("providers").Items() {
		if keys := p.Get(provider, "keys"); keys.Exists() {
			return keys
		}
	}
	if governing.Exists() {
		return governing.Get("providers")
	}
	return config.Get("resources")
}
