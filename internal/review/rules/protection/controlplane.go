package protection

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review/rules/controlplane"
)

// readAudit reads what an audit policy records, by sample requests.
func readAudit(_ side, o *manifests.Object) (all []*guard) {
	names := [...]string{"None", "Metadata", "Request", "RequestResponse"}
	for _, sample := range controlplane.Audited(o.Field()) {
		n := max(slices.Index(names[:], sample.Level), 0)
		if sample.Confidential {
			n = min(n, 1) // more is worse
		}
		all = append(all, &guard{key: "audit " + sample.By + " " + sample.Request, does: "the record of " + sample.Request, at: sample.Rule,
			idle: n == 0, grades: []grade{{n, names[n], sample.Rule.Get("level")}}})
	}
	return all
}

// readEncryption reads which resources are encrypted at rest. A configuration that begins with none encrypts nothing.
func readEncryption(_ side, o *manifests.Object) (all []*guard) {
	for _, item := range o.Field().Get("resources").Items() {
		first := item.Get("providers").At(0)
		entries := first.Entries()
		if len(entries) == 0 {
			continue
		}
		g := grade{1, "provider " + entries[0].Key, first}
		switch entries[0].Key {
		case "identity":
			g.n = 0
		case "kms":
			g.n = 2
		}
		for _, resource := range item.Get("resources").Items() {
			all = append(all, &guard{key: "encryption " + resource.Text(), does: "the encryption of " + resource.Text() + " at rest", at: item,
				idle: g.n == 0, grades: []grade{g}})
		}
	}
	return all
}
