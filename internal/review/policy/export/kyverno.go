package export

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
)

const kyvernoAPI = "policies.kyverno.io/v1"

// validatingPolicy is the spec of an ImageValidatingPolicy, which has taken the place of ClusterPolicy's verifyImages.
type validatingPolicy struct {
	FailurePolicy     string              `yaml:"failurePolicy"`
	ValidationActions []string            `yaml:"validationActions,flow"`
	Evaluation        map[string]enabled  `yaml:"evaluation"`
	Autogen           map[string]noneMade `yaml:"autogen"`
	MatchConstraints  resourceRules       `yaml:"matchConstraints"`
	Configurations    configurations      `yaml:"validationConfigurations"`
	References        []glob              `yaml:"matchImageReferences"`
	Attestors         []attestor          `yaml:"attestors"`
	Attestations      []typed             `yaml:"attestations,omitempty"`
	Variables         []named             `yaml:"variables"`
	Validations       []validation        `yaml:"validations"`
}

type enabled struct {
	Enabled bool `yaml:"enabled"`
}

// noneMade has no policies made for the controllers of pods: it is pods that run.
type noneMade struct {
	Controllers []string `yaml:"controllers,flow"`
}

// configurations switch off what is not asked for: images that no entry covers need no proof.
type configurations struct {
	MutateDigest bool `yaml:"mutateDigest"`
	VerifyDigest bool `yaml:"verifyDigest"`
	Required     bool `yaml:"required"`
}

type attestor struct {
	Name   string  `yaml:"name"`
	Cosign *cosign `yaml:"cosign,omitempty"`
	Notary *notary `yaml:"notary,omitempty"`
}

type cosign struct {
	Key     *keyData    `yaml:"key,omitempty"`
	Keyless *identified `yaml:"keyless,omitempty"`
	CTLog   kyvernoLog  `yaml:"ctlog"`
}

type identified struct {
	Identities []certified `yaml:"identities"`
	Roots      string      `yaml:"roots,omitempty"`
}

type kyvernoLog struct {
	URL                string `yaml:"url"`
	RekorPubKey        string `yaml:"rekorPubKey,omitempty"`
	CTLogPubKey        string `yaml:"ctLogPubKey,omitempty"`
	TSACertChain       string `yaml:"tsaCertChain,omitempty"`
	InsecureIgnoreTlog bool   `yaml:"insecureIgnoreTlog,omitempty"`
	InsecureIgnoreSCT  bool   `yaml:"insecureIgnoreSCT,omitempty"`
}

type notary struct {
	Certs value `yaml:"certs"`
}

type value struct {
	Value string `yaml:"value"`
}

type typed struct {
	Name   string `yaml:"name"`
	InToto inToto `yaml:"intoto"`
}

type inToto struct {
	Type string `yaml:"type"`
}

// kyverno exports what proves images for Kyverno: each kind of proof of each entry as a policy.
func (e *exporter) kyverno() error {
	all := e.entries()
	if len(all) == 0 {
		return nil
	}
	root, err := e.trustRoot()
	if err != nil {
		return err
	}
	if root != nil {
		e.note("Kyverno holds Sigstore bundles against the trust root of its own TUF settings: give it the one of images.trustedRoot there.")
	}
	e.note("Kyverno asks registries by tag where an image has no digest: without image-digest as an error a tag can move between proof and pull.")
	each(all, root, e.validatingPolicy)
	return nil
}

func (e *exporter) validatingPolicy(x entry, kind string, root *trustRoot) {
	fails, on := e.level("image-"+kind, "What entry "+fmt.Sprint(x.at)+" of images.verify asks of "+kind)
	if !on {
		return
	}
	spec := validatingPolicy{FailurePolicy: "Fail", ValidationActions: []string{"Warn", "Audit"},
		Evaluation: map[string]enabled{"background": {false}}, Autogen: map[string]noneMade{"podControllers": {[]string{}}},
		MatchConstraints: resourceRules{Rules: podResources()[:1]}, References: []glob{{"*"}}, Attestors: e.attestors(x, kind, root)}
	spec.MatchConstraints.Rules[0].Resources = []string{"pods", "pods/ephemeralcontainers"}
	if fails {
		spec.ValidationActions = []string{"Deny"}
	}
	if len(e.options.Except) > 0 {
		spec.MatchConstraints.NamespaceSelector = except(e.options.Except)
	}
	for i, predicate := range predicates(kind) {
		spec.Attestations = append(spec.Attestations, typed{fmt.Sprintf("%s%d", kind, i+1), inToto{predicate}})
	}
	var covers []string
	for _, m := range x.matches {
		covers = append(covers, "n.name.matches("+literal(m.Regexp())+")")
	}
	spec.Variables = append(variables(), named{"covered", "variables.names.filter(n, " + strings.Join(covers, " || ") + ").map(n, n.image)"})
	spec.Validations = []validation{unreadable, {Expression: e.proven(x, kind, spec.Attestors), Message: strings.TrimSuffix(x.what(kind), ".") + ", and this one is not"}}
	e.add(kyvernoAPI, "ImageValidatingPolicy", fmt.Sprintf("landwaiter-%d-%s", x.at, kind), spec, x.what(kind))
}

// attestors are who may sign.
func (e *exporter) attestors(x entry, kind string, root *trustRoot) []attestor {
	s := x.demand.Signature
	switch {
	case s != nil && s.Notation != nil && kind == images.ProofSignature:
		return e.notaries(x)
	case s != nil && len(s.Keys) > 0:
		all := []attestor{}
		for i, k := range x.keys {
			all = append(all, attestor{Name: fmt.Sprintf("key%d", i+1), Cosign: &cosign{Key: &keyData{string(k.PEM)}, CTLog: kyvernoLog{URL: rekor, InsecureIgnoreTlog: true, InsecureIgnoreSCT: true}}})
		}
		if len(all) == 0 {
			e.note("Entry %d of images.verify is exported as a refusal: none of its keys counts today.", x.at)
		}
		return all
	}
	made := &cosign{Keyless: &identified{Identities: []certified{e.certified(x)}}, CTLog: kyvernoLog{URL: rekor}}
	if root != nil {
		made.trust(root)
	}
	return []attestor{{Name: "signer", Cosign: made}}
}

// notaries are the authorities of the Notary Project; whom of those they vouch for is trusted Kyverno cannot be told.
func (e *exporter) notaries(x entry) []attestor {
	var all []attestor
	n := x.demand.Signature.Notation
	for i, c := range n.Certificates {
		all = append(all, attestor{Name: fmt.Sprintf("notary%d", i+1), Notary: &notary{value{string(c.PEM)}}})
	}
	for _, identity := range n.Identities {
		if identity != "*" {
			e.note("Kyverno trusts all whom the certificates of entry %d of images.verify vouch for, not only %s.", x.at, identity)
		}
	}
	return all
}

// trust has signatures held against a root of one's own.
func (c *cosign) trust(root *trustRoot) {
	for _, a := range root.Authorities {
		c.Keyless.Roots += string(a.CertChain)
	}
	c.CTLog.InsecureIgnoreTlog, c.CTLog.InsecureIgnoreSCT = len(root.TLogs) == 0, len(root.CTLogs) == 0
	for _, l := range root.TLogs[:min(len(root.TLogs), 1)] {
		c.CTLog.RekorPubKey, c.CTLog.URL = string(l.PublicKey), l.BaseURL
	}
	for _, l := range root.CTLogs[:min(len(root.CTLogs), 1)] {
		c.CTLog.CTLogPubKey = string(l.PublicKey)
	}
	for _, a := range root.Timestamps[:min(len(root.Timestamps), 1)] {
		c.CTLog.TSACertChain = string(a.CertChain)
	}
}

// proven is the expression that is true when all images that an entry covers are proven.
func (e *exporter) proven(x entry, kind string, by []attestor) string {
	if len(by) == 0 {
		return "variables.covered.size() == 0"
	}
	var names []string
	for _, a := range by {
		names = append(names, "attestors."+a.Name)
	}
	list := "[" + strings.Join(names, ", ") + "]"
	if kind == images.ProofSignature {
		return fmt.Sprintf("variables.covered.all(i, verifyImageSignatures(i, %s) >= %d)", list, threshold(x))
	}
	var ways []string
	for i, predicate := range predicates(kind) {
		at := fmt.Sprintf("attestations.%s%d", kind, i+1)
		way := append([]string{"verifyAttestationSignatures(i, " + at + ", " + list + ") > 0"}, e.says(x, predicate, "extractPayload(i, "+at+").predicate")...)
		ways = append(ways, strings.Join(way, "\n    && "))
	}
	return "variables.covered.all(i,\n  " + strings.Join(ways, "\n  || ") + "\n)"
}

// says is what the predicate of an attestation has to say.
func (e *exporter) says(x entry, predicateType, at string) []string {
	switch predicateType {
	case slsa1:
		o, workflow := x.origin(), at+".buildDefinition.externalParameters.workflow"
		return x.builtBy(at+".runDetails.builder.id", at+".buildDefinition.buildType", "(has("+workflow+")\n      ? "+
			workflow+".repository.matches("+literal(o.repository)+") && "+workflow+".ref.matches("+literal(o.ref)+")\n      : "+
			at+".buildDefinition.resolvedDependencies[0].uri.matches("+literal(o.address)+"))")
	case slsa02:
		return x.builtBy(at+".builder.id", at+".buildType", at+".invocation.configSource.uri.matches("+literal(x.origin().address)+")")
	case spdx:
		return []string{at + ".packages.size() > 0"}
	case cycloneDX:
		return []string{at + ".components.size() > 0"}
	}
	if x.demand.Scan.MaxAge > 0 {
		e.note("Kyverno is not told how old a scan may be (scan.maxAge of entry %d of images.verify).", x.at)
	}
	if x.demand.Scan.FailOn == "" {
		return nil
	}
	refused := " in ['" + strings.Join(sinks(x.demand.Scan.FailOn), "', '") + "'])"
	result := at + ".scanner.result"
	return []string{"(has(" + result + ".Results)\n      ? " + result + ".Results.all(r, !has(r.Vulnerabilities) || r.Vulnerabilities.all(v, !(v.Severity.lowerAscii()" + refused + "))\n      : " +
		result + ".matches.all(m, !(m.vulnerability.severity.lowerAscii()" + refused + "))"}
}

// builtBy holds provenance against what the entry asks for.
func (x entry) builtBy(builder, buildType, source string) []string {
	p := x.demand.Provenance
	var all []string
	if p.Builder.String() != "" {
		all = append(all, builder+".matches("+literal(p.Builder.Regexp())+")")
	}
	if p.BuildType.String() != "" {
		all = append(all, buildType+".matches("+literal(p.BuildType.Regexp())+")")
	}
	if p.Source.String() != "" || p.Ref.String() != "" {
		all = append(all, source)
	}
	return all
}
