package image

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

// proof is what a rule on one kind of proof says.
type proof struct {
	kind      string
	absent    string // what follows the image when there is none
	untrusted string // what follows it when it is not as the policy has it
	why       string
}

// check reports the images of which the proof is not there, or not good enough.
func (k proof) check(p *review.Pass) {
	eachAsked(p, func(u review.ImageField, ref images.Reference, found review.ImageEvidence) {
		verdict, reason := k.verdict(found)
		what := k.untrusted
		switch {
		case found.Missing:
			return
		case verdict == images.Unsigned:
			what = k.absent
		case verdict != images.Untrusted:
			return
		}
		p.Report(u.Field, "%s uses %s, %s", u.Title, ref, what).Part(ref.Tag).Detail("%s %s", sentence(reason), k.why)
	})
}

// verdict is the one on the kind. What is wrong with an image as a whole counts as a fault of its signature.
func (k proof) verdict(found review.ImageEvidence) (images.Verdict, string) {
	if len(found.Proofs) == 0 && k.kind == images.ProofSignature {
		return found.Verdict, found.Reason
	}
	one := found.Proofs[k.kind]
	return one.Verdict, one.Reason
}

// sentence makes a sentence of a reason.
func sentence(reason string) string {
	if reason == "" {
		return ""
	}
	return strings.ToUpper(reason[:1]) + strings.TrimSuffix(reason[1:], ".") + "."
}
