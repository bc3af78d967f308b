package export

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
)

const (
	sigstoreAPI = "policy.sigstore.dev/v1beta1"
	rootsAPI    = "policy.sigstore.dev/v1alpha1"
	fulcio      = "https://fulcio.sigstore.dev"
	rekor       = "https://rekor.sigstore.dev"
	rootName    = "landwaiter-trusted-root"
)

// imagePolicy is the spec of a ClusterImagePolicy. All policies that cover an image have to be met, of one policy any
// authority.
type imagePolicy struct {
	Mode        string      `yaml:"mode"`
	Images      []glob      `yaml:"images"`
	Authorities []authority `yaml:"authorities"`
	Policy      *attested   `yaml:"policy,omitempty"`
}

type glob struct {
	Glob string `yaml:"glob"`
}

type authority struct {
	Name            string        `yaml:"name"`
	SignatureFormat string        `yaml:"signatureFormat,omitempty"`
	Static          *static       `yaml:"static,omitempty"`
	Key             *keyData      `yaml:"key,omitempty"`
	Keyless         *keyless      `yaml:"keyless,omitempty"`
	CTLog           *ctLog        `yaml:"ctlog,omitempty"`
	Timestamp       *rootRef      `yaml:"rfc3161timestamp,omitempty"`
	Attestations    []attestation `yaml:"attestations,omitempty"`
}

// static decides without asking for signatures.
type static struct {
	Action  string `yaml:"action"`
	Message string `yaml:"message"`
}

type keyData struct {
	Data string `yaml:"data"`
}

type keyless struct {
	URL          string      `yaml:"url,omitempty"`
	TrustRootRef string      `yaml:"trustRootRef,omitempty"`
	Identities   []certified `yaml:"identities"`
}

// ctLog without anything asks for no transparency log, as of keys the review does.
type ctLog struct {
	URL          string `yaml:"url,omitempty"`
	TrustRootRef string `yaml:"trustRootRef,omitempty"`
}

type rootRef struct {
	TrustRootRef string `yaml:"trustRootRef"`
}

type attestation struct {
	Name          string    `yaml:"name"`
	PredicateType string    `yaml:"predicateType"`
	Policy        *attested `yaml:"policy,omitempty"`
}

type attested struct {
	Type string `yaml:"type"`
	Data string `yaml:"data"`
}

// sigstore exports what proves images for Sigstore's policy-controller: each kind of proof of each entry as a policy.
func (e *exporter) sigstore() error {
	all := e.entries()
	if len(all) == 0 {
		return nil
	}
	root, err := e.addTrustRoot()
	if err != nil {
		return err
	}
	e.note("policy-controller enforces only in namespaces with the label policy.sigstore.dev/include=true, and by its configuration decides on images that no policy covers.")
	each(all, root, e.imagePolicy)
	return nil
}

// each has a policy made for every proof that an entry asks for.
func each(all []entry, root *trustRoot, policy func(x entry, kind string, root *trustRoot)) {
	for _, x := range all {
		for _, kind := range x.proofs() {
			policy(x, kind, root)
		}
	}
}

func (e *exporter) imagePolicy(x entry, kind string, root *trustRoot) {
	fails, on := e.level("image-"+kind, "What entry "+fmt.Sprint(x.at)+" of images.verify asks of "+kind)
	if !on {
		return
	}
	if s := x.demand.Signature; s != nil && s.Notation != nil {
		e.note("Signatures of the Notary Project (entry %d of images.verify) are not exported for policy-controller, which does not read them.", x.at)
		if kind == images.ProofSignature {
			return
		}
	}
	spec := imagePolicy{Mode: "enforce", Images: globs(x.matches)}
	if !fails {
		spec.Mode = "warn"
	}
	signers := e.authorities(x, root)
	if len(signers) == 0 {
		e.note("Entry %d of images.verify is exported as a refusal: none of its keys counts today.", x.at)
		spec.Authorities = []authority{{Name: "none", Static: &static{"fail", "none of the keys that the policy names counts"}}}
	}
	for _, signer := range signers {
		if kind == images.ProofSignature {
			spec.Authorities = append(spec.Authorities, signer)
			continue
		}
		for i, predicate := range predicates(kind) {
			by := signer
			by.Name = fmt.Sprintf("%s-%s-%d", signer.Name, kind, i+1)
			by.Attestations = []attestation{{Name: kind, PredicateType: predicate, Policy: regoOf(x.rego(predicate))}}
			spec.Authorities = append(spec.Authorities, by)
		}
	}
	if n := threshold(x); n > 1 && kind == images.ProofSignature {
		spec.Policy = regoOf(regoHead + "signed contains split(name, \".\")[0] if some name, _ in input.authorityMatches\nisCompliant if count(signed) >= " + fmt.Sprint(n) + "\n")
	}
	comment := []string{x.what(kind)}
	if kind == images.ProofProvenance {
		comment = append(comment, e.note("In the cluster provenance is not held against the certificate of its signer, and its source is read where GitHub Actions and most others write it; what is written elsewhere is refused."))
	}
	e.add(sigstoreAPI, "ClusterImagePolicy", fmt.Sprintf("landwaiter-%d-%s", x.at, kind), spec, comment...)
}

func threshold(x entry) int {
	if x.demand.Signature == nil {
		return 1
	}
	return max(x.demand.Signature.Threshold, 1)
}

func regoOf(text string) *attested {
	if text == "" {
		return nil
	}
	return &attested{"rego", text}
}

// globs write patterns as policy-controller has them, where a name ends in its tag or digest.
func globs(patterns []images.Pattern) []glob {
	var all []glob
	for _, p := range patterns {
		text := p.String()
		if rest, found := strings.CutPrefix(text, images.DockerHub+"/"); found {
			if !strings.Contains(rest, "/") && rest != "**" {
				rest = "library/" + rest
			}
			text = "index.docker.io/" + rest
		}
		if strings.HasSuffix(text, "*") {
			all = append(all, glob{text})
		} else {
			all = append(all, glob{text + ":**"}, glob{text + "@**"})
		}
	}
	return all
}

// authorities are who may sign, once for each of the two formats of signatures, which the review tells apart by itself.
func (e *exporter) authorities(x entry, root *trustRoot) []authority {
	var all []authority
	for _, format := range []string{"bundle", "legacy"} {
		if x.demand.Signature != nil && len(x.demand.Signature.Keys) > 0 {
			for i, k := range x.keys {
				all = append(all, authority{Name: fmt.Sprintf("key-%d.%s", i+1, format), SignatureFormat: format, Key: &keyData{string(k.PEM)}, CTLog: &ctLog{}})
			}
			continue
		}
		a := authority{Name: "identity." + format, SignatureFormat: format, Keyless: &keyless{URL: fulcio, Identities: []certified{e.certified(x)}}, CTLog: &ctLog{URL: rekor}}
		if root != nil {
			a.Keyless.TrustRootRef, a.CTLog = rootName, nil
			if len(root.TLogs) > 0 {
				a.CTLog = &ctLog{URL: rekor, TrustRootRef: rootName}
			}
			if len(root.Timestamps) > 0 {
				a.Timestamp = &rootRef{rootName}
			}
		}
		all = append(all, a)
	}
	return all
}
