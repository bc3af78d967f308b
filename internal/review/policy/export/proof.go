package export

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
)

// entry is an entry of images.verify, prepared for both controllers.
type entry struct {
	at      int // from 1
	demand  *images.Demand
	matches []images.Pattern // of the names of images; the copies that mirrors hold too
	keys    []images.Key     // those that count today
}

// entries prepares images.verify, and notes what both controllers do otherwise.
func (e *exporter) entries() []entry {
	var all []entry
	for i := range e.proof.Demands {
		d := &e.proof.Demands[i]
		x := entry{at: i + 1, demand: d, matches: append([]images.Pattern{d.Match}, e.copies(d.Match)...)}
		if d.Signature != nil {
			x.keys = e.counting(d.Signature.Keys)
		}
		all = append(all, x)
	}
	if len(all) == 0 {
		e.note("There are no proofs to export: the policy has no images.verify.")
	}
	if len(all) > 1 {
		e.note("An image that several entries of images.verify cover has to meet all of them in the cluster; in a review the first counts.")
	}
	return all
}

// counting are the keys that count today. Neither controller knows days, nor when something was signed.
func (e *exporter) counting(keys []images.Key) []images.Key {
	var now []images.Key
	for _, k := range keys {
		switch today := e.options.Today; {
		case !k.After.IsZero() && today.Before(k.After), !k.Before.IsZero() && today.After(k.Before):
			e.note("The key %s is not exported: it does not count today, and the cluster does not know days.", k.File)
		default:
			if !k.After.IsZero() || !k.Before.IsZero() {
				e.note("The days of the key %s are not exported: export again when they change.", k.File)
			}
			now = append(now, k)
		}
	}
	return now
}

// copies are the patterns of what mirrors hold of the repositories that a pattern covers.
func (e *exporter) copies(p images.Pattern) []images.Pattern {
	var found []images.Pattern
	for _, m := range e.proof.Mirrors {
		rest, below := strings.CutPrefix(p.String(), m.To+"/")
		switch {
		case p.String() == m.To:
			rest = ""
		case !below:
			if !strings.HasPrefix(p.String(), "**") {
				e.note("Copies in %s of what %s covers are not covered in the cluster, unless an entry of images.verify names them.", m.From, p)
			}
			continue
		}
		made, err := images.ParsePattern(strings.TrimSuffix(m.From+"/"+rest, "/"))
		if err == nil {
			found = append(found, made)
		}
	}
	return found
}

// proofs are the kinds of proof that a demand asks for, each with its rule.
func (x entry) proofs() []string {
	var kinds []string
	if x.demand.Signature != nil {
		kinds = append(kinds, images.ProofSignature)
	}
	if x.demand.Provenance != nil {
		kinds = append(kinds, images.ProofProvenance)
	}
	if x.demand.SBOM {
		kinds = append(kinds, images.ProofSBOM)
	}
	if x.demand.Scan != nil {
		kinds = append(kinds, images.ProofScan)
	}
	return kinds
}

// certified is whom a certificate has to name, in the form that both controllers have.
type certified struct {
	Issuer        string `yaml:"issuer,omitempty"`
	IssuerRegExp  string `yaml:"issuerRegExp,omitempty"`
	Subject       string `yaml:"subject,omitempty"`
	SubjectRegExp string `yaml:"subjectRegExp,omitempty"`
}

// certified returns who may sign: whom the signature names, for attestations else the builder, else anybody.
func (e *exporter) certified(x entry) certified {
	var who certified
	issuer, subject := images.Pattern{}, images.Pattern{}
	if s := x.demand.Signature; s != nil {
		issuer, subject = s.Issuer, s.Subject
	} else if p := x.demand.Provenance; p != nil {
		subject = p.Builder
	}
	if issuer.String() == "" && subject.String() == "" {
		e.note("Entry %d of images.verify names neither signer nor builder: in the cluster anybody whom the trust root vouches for may have signed its attestations.", x.at)
	}
	who.Issuer, who.IssuerRegExp = exactOr(issuer)
	who.Subject, who.SubjectRegExp = exactOr(subject)
	return who
}

// exactOr returns a pattern as text, or else as a regular expression.
func exactOr(p images.Pattern) (exact, expression string) {
	switch text := p.String(); {
	case text == "":
		return "", "^.+$"
	case strings.Contains(text, "*"):
		return "", p.Regexp()
	default:
		return text, ""
	}
}

// The predicate types that are asked for.
const (
	slsa1     = "https://slsa.dev/provenance/v1"
	slsa02    = "https://slsa.dev/provenance/v0.2"
	spdx      = "https://spdx.dev/Document"
	cycloneDX = "https://cyclonedx.org/bom"
	vuln      = "https://cosign.sigstore.dev/attestation/vuln/v1"
)

// predicates are the types of which one has to be there.
func predicates(kind string) []string {
	switch kind {
	case images.ProofProvenance:
		return []string{slsa1, slsa02}
	case images.ProofSBOM:
		return []string{spdx, cycloneDX}
	case images.ProofScan:
		return []string{vuln}
	}
	return nil
}

// what says what an entry asks for, for comments and messages.
func (x entry) what(kind string) string {
	names := make([]string, len(x.matches))
	for i, m := range x.matches {
		names[i] = m.String()
	}
	return fmt.Sprintf("Images of %s are proven by %s (images.verify, entry %d).", strings.Join(names, " and "),
		map[string]string{images.ProofSignature: "a signature", images.ProofProvenance: "their provenance", images.ProofSBOM: "a bill of materials", images.ProofScan: "a scan for vulnerabilities"}[kind], x.at)
}

// origin are the regular expressions of where an image has to be built from: of a repository and a ref that stand apart,
// and of an address with both.
type origin struct{ repository, ref, address string }

func (x entry) origin() origin {
	p := x.demand.Provenance
	o := origin{sourceExpression(p.Source, images.Pattern{}), "^.*$", sourceExpression(p.Source, p.Ref)}
	if p.Ref.String() != "" {
		o.ref = p.Ref.Regexp()
	}
	return o
}

// sourceExpression matches the addresses of the repositories that a pattern covers, however they are written, and a ref
// behind them where ref is not "".
func sourceExpression(source images.Pattern, ref images.Pattern) string {
	text := strings.TrimSuffix(strings.ToLower(strings.TrimPrefix(source.String(), "git+")), ".git")
	if _, rest, found := strings.Cut(text, "://"); found {
		text = rest
	}
	body, end := "[^@#]+", `(?:\.git)?/?`
	if p, err := images.ParseNamePattern(text); err == nil && source.String() != "" {
		body = inner(p)
	}
	if ref.String() != "" {
		end += "(?:@|#)" + inner(ref) + "(?::.*)?"
	} else {
		end += "(?:[@#].*)?"
	}
	return "^(?i:(?:git\\+)?(?:https://)?" + body + ")" + end + "$"
}

// inner is a pattern's regular expression without its anchors.
func inner(p images.Pattern) string {
	return strings.TrimSuffix(strings.TrimPrefix(p.Regexp(), "^"), "$")
}

// sinks are the severities that a scan may not have found.
func sinks(limit string) []string {
	all := []string{"low", "medium", "moderate", "high", "important", "critical"}
	from := map[string]int{"low": 0, "medium": 1, "high": 3, "critical": 5}
	return all[from[limit]:]
}
