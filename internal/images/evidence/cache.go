package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
)

// kept is an answer as it is kept.
type kept struct {
	Until  time.Time // zero for always
	Answer images.Evidence
}

// cacheKey names an answer: by the image, what is asked of it, what it may be a copy of, and the trust root. Answers of
// another form of this package are not found.
func (r *run) cacheKey(s subject) string {
	origin, _ := r.config.Mirrors.Origin(s.ref)
	platforms := slices.Sorted(slices.Values(s.platforms))
	text, err := json.Marshal([]any{"evidence 1", s.ref.String(), origin.String(), platforms, r.trust.hash, fingerprint(s.demand)})
	if err != nil {
		return s.ref.String() // of strings only, so that there is no error
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// fingerprint is what a demand says, without what does not matter for the answer.
func fingerprint(d *images.Demand) any {
	if d == nil {
		return nil
	}
	parts := []any{string(d.Index), d.SBOM, d.Scan}
	if s := d.Signature; s != nil {
		parts = append(parts, "signature", s.Keys, s.Threshold, s.Issuer.String(), s.Subject.String(), s.Notation)
	}
	if p := d.Provenance; p != nil {
		parts = append(parts, "provenance", p.Builder.String(), p.Source.String(), p.Ref.String(), p.BuildType.String())
	}
	return parts
}

// recall returns what was kept of a question.
func (r *run) recall(s subject, key string) (images.Evidence, bool) {
	if r.config.Cache == nil {
		return images.Evidence{}, false
	}
	var k kept
	if text := r.config.Cache.Kept("evidence/"+s.ref.String(), key); text == nil || json.Unmarshal(text, &k) != nil {
		return images.Evidence{}, false
	}
	if !k.Until.IsZero() && r.config.Now().After(k.Until) || k.Answer.Digest != s.ref.Digest {
		return images.Evidence{}, false
	}
	return k.Answer, true
}

// keep keeps an answer that nobody can take back: what a digest's content is, and that it was proven. That something is
// missing may be otherwise a moment later, when somebody signs.
func (r *run) keep(s subject, key string, answer images.Evidence, until time.Time) {
	settled := answer.Verdict == images.Verified || answer.Verdict == images.NotAsked && len(s.platforms) > 0 && answer.Reason == ""
	if r.config.Cache == nil || !settled {
		return
	}
	text, err := json.Marshal(kept{until, answer})
	if err == nil {
		r.config.Cache.Keep("evidence/"+s.ref.String(), key, text)
	}
}
