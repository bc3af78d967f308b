package evidence

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
)

// maxAttestations is how many of GitHub's attestations are read for one image.
const maxAttestations = 100

// ErrNotPermitted tells that GitHub does not say what it keeps, for want of a permission. That does not change until somebody
// gives it, so that it is no fault that passes: what is there counts as not there, and the reason says so.
var ErrNotPermitted = errors.New("GitHub does not permit to see what it keeps")

// askGitHub looks through what GitHub keeps of attestations, which are in the registry only where a workflow pushed them.
func (x *examination) askGitHub(ctx context.Context) {
	if x.config.GitHub == nil || !x.lacks(x.order...) {
		return
	}
	for _, owner := range x.owners() {
		bundles, err := x.config.GitHub.Attestations(ctx, owner, x.ref.Digest)
		if errors.Is(err, ErrNotPermitted) {
			x.withheld = fmt.Sprintf("; what GitHub keeps of %s was not asked for: %s", owner, oneLine(err.Error()))
			continue
		}
		if err != nil {
			x.trouble(err)
			continue
		}
		for _, text := range bundles[:min(len(bundles), maxAttestations)] {
			if x.done() {
				return
			}
			x.consider(readBundle(text, x.ref.Digest))
		}
	}
}

var gitHubOwner = regexp.MustCompile(`^(?:https://)?github\.com/([A-Za-z0-9][A-Za-z0-9-]*)(?:/|$)`)

// owners are the accounts at GitHub whose attestations could be meant: the owner of a package there, and those that the
// policy names as source or signer.
func (x *examination) owners() []string {
	var texts []string
	for _, name := range x.names {
		if owner, ok := strings.CutPrefix(name, "ghcr.io/"); ok {
			texts = append(texts, "github.com/"+owner)
		}
	}
	if d := x.demand; d.Provenance != nil {
		texts = append(texts, d.Provenance.Source.String(), d.Provenance.Builder.String())
	}
	if s := x.demand.Signature; s != nil {
		texts = append(texts, s.Subject.String())
	}
	var owners []string
	for _, text := range texts {
		if found := gitHubOwner.FindStringSubmatch(text); found != nil {
			owners = union(owners, []string{strings.ToLower(found[1])})
		}
	}
	return owners
}

// isAsked reports whether a pattern is asked for at all.
func isAsked(p images.Pattern) bool { return p.String() != "" }
