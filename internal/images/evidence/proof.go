package evidence

import (
	"fmt"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
)

// proof collects what there is of one kind.
type proof struct {
	kind      string
	proven    bool
	detail    string
	keys      []*key  // of the policy, whose signatures were found
	refused   []error // why seals of this kind do not count
	scanned   time.Time
	platforms *images.Proof // what was found when the platforms of an index were looked at as well
}

// names of the kinds in reasons.
var nouns = map[string]string{images.ProofSignature: "signature", images.ProofProvenance: "provenance",
	images.ProofSBOM: "bill of materials", images.ProofScan: "scan"}

// refuse notes why a seal does not count.
func (p *proof) refuse(err error) { p.refused = append(p.refused, err) }

// prove notes that a seal meets what is asked for.
func (p *proof) prove(detail string) { p.proven, p.detail = true, detail }

// signedBy counts a signature: one identity is enough, keys are counted each once.
func (p *proof) signedBy(who *signer) {
	if who.certificate != nil {
		p.prove(who.String())
		return
	}
	for _, k := range who.keys {
		if !p.has(k) {
			p.keys = append(p.keys, k)
		}
	}
}

func (p *proof) has(k *key) bool {
	for _, other := range p.keys {
		if other.id == k.id {
			return true
		}
	}
	return false
}

// holds reports whether a proof is complete.
func (x *examination) holds(p *proof) bool {
	if p.proven || p.kind != images.ProofSignature || len(x.keys) == 0 {
		return p.proven
	}
	if len(p.keys) < max(x.demand.Signature.Threshold, 1) {
		return false
	}
	p.prove((&signer{keys: p.keys}).String())
	return true
}

// conclude makes the answer of what was found.
func (x *examination) conclude(answer *images.Evidence) {
	answer.Proofs = make(map[string]images.Proof, len(x.order))
	answer.Facts = map[string]string{}
	var reasons []string
	count := map[images.Verdict]int{}
	for _, kind := range x.order {
		p := x.verdict(x.proofs[kind])
		answer.Proofs[kind] = p
		count[p.Verdict]++
		if p.Reason != "" && !contains(reasons, p.Reason) {
			reasons = append(reasons, p.Reason)
		}
		if fact := factOf[kind]; fact != "" && p.Detail != "" {
			answer.Facts[fact] = p.Detail
		}
	}
	for name, value := range x.facts {
		if name != "other" {
			answer.Facts[name] = value
		}
	}
	answer.Verdict = overall(count)
	if len(reasons) > 0 {
		answer.Reason = sentence(reasons)
	}
}

// factOf names what a proof's detail is in a table.
var factOf = map[string]string{images.ProofSignature: "signer", images.ProofProvenance: "builder", images.ProofSBOM: "sbom", images.ProofScan: "scanned"}

// overall is the verdict on all that is asked for. What is known not to be met is not made doubtful by what could not be
// asked.
func overall(count map[images.Verdict]int) images.Verdict {
	switch {
	case count[images.Untrusted] > 0, count[images.Unsigned] > 0 && count[images.Verified] > 0:
		return images.Untrusted
	case count[images.Unsigned] > 0:
		return images.Unsigned
	case count[images.Indeterminate] > 0:
		return images.Indeterminate
	}
	return images.Verified
}

// verdict is what was found out about one kind of proof.
func (x *examination) verdict(p *proof) images.Proof {
	found := x.found(p)
	if x.budget < 0 && found.Verdict != images.Verified {
		found.Reason += fmt.Sprintf("; more is attached to it than the %d manifests and blobs, and %d MiB, that are read", maxRead, maxBytes>>20)
		if found.Verdict == images.Unsigned {
			found.Verdict = images.Untrusted
		}
	}
	return found
}

func (x *examination) found(p *proof) images.Proof {
	noun := nouns[p.kind]
	switch {
	case x.holds(p):
		return images.Proof{Verdict: images.Verified, Detail: p.detail}
	case p.platforms != nil:
		return *p.platforms
	case len(x.faults) > 0:
		return images.Proof{Verdict: images.Indeterminate, Reason: oneLine(x.faults[0].Error())}
	case len(p.keys) > 0:
		return images.Proof{Verdict: images.Untrusted, Detail: (&signer{keys: p.keys}).String(),
			Reason: fmt.Sprintf("signed by %d of the %d keys that the policy asks for (%s)", len(p.keys), x.demand.Signature.Threshold, (&signer{keys: p.keys}).String())}
	case len(p.refused) > 0:
		return images.Proof{Verdict: images.Untrusted, Reason: refusal(noun, p.refused)}
	case len(x.junk) > 0:
		return images.Proof{Verdict: images.Untrusted, Reason: fmt.Sprintf("no %s that can be read: %s", noun, oneLine(x.junk[0]))}
	}
	return images.Proof{Verdict: images.Unsigned, Reason: "no " + noun + " is there" + x.instead(p.kind) + x.withheld}
}

// refusal says why what is there does not count, by what came closest.
func refusal(noun string, all []error) string {
	var closest error
	for _, err := range all {
		closest = closer(closest, err)
	}
	text := closest.Error()
	if rest, plain := strings.CutPrefix(text, "it "); plain {
		text = "its " + noun + " does not count: it " + rest
	} else {
		text = "its " + noun + " does not count: " + text
	}
	if len(all) > 1 {
		text += fmt.Sprintf(" (the closest of %d)", len(all))
	}
	return oneLine(text)
}

// instead says what is there where something else is asked for.
func (x *examination) instead(kind string) string {
	other, found := x.facts["other"]
	switch {
	case !found:
		return ""
	case nouns[other] != "" && other != kind:
		return "; a " + nouns[other] + " is, which the policy does not ask for"
	}
	return ""
}

func contains(all []string, s string) bool {
	for _, one := range all {
		if one == s {
			return true
		}
	}
	return false
}
