package controlplane

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// encryptionConfigs are the EncryptionConfigurations of a root, in the present form and in that of before 1.13.
func encryptionConfigs(v *review.RootView) []document {
	return append(configs(v, "EncryptionConfiguration", "apiserver.config.k8s.io"), configs(v, "EncryptionConfig", "")...)
}

// rule returns the entry of resources that decides on a resource of the core group, the first that covers it, as
// k8s.io/apiserver does (encryptionconfig); an absent field when none does.
func rule(config document, resource string) manifests.Field {
	for _, entry := range config.Get("resources").Items() {
		for _, name := range entry.Get("resources").Items() {
			if slices.Contains([]string{resource, "*.", "*.*"}, name.Text()) {
				return entry
			}
		}
	}
	return manifests.Field{}
}

// key is one way in which data can be encrypted, and so read.
type key struct {
	id    string // provider and name; for kms its name alone
	value string // tells that the key of a name became another; never shown
	first bool   // new data is written with it
	at    manifests.Field
}

// keysOf lists the keys of an entry's providers, identity left out.
func keysOf(entry manifests.Field) []key {
	var keys []key
	for i, provider := range entry.Get("providers").Items() {
		for _, e := range provider.Entries() {
			if e.Key == "kms" {
				keys = append(keys, key{id: "kms " + e.Value.Get("name").Text(), first: i == 0, at: e.Value})
				continue
			}
			for j, item := range e.Value.Get("keys").Items() {
				keys = append(keys, key{id: e.Key + " " + item.Get("name").Text(), value: item.Get("secret").Text(), first: i == 0 && j == 0, at: item})
			}
		}
	}
	return keys
}

// isStandIn reports whether the text of a key is none, but stands for one: a variable, something encrypted, or words.
func isStandIn(text string) bool {
	return text == "" || strings.ContainsAny(text, "<>${}[]* ") || strings.HasPrefix(text, "__")
}
