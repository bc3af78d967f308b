package evidence

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// subject is an image by digest, and what is asked of it.
type subject struct {
	ref       images.Reference
	demand    *images.Demand
	platforms []string
	mediaType string // as the registry said; "" when it was not asked
}

// examination collects what proves one manifest.
type examination struct {
	*Prover
	subject
	signers
	names    []string // that a signature may be for: the image's and those it is a copy of
	now      time.Time
	until    time.Time // from when on the verdict may be another; zero for never
	proofs   map[string]*proof
	order    []string
	faults   []error // of the registry: what could not be asked
	junk     []string
	facts    map[string]string
	blobs    map[string][]byte
	withheld string // why GitHub was not asked for what it keeps; "" when it was
	budget   int    // manifests and blobs that are still read
	bytes    int64  // and how much of them
	before   int    // manifests and blobs that were read for other platforms of the same image
}

// What is read for one manifest: more than signers leave, and less than what a flood of junk costs.
const (
	maxRead  = 700
	maxBytes = 64 << 20

	floodRead  = 100 // from here on it is the flood that takes a registry's patience, or our time
	floodBytes = 16 << 20
)

// examine answers for a digest: its platforms, and what proves it. until is when the answer may be another; zero for never.
func (r *run) examine(ctx context.Context, s subject) (answer images.Evidence, until time.Time) {
	answer = images.Evidence{Digest: s.ref.Digest}
	shape := &shape{client: r.config.Registry, subject: s}
	if err := shape.require(ctx); err != nil {
		return inability(s, err), until
	}
	answer.Platforms, answer.Reason = shape.missing, shape.note
	if s.demand == nil {
		return answer, until
	}
	signers, err := r.signersOf(s.demand)
	if err != nil {
		answer.Verdict, answer.Reason = images.Untrusted, err.Error()
		return answer, until
	}
	x := r.begin(s, signers)
	x.run(ctx)
	if s.demand.Index == images.AllChildren {
		r.examineChildren(ctx, shape, x)
	}
	x.conclude(&answer)
	if x.lacksAttestations() && shape.buildKit(ctx) {
		answer.Reason += "; BuildKit's attestations are there, and nobody signed them, so that they prove nothing"
	}
	return answer, x.until
}

func (r *run) begin(s subject, by signers) *examination {
	x := &examination{Prover: r.Prover, subject: s, signers: by, now: r.config.Now(), names: []string{s.ref.Name()},
		proofs: map[string]*proof{}, facts: map[string]string{}, blobs: map[string][]byte{}, budget: maxRead, bytes: maxBytes}
	if origin, ok := r.config.Mirrors.Origin(s.ref); ok {
		x.names = append(x.names, origin.Name())
	}
	d := s.demand
	x.want(images.ProofSignature, d.Signature != nil)
	x.want(images.ProofProvenance, d.Provenance != nil)
	x.want(images.ProofSBOM, d.SBOM)
	x.want(images.ProofScan, d.Scan != nil)
	return x
}

func (x *examination) want(kind string, wanted bool) {
	if wanted {
		x.proofs[kind] = &proof{kind: kind}
		x.order = append(x.order, kind)
	}
}

// signers are those that the policy names, but for identities.
type signers struct {
	keys   []*key
	notary *notary // nil when the policy asks for no signature of the Notary Project
}

// signersOf reads them once for a demand, whatever the number of its images.
func (r *run) signersOf(demand *images.Demand) (signers, error) {
	r.mu.Lock()
	read := r.read[demand]
	if read == nil {
		read = sync.OnceValues(func() (signers, error) { return readSigners(demand.Signature) })
		r.read[demand] = read
	}
	r.mu.Unlock()
	return read()
}

func readSigners(demand *images.SignatureDemand) (by signers, err error) {
	if demand == nil {
		return by, nil
	}
	for _, k := range demand.Keys {
		made, err := newKey(k)
		if err != nil {
			return by, err
		}
		by.keys = append(by.keys, made)
	}
	if demand.Notation != nil {
		by.notary, err = newNotary(demand.Notation)
	}
	return by, err
}

// run looks where seals are kept, the likeliest place first, until everything is proven.
func (x *examination) run(ctx context.Context) {
	places := []images.Reference{x.ref}
	if origin, ok := x.config.Mirrors.Origin(x.ref); ok {
		places = append(places, origin)
	}
	for i, at := range places {
		l := &location{examination: x, ref: at, origin: i > 0}
		for _, look := range []func(context.Context){l.referrers, l.signatureTag, l.attestationTag} {
			if x.done() {
				return
			}
			look(ctx)
		}
	}
	if !x.done() {
		x.askGitHub(ctx)
	}
}

// done reports whether nothing more has to be looked for. Of scans the newest counts, so all are looked at.
func (x *examination) done() bool {
	for _, p := range x.proofs {
		if p.kind == images.ProofScan || !x.holds(p) {
			return false
		}
	}
	return true
}

// lacks reports whether one of the kinds is asked for and not proven so far.
func (x *examination) lacks(kinds ...string) bool {
	for _, kind := range kinds {
		if p := x.proofs[kind]; p != nil && (kind == images.ProofScan || !x.holds(p)) {
			return true
		}
	}
	return false
}

func (x *examination) lacksAttestations() bool {
	for _, kind := range []string{images.ProofProvenance, images.ProofSBOM} {
		if p := x.proofs[kind]; p != nil && !x.holds(p) && len(x.faults) == 0 {
			return true
		}
	}
	return false
}

// consider holds a seal against what is asked for.
func (x *examination) consider(s *seal) {
	kind := s.kind()
	if s.err != nil && s.statement == nil && s.payload == nil {
		x.junk = append(x.junk, s.err.Error()) // it could be meant for anything
		return
	}
	p := x.proofs[kind]
	if p == nil {
		x.facts["other"] = kind
		return
	}
	if kind != images.ProofScan && x.holds(p) {
		return
	}
	if kind == images.ProofSignature && x.notary != nil {
		p.refuse(errors.New("it is a signature of cosign's, and the policy asks for one of the Notary Project (notation)"))
		return
	}
	who, err := x.signed(s)
	if err != nil {
		p.refuse(err)
		return
	}
	x.judge(p, s, who)
}

// judge holds what a seal says against the demand, once it is known whose it is.
func (x *examination) judge(p *proof, s *seal, who *signer) {
	var err error
	switch p.kind {
	case images.ProofSignature:
		p.signedBy(who)
	case images.ProofProvenance:
		err = x.provenance(p, s.statement, who)
	case images.ProofSBOM:
		err = x.bill(p, s.statement, who)
	case images.ProofScan:
		err = x.scan(p, s.statement, who)
	}
	if err != nil {
		p.refuse(err)
	}
}

// inability is the answer when an image could not be asked about, or is something that cannot be read.
func inability(s subject, err error) images.Evidence {
	answer := images.Evidence{Digest: s.ref.Digest, Reason: oneLine(err.Error()), Unasked: !wrongContent(err)}
	switch {
	case s.demand == nil && len(s.platforms) == 0:
	case wrongContent(err):
		answer.Verdict = images.Untrusted
	default:
		answer.Verdict = images.Indeterminate
	}
	return answer
}

// wrongContent reports whether an error is about what somebody pushed, and not about the registry.
func wrongContent(err error) bool {
	var unavailable *registry.UnavailableError
	return errors.As(err, &unavailable) && unavailable.Content
}

// trouble notes that something could not be read: a fault of the registry, or junk that somebody pushed. A registry that gives
// up under a flood of junk is not at fault: else whoever can push could bring that about.
func (x *examination) trouble(err error) {
	switch n := x.read(); {
	case wrongContent(err):
		x.junk = append(x.junk, err.Error())
	case n > floodRead, maxBytes-x.bytes > floodBytes:
		x.junk = append([]string{fmt.Sprintf("more is attached to it than can be read: after %d manifests and blobs, %v", n, err)}, x.junk...)
	default:
		x.faults = append(x.faults, err)
	}
}

// read is how many manifests and blobs were read for the image.
func (x *examination) read() int { return x.before + maxRead - x.budget }

// spend takes from the budget of what is read, and reports whether there was any left.
func (x *examination) spend(bytes int64) bool {
	if x.bytes -= bytes; x.bytes < 0 {
		x.budget = 0
	}
	x.budget--
	return x.budget >= 0
}

// sentence begins with a capital letter nowhere: reasons stand behind the image's name.
func sentence(parts []string) string { return strings.Join(parts, "; ") }
