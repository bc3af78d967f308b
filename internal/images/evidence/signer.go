package evidence

import (
	"errors"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// signer is who signed a seal: by a certificate that the trust root vouches for, or by keys of the policy.
type signer struct {
	certificate *certificate.Summary
	times       []verify.TimestampVerificationResult
	keys        []*key
}

// String names the signer as reports do.
func (s *signer) String() string {
	if s.certificate != nil {
		return s.certificate.SubjectAlternativeName
	}
	names := make([]string, len(s.keys))
	for i, k := range s.keys {
		names[i] = k.name
	}
	return strings.Join(names, ", ")
}

// signed holds a seal against the demand for a signer. Without one, anybody will do whom the trust root vouches for. The
// error is a sentence's rest about the seal: "it is …".
func (x *examination) signed(s *seal) (*signer, error) {
	if s.err != nil {
		return nil, &failure{0, s.err.Error(), s.err}
	}
	demand := x.demand.Signature
	if len(x.keys) > 0 {
		return x.byKeys(s)
	}
	switch {
	case s.keyed() && demand == nil:
		return nil, errors.New("it is signed by a key, which the policy does not name")
	case s.keyed():
		return nil, errors.New("it is signed by a key, and the policy asks for an identity")
	}
	who, err := x.trust.identify(s)
	if err != nil || demand == nil || !isAsked(demand.Issuer) {
		return who, err
	}
	return who, isIdentity(who, demand)
}

func isIdentity(who *signer, demand *images.SignatureDemand) error {
	switch c := who.certificate; {
	case !demand.Issuer.Match(c.Issuer):
		return errors.New("it is by " + c.SubjectAlternativeName + ", for whom " + orNobody(c.Issuer) + " vouches, and the policy asks for " + demand.Issuer.String())
	case !demand.Subject.Match(c.SubjectAlternativeName):
		return errors.New("it is by " + c.SubjectAlternativeName + ", and the policy asks for " + demand.Subject.String())
	}
	return nil
}

func orNobody(s string) string {
	if s == "" {
		return "nobody"
	}
	return s
}

// byKeys returns which keys of the policy signed a seal.
func (x *examination) byKeys(s *seal) (*signer, error) {
	who := &signer{}
	var closest error
	for _, k := range x.keys {
		if err := x.byKey(s, k); err != nil {
			closest = closer(closest, err)
			continue
		}
		who.keys = append(who.keys, k)
	}
	if len(who.keys) > 0 {
		return who, nil
	}
	return nil, closest
}

// byKey verifies a seal with one key. A key with dates counts for what was signed between them: a log or a timestamp
// authority of the trust root has to say when that was, else it counts as signed now.
func (x *examination) byKey(s *seal, k *key) error {
	if !s.keyed() {
		return errors.New("it is signed by a certificate, and the policy asks for a key")
	}
	err := verifyKey(s, k, nil, verify.WithNoObserverTimestamps())
	if err != nil || !k.dated() {
		return err
	}
	for _, r := range x.trust.roots {
		logged := verifyKey(s, k, r, verify.WithTransparencyLog(1), verify.WithIntegratedTimestamps(1))
		stamped := verifyKey(s, k, r, verify.WithSignedTimestamps(1))
		if logged == nil || stamped == nil {
			return nil
		}
	}
	if !k.ValidAtTime(x.now) {
		return errors.New("it is by " + k.name + ", which counts " + k.period() + ", and nothing that the trust root vouches for shows that it was signed then")
	}
	x.boundTo(k.end)
	return nil
}

// keyTrust is a key, with the logs and clocks of a trust root.
type keyTrust struct {
	root.TrustedMaterial
	key *key
}

// PublicKeyVerifier returns the key, whatever key the seal says it is by: that is a hint which nobody signed.
func (t keyTrust) PublicKeyVerifier(string) (root.TimeConstrainedVerifier, error) { return t.key, nil }

func verifyKey(s *seal, k *key, clocks root.TrustedMaterial, options ...verify.VerifierOption) error {
	if clocks == nil {
		clocks = &root.BaseTrustedMaterial{}
	}
	verifier, err := verify.NewVerifier(keyTrust{clocks, k}, append(options, verify.WithoutStatementPredicate())...)
	if err != nil {
		return err
	}
	_, err = verifier.Verify(s.bundle, verify.NewPolicy(s.artifact(), verify.WithKey()))
	return explain(err)
}

// boundTo notes a moment from which on the verdict may be another.
func (x *examination) boundTo(t time.Time) {
	if !t.IsZero() && (x.until.IsZero() || t.Before(x.until)) {
		x.until = t
	}
}
