package images

import "time"

// Verdict is what was found out about an image, or about one kind of proof of it.
type Verdict string

// The verdicts. Only Indeterminate says nothing about the image: the registry could not be asked.
const (
	NotAsked      Verdict = ""              // the policy asks for nothing
	Verified      Verdict = "verified"      // all that the policy asks for is there and holds
	Unsigned      Verdict = "unsigned"      // nothing of what the policy asks for is there
	Untrusted     Verdict = "untrusted"     // something is there and does not meet the policy
	Indeterminate Verdict = "indeterminate" // it could not be asked
)

// Demand is what a policy asks of the images that a pattern covers.
type Demand struct {
	Match      Pattern
	Signature  *SignatureDemand
	Provenance *ProvenanceDemand
	SBOM       bool
	Scan       *ScanDemand
	Index      IndexDemand
}

// SignatureDemand says who has to have signed: the holders of keys, or an identity that an issuer vouches for.
type SignatureDemand struct {
	Keys      []Key
	Threshold int // how many of the keys; 0 is 1
	Issuer    Pattern
	Subject   Pattern
	Notation  *NotationDemand
}

// Key is a public key in PEM, with the time in which it counts; zero times do not bound it.
type Key struct {
	File          string // as the policy names it
	PEM           []byte
	After, Before time.Time
}

// NotationDemand trusts the signers of Notary Project signatures (notation).
type NotationDemand struct {
	Certificates []Key    // authorities
	Identities   []string // "x509.subject: C=…"; "*" for all that the authorities vouch for
}

// ProvenanceDemand is what SLSA provenance has to say. Zero patterns are not asked for.
type ProvenanceDemand struct {
	Builder, Source, Ref, BuildType Pattern
}

// ScanDemand is what an attested scan for vulnerabilities has to be.
type ScanDemand struct {
	MaxAge time.Duration // 0: of any age
	FailOn string        // low, medium, high, critical; "": no severity is refused
}

// IndexDemand says which manifests of an image of several platforms have to be proven.
type IndexDemand string

// Which manifests are proven.
const (
	IndexOnly   IndexDemand = ""    // what the reference names
	AllChildren IndexDemand = "all" // for each kind of proof that, or each of its platforms
)

// Question is an image that registries are asked about.
type Question struct {
	Reference Reference
	Demand    *Demand  // nil when the policy asks for no proof
	Platforms []string // that it has to exist for
}

// Evidence is the answer.
type Evidence struct {
	Digest    string // what the reference names now; "" when that was not found out
	Verdict   Verdict
	Reason    string            // one line a person can act on; "" when there is nothing to say
	Missing   bool              // the registry answered and does not have it
	Unasked   bool              // the registry could not be asked whether it has it, be anything to be proven or not
	Platforms []string          // those that are missing
	TagDigest string            // of a reference with tag and digest: what the tag names now
	Proofs    map[string]Proof  // by kind: signature, provenance, sbom, scan; those that were asked for
	Facts     map[string]string // what is worth a table: signer, builder, source, scanned
}

// The kinds of proofs.
const (
	ProofSignature  = "signature"
	ProofProvenance = "provenance"
	ProofSBOM       = "sbom"
	ProofScan       = "scan"
)

// Proof is what was found out about one kind of proof.
type Proof struct {
	Verdict Verdict
	Reason  string
	Detail  string // who signed, what built it, when it was scanned
}
