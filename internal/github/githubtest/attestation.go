package githubtest

import "encoding/json"

// Attest keeps a Sigstore bundle as an attestation of one of an owner's repositories about a digest ("sha256:…"). The owner
// is made a person when unknown.
func (g *GitHub) Attest(owner, digest string, bundle []byte) {
	g.must("attest", func() error {
		who := g.account(owner, "User")
		if who.attested == nil {
			who.attested = make(map[string][]json.RawMessage)
		}
		who.attested[digest] = append(who.attested[digest], bundle)
		return nil
	})
}

// listAttestations answers what is kept about a digest. Organisations and people have addresses of their own.
func (c *call) listAttestations() (any, error) {
	name, kind := c.params["org"], "Organization"
	if name == "" {
		name, kind = c.params["username"], "User"
	}
	owner := c.g.accounts[fold(name)]
	if owner == nil || owner.kind != kind {
		return nil, notFound()
	}
	return &list{key: "attestations", items: attestationsOf(owner.attested[c.params["subject_digest"]])}, nil
}

func attestationsOf(bundles []json.RawMessage) []any {
	all := make([]any, len(bundles))
	for i, b := range bundles {
		all[i] = object{"bundle": b, "repository_id": 1, "bundle_url": "https://attestations.example/" + node("A", int64(i))}
	}
	return all
}
