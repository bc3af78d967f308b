package evidence

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
)

// The predicate types of SLSA provenance 0.2 and 1.
const (
	slsa02 = "https://slsa.dev/provenance/v0.2"
	slsa1  = "https://slsa.dev/provenance/v1"
)

// origin is what provenance says of a build, whatever its version.
type origin struct {
	builder, buildType string
	source, ref        string // "github.com/acme/web", "refs/heads/main"; "" when it is not said
}

// provenance holds SLSA provenance against the demand, and against what the certificate of its signer says: that one the
// authority vouches for, while the statement is only as good as its signer.
func (x *examination) provenance(p *proof, s *statement, who *signer) error {
	made, err := readOrigin(s)
	if err != nil {
		return err
	}
	if err := crossCheck(made, who); err != nil {
		return err
	}
	if err := x.vouched(who); err != nil {
		return err
	}
	if c := who.certificate; c != nil {
		made.source, made.ref = cmp.Or(made.source, foldSource(c.SourceRepositoryURI)), cmp.Or(made.ref, c.SourceRepositoryRef)
	}
	d := x.demand.Provenance
	for _, check := range []struct {
		what, is string
		want     images.Pattern
	}{
		{"it was built by", made.builder, d.Builder},
		{"it was built from", made.source, sourcePattern(d.Source)},
		{"it was built from", made.ref, d.Ref},
		{"it was built by a build of the type", made.buildType, d.BuildType},
	} {
		switch {
		case !isAsked(check.want) || check.want.Match(check.is):
		case check.is == "":
			return fmt.Errorf("it does not say what the policy asks for: %s", check.want)
		default:
			return fmt.Errorf("%s %s, and the policy asks for %s", check.what, oneLine(check.is), check.want)
		}
	}
	x.facts["source"] = strings.TrimSuffix(made.source+"@"+made.ref, "@")
	p.prove(made.builder)
	return nil
}

// vouched holds the signer of an attestation against the demand where that names no signer: then the certificate itself has
// to be of the builder, or of a build of the source, that the demand names. With neither anybody will do.
func (x *examination) vouched(who *signer) error {
	d := x.demand.Provenance
	if x.hasSigner() || d == nil || who.certificate == nil {
		return nil
	}
	c := who.certificate
	switch {
	case isAsked(d.Builder) && !d.Builder.Match(c.SubjectAlternativeName) && !d.Builder.Match(c.BuildSignerURI):
		return fmt.Errorf("it is by %s, and the policy asks for what %s built", c.SubjectAlternativeName, d.Builder)
	case isAsked(d.Source) && !isAsked(d.Builder) && !sourcePattern(d.Source).Match(foldSource(c.SourceRepositoryURI)):
		return fmt.Errorf("it is by %s, whose certificate does not say that it builds %s", c.SubjectAlternativeName, d.Source)
	}
	return nil
}

// hasSigner reports whether the demand names who has to have signed attestations.
func (x *examination) hasSigner() bool {
	s := x.demand.Signature
	return s != nil && (len(s.Keys) > 0 || isAsked(s.Issuer))
}

// crossCheck refuses provenance that says something else than the certificate it is signed by.
func crossCheck(made origin, who *signer) error {
	if who.certificate == nil {
		return nil
	}
	source, ref := foldSource(who.certificate.SourceRepositoryURI), who.certificate.SourceRepositoryRef
	switch {
	case source != "" && made.source != "" && source != made.source:
		return fmt.Errorf("it says to be built from %s, and its certificate is of a build of %s", oneLine(made.source), source)
	case ref != "" && made.ref != "" && ref != made.ref:
		return fmt.Errorf("it says to be built from %s, and its certificate is of a build of %s", oneLine(made.ref), ref)
	}
	return nil
}

func readOrigin(s *statement) (origin, error) {
	if s.PredicateType == slsa02 {
		return readOrigin02(s.Predicate)
	}
	return readOrigin1(s.Predicate)
}

// readOrigin02 reads SLSA provenance 0.2.
func readOrigin02(predicate []byte) (origin, error) {
	var p struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
		BuildType  string `json:"buildType"`
		Invocation struct {
			ConfigSource struct {
				URI string `json:"uri"`
			} `json:"configSource"`
		} `json:"invocation"`
		Materials []struct {
			URI string `json:"uri"`
		} `json:"materials"`
	}
	if err := json.Unmarshal(predicate, &p); err != nil {
		return origin{}, errors.New("it is no SLSA provenance 0.2 that can be read")
	}
	o := origin{builder: p.Builder.ID, buildType: p.BuildType}
	uris := []string{p.Invocation.ConfigSource.URI}
	for _, m := range p.Materials {
		uris = append(uris, m.URI)
	}
	o.from(uris)
	return o, nil
}

// readOrigin1 reads SLSA provenance 1. Where the source stands depends on the type of the build; what is read is GitHub
// Actions' workflow, the configSource of BuildKit, Google Cloud Build's, and otherwise the first repository among the
// resolved dependencies.
func readOrigin1(predicate []byte) (origin, error) {
	type place struct {
		URI        string `json:"uri"`
		Repository string `json:"repository"`
		Ref        string `json:"ref"`
	}
	var p struct {
		BuildDefinition struct {
			BuildType  string                     `json:"buildType"`
			Parameters map[string]json.RawMessage `json:"externalParameters"`
			Resolved   []struct {
				URI string `json:"uri"`
			} `json:"resolvedDependencies"`
		} `json:"buildDefinition"`
		RunDetails struct {
			Builder struct {
				ID string `json:"id"`
			} `json:"builder"`
		} `json:"runDetails"`
	}
	if err := json.Unmarshal(predicate, &p); err != nil {
		return origin{}, errors.New("it is no SLSA provenance 1 that can be read")
	}
	o := origin{builder: p.RunDetails.Builder.ID, buildType: p.BuildDefinition.BuildType}
	for _, name := range []string{"workflow", "sourceToBuild", "buildConfigSource", "configSource", "source"} {
		var at place
		var plain string
		parameter := p.BuildDefinition.Parameters[name]
		if json.Unmarshal(parameter, &at) != nil && json.Unmarshal(parameter, &plain) != nil {
			continue
		}
		if uri := at.Repository + at.URI + plain; uri != "" {
			o.source, o.ref = splitSource(uri)
			if at.Ref != "" {
				o.ref = at.Ref
			}
			return o, nil
		}
	}
	var uris []string
	for _, d := range p.BuildDefinition.Resolved {
		uris = append(uris, d.URI)
	}
	o.from(uris)
	return o, nil
}

// from takes the source from the first address of a Git repository.
func (o *origin) from(uris []string) {
	for i, uri := range uris {
		if i == 0 && uri != "" && !strings.HasPrefix(uri, "pkg:") || strings.HasPrefix(uri, "git+") {
			o.source, o.ref = splitSource(uri)
			return
		}
	}
}

// splitSource reads the address of a repository, with the ref behind an "@" (SPDX download location) or, as BuildKit has it,
// behind a "#".
func splitSource(uri string) (source, ref string) {
	uri, ref, _ = strings.Cut(uri, "#")
	ref, _, _ = strings.Cut(ref, ":") // a directory
	path := strings.Index(uri, "/")
	if scheme := strings.Index(uri, "://"); scheme >= 0 {
		path = scheme + 3 + strings.Index(uri[scheme+3:], "/")
	}
	if at := strings.Index(uri[max(path, 0):], "@"); path >= 0 && at >= 0 {
		uri, ref = uri[:path+at], uri[path+at+1:]
	}
	if !strings.HasPrefix(ref, "refs/") {
		ref = "" // a commit
	}
	return foldSource(uri), ref
}

// foldSource makes one of the spellings of a repository's address: "github.com/acme/web" of
// "git+https://github.com/Acme/web.git". An address with dotted or empty segments is none.
func foldSource(uri string) string {
	uri = strings.ToLower(uri)
	for folded := ""; ; uri = folded {
		if folded = foldOnce(uri); folded == uri {
			break
		}
	}
	for _, segment := range strings.Split(uri, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return ""
		}
	}
	return uri
}

func foldOnce(uri string) string {
	uri = strings.TrimPrefix(uri, "git+")
	if _, rest, found := strings.Cut(uri, "://"); found {
		host, path, _ := strings.Cut(rest, "/")
		uri = host[strings.LastIndexByte(host, '@')+1:] + "/" + path
	} else if user, rest, found := strings.Cut(uri, "@"); found && !strings.ContainsAny(user, "/:") {
		uri = strings.Replace(rest, ":", "/", 1) // git@github.com:acme/web
	}
	return strings.TrimSuffix(strings.TrimRight(uri, "/"), ".git")
}

// sourcePattern folds a pattern as addresses are.
func sourcePattern(p images.Pattern) images.Pattern {
	if !isAsked(p) {
		return p
	}
	folded, err := images.ParseNamePattern(foldSource(p.String()))
	if err != nil {
		return p
	}
	return folded
}
