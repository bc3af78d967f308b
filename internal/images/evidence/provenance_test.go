package evidence_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	. "github.com/landwaiter/landwaiter/internal/images/imagestest"
)

const (
	generator = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0"
	workflow1 = "https://actions.github.io/buildtypes/workflow/v1"
	mainRef   = "refs/heads/main"
)

type object = map[string]any

// slsa1 is SLSA provenance 1 of a workflow at GitHub.
func slsa1(builder, repository, ref string) object {
	return object{"buildDefinition": object{"buildType": workflow1, "externalParameters": object{"workflow": object{"repository": repository, "ref": ref, "path": ".github/workflows/release.yaml"}}},
		"runDetails": object{"builder": object{"id": builder}}}
}

// slsa02 is SLSA provenance 0.2.
func slsa02(builder, uri string) object {
	return object{"builder": object{"id": builder}, "buildType": "https://example.com/type", "invocation": object{"configSource": object{"uri": uri}}}
}

// attestation is what somebody attested about the lab's image, and who.
type attestation struct {
	who       Identity // zero for the lab's key
	kind      string
	predicate any
}

func (l *lab) attest(a attestation) {
	statement := Statement(l, l.image.Digest, a.kind, a.predicate)
	if a.who.Subject == "" {
		l.Attach(l, l.image, a.kind, l.key.Bundle(l, nil, statement, Sealing{}))
		return
	}
	l.Attach(l, l.image, a.kind, l.authority.Bundle(l, a.who, statement, Sealing{}))
}

// TestProvenance holds what provenance has to say, and what the certificate of its signer does.
func TestProvenance(t *testing.T) {
	t.Parallel()
	self := "https://github.com/acme/web/.github/workflows/release.yaml@refs/heads/main"
	reusable := release
	reusable.Subject = generator
	fork := Workflow("evil/web", ".github/workflows/release.yaml", mainRef)
	pull := Workflow("acme/web", ".github/workflows/release.yaml", "refs/pull/12/merge")
	asks := func(builder, source, ref string) images.ProvenanceDemand {
		var d images.ProvenanceDemand
		for text, into := range map[string]*images.Pattern{builder: &d.Builder, source: &d.Source, ref: &d.Ref} {
			if text != "" {
				*into = pattern(t, text)
			}
		}
		return d
	}
	usual := asks(self, "github.com/acme/*", mainRef)
	typed := usual
	typed.BuildType = pattern(t, workflow1)
	otherType := usual
	otherType.BuildType = pattern(t, "https://example.com/**")
	for _, c := range []struct {
		name   string
		attest attestation
		demand images.ProvenanceDemand
		signer *images.SignatureDemand
		want   want
	}{
		{"SLSA 1", attestation{release, SLSA1, slsa1(self, "https://github.com/acme/web", mainRef)}, usual, nil, verified},
		{"of a type", attestation{release, SLSA1, slsa1(self, "https://github.com/acme/web", mainRef)}, typed, nil, verified},
		{"of another type", attestation{release, SLSA1, slsa1(self, "https://github.com/acme/web", mainRef)}, otherType, nil, want{images.Untrusted, "of the type " + workflow1}},
		{"SLSA 0.2", attestation{release, SLSA02, slsa02(self, "git+https://github.com/acme/web@refs/heads/main")}, usual, nil, verified},
		{"SLSA 0.2, materials", attestation{release, SLSA02, object{"builder": object{"id": self}, "materials": []object{{"uri": "pkg:docker/x"}, {"uri": "git+https://github.com/acme/web@refs/heads/main"}}}}, usual, nil, verified},
		{"SLSA 1, dependencies", attestation{release, SLSA1, object{"buildDefinition": object{"resolvedDependencies": []object{{"uri": "pkg:docker/x"}, {"uri": "git+https://github.com/acme/web@refs/heads/main"}}}, "runDetails": object{"builder": object{"id": self}}}}, usual, nil, verified},
		{"BuildKit's form", attestation{release, SLSA1, object{"buildDefinition": object{"externalParameters": object{"configSource": object{"uri": "https://github.com/acme/web.git#refs/heads/main:sub"}}}, "runDetails": object{"builder": object{"id": self}}}}, usual, nil, verified},
		{"source only in the certificate", attestation{release, SLSA1, object{"runDetails": object{"builder": object{"id": self}}}}, usual, nil, verified},
		{"case and .git", attestation{release, SLSA1, slsa1(self, "https://github.com/Acme/Web.git", mainRef)}, usual, nil, verified},
		{"pattern with scheme and case", attestation{release, SLSA1, slsa1(self, "https://github.com/acme/web", mainRef)}, asks("", "https://github.com/ACME/web.git", ""), nil, verified},
		{"reusable workflow", attestation{reusable, SLSA1, slsa1(generator, "https://github.com/acme/web", mainRef)}, asks(generator, "github.com/acme/*", ""), nil, verified},
		{"reusable workflow, any tag", attestation{reusable, SLSA1, slsa1(generator, "https://github.com/acme/web", mainRef)}, asks("https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/*", "", ""), nil, verified},
		{"builder without its ref", attestation{reusable, SLSA1, slsa1(generator, "https://github.com/acme/web", mainRef)}, asks("https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml", "", ""), nil,
			want{images.Untrusted, "@refs/tags/v2.1.0, and the policy asks for"}},
		{"fork of the same name", attestation{fork, SLSA1, slsa1(self, "https://github.com/evil/web", mainRef)}, asks("", "github.com/acme/*", ""), nil, want{images.Untrusted, "github.com/evil/web"}},
		{"fork that says otherwise", attestation{fork, SLSA1, slsa1(self, "https://github.com/acme/web", mainRef)}, usual, nil, want{images.Untrusted, "its certificate is of a build of github.com/evil/web"}},
		{"fork that says nothing", attestation{fork, SLSA1, object{"runDetails": object{"builder": object{"id": self}}}}, usual, nil, want{images.Untrusted, "github.com/evil/web"}},
		{"builder that it is not", attestation{fork, SLSA1, slsa1(self, "https://github.com/evil/web", mainRef)}, asks(self, "", ""), nil, want{images.Untrusted, "it is by https://github.com/evil/web"}},
		{"pull request", attestation{pull, SLSA1, slsa1(pull.Subject, "https://github.com/acme/web", "refs/pull/12/merge")}, asks("", "github.com/acme/web", mainRef), nil, want{images.Untrusted, "refs/pull/12/merge, and the policy asks for refs/heads/main"}},
		{"pull request that says otherwise", attestation{pull, SLSA1, slsa1(pull.Subject, "https://github.com/acme/web", mainRef)}, asks("", "github.com/acme/web", mainRef), nil, want{images.Untrusted, "its certificate is of a build of refs/pull/12/merge"}},
		{"no ref", attestation{Identity{}, SLSA1, slsa1("b", "https://github.com/acme/web", "")}, asks("", "", mainRef), &images.SignatureDemand{}, want{images.Untrusted, "it does not say what the policy asks for"}},
		{"by key", attestation{Identity{}, SLSA1, slsa1("https://tekton.example/chains", "https://github.com/acme/web", mainRef)}, asks("https://tekton.example/chains", "github.com/acme/web", mainRef), &images.SignatureDemand{}, verified},
		{"by a mailbox that says it is the builder", attestation{Identity{Subject: "dev@evil.example", Issuer: "https://accounts.example"}, SLSA1, slsa1(self, "https://github.com/acme/web", mainRef)}, usual, nil, want{images.Untrusted, "it is by dev@evil.example"}},
		{"by a mailbox, source only", attestation{Identity{Subject: "dev@evil.example", Issuer: "https://accounts.example"}, SLSA1, slsa1(self, "https://github.com/acme/web", mainRef)}, asks("", "github.com/acme/web", ""), nil, want{images.Untrusted, "whose certificate does not say that it builds"}},
		{"no predicate", attestation{release, SLSA1, "text"}, usual, nil, want{images.Untrusted, "no SLSA provenance 1 that can be read"}},
		{"none", attestation{release, SPDX, object{}}, usual, nil, want{images.Unsigned, "no provenance is there; a bill of materials is"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, API)
			l.attest(c.attest)
			demand := &images.Demand{Provenance: &c.demand}
			if c.signer != nil { // by the lab's key, of whose signature nothing is asked here
				l.sign(l.image)
				demand.Signature = l.byKey()
			}
			c.want.check(t, l.prove(images.Question{Reference: l.image, Demand: demand}))
		})
	}
}

// TestBills holds that a bill of materials has to list something, and to be by whom the policy names.
func TestBills(t *testing.T) {
	t.Parallel()
	empty := want{images.Untrusted, "that lists nothing"}
	for _, c := range []struct {
		name   string
		attest attestation
		want   want
	}{
		{"SPDX", attestation{release, SPDX, object{"packages": []object{{"name": "a"}}}}, verified},
		{"SPDX without version", attestation{release, "https://spdx.dev/Document", object{"packages": []object{{"name": "a"}}}}, verified},
		{"SPDX 3", attestation{release, "https://spdx.dev/Document/v3", object{"@graph": []object{{"type": "software_Package"}}}}, verified},
		{"SPDX as text", attestation{release, SPDX, "SPDXVersion: SPDX-2.3\nPackageName: a\n"}, verified},
		{"SPDX within data", attestation{release, SPDX, object{"Data": `{"packages":[{"name":"a"}]}`}}, verified},
		{"CycloneDX", attestation{release, CycloneDX, object{"components": []object{{"name": "a"}}}}, verified},
		{"SPDX, empty", attestation{release, SPDX, object{"packages": []object{}}}, empty},
		{"CycloneDX, empty", attestation{release, CycloneDX, object{}}, empty},
		{"no document", attestation{release, SPDX, []int{1}}, want{images.Untrusted, "no bill of materials that can be read"}},
		{"by somebody else", attestation{Workflow("evil/web", "x", mainRef), SPDX, object{"packages": []object{{"name": "a"}}}}, want{images.Untrusted, "evil/web"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, API)
			signBundle(release, Sealing{})(l)
			l.attest(c.attest)
			c.want.check(t, l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: byIdentity(t), SBOM: true}}))
		})
	}
}

// TestBillsOfTheBuilder holds that where the policy names no signer, who built the image has to attest to what it is made of.
func TestBillsOfTheBuilder(t *testing.T) {
	t.Parallel()
	demand := &images.Demand{SBOM: true, Provenance: &images.ProvenanceDemand{Source: pattern(t, "github.com/acme/web")}}
	bill := object{"packages": []object{{"name": "a"}}}
	for who, want := range map[string]want{"acme": verified, "evil": {images.Untrusted, "whose certificate does not say that it builds github.com/acme/web"}} {
		l := newLab(t, API)
		l.attest(attestation{release, SLSA1, slsa1(release.Subject, "https://github.com/acme/web", mainRef)})
		l.attest(attestation{Workflow(who+"/web", "x", mainRef), SPDX, bill})
		want.check(t, l.prove(images.Question{Reference: l.image, Demand: demand}))
	}
	l := newLab(t, API) // with nobody named, anybody will do, but not without a signature that the trust root vouches for
	l.attest(attestation{Workflow("evil/web", "x", mainRef), SPDX, bill})
	verified.check(t, l.prove(images.Question{Reference: l.image, Demand: &images.Demand{SBOM: true}}))
	l = newLab(t, API)
	l.attest(attestation{Identity{}, SPDX, bill})
	want{images.Untrusted, "signed by a key, which the policy does not name"}.check(t, l.prove(images.Question{Reference: l.image, Demand: &images.Demand{SBOM: true}}))
}

// vuln is cosign's predicate of a scan.
func vuln(at time.Time, result any) object {
	return object{"scanner": object{"uri": "pkg:scanner", "result": result}, "metadata": object{"scanStartedOn": at.Add(-time.Minute), "scanFinishedOn": at}}
}

func trivy(severities ...string) object {
	found := []object{}
	for i, s := range severities {
		found = append(found, object{"VulnerabilityID": "CVE-2026-000" + string(rune('1'+i)), "Severity": s})
	}
	return object{"SchemaVersion": 2, "Results": []object{{"Target": "a", "Vulnerabilities": found}}}
}

// TestScans holds how old a scan may be, and what it may have found.
func TestScans(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	old := func(d time.Duration) time.Time { return now.Add(-d) }
	const week = 7 * 24 * time.Hour
	sarif := func(score any) object {
		return object{"runs": []object{{"tool": object{"driver": object{"rules": []object{{"id": "CVE-1", "properties": object{"security-severity": score}}}}}, "results": []object{{"ruleId": "CVE-1"}}}}}
	}
	for _, c := range []struct {
		name   string
		scans  []object
		failOn string
		want   want
	}{
		{"exactly as old as it may be", []object{vuln(old(week), trivy())}, "", verified},
		{"a second too old", []object{vuln(old(week+time.Second), trivy())}, "", want{images.Untrusted, "and the policy asks for one of the last 168h0m0s"}},
		{"in the future", []object{vuln(old(-time.Hour), trivy())}, "", want{images.Untrusted, "which is yet to come"}},
		{"without a time", []object{{"scanner": object{"result": trivy()}}}, "", want{images.Untrusted, "does not say when"}},
		{"with a time that is none", []object{{"metadata": object{"scanFinishedOn": "yesterday"}}}, "", want{images.Untrusted, "does not say when"}},
		{"begun only", []object{{"scanner": object{"result": trivy()}, "metadata": object{"scanStartedOn": now}}}, "critical", verified},
		{"newer and older", []object{vuln(old(2*week), trivy("CRITICAL")), vuln(old(time.Hour), trivy("LOW"))}, "critical", verified},
		{"the newer counts", []object{vuln(old(time.Hour), trivy("CRITICAL")), vuln(old(2*time.Hour), trivy())}, "critical", want{images.Untrusted, "1 vulnerabilities that are critical or worse (CVE-2026-0001 is one)"}},
		{"below the limit", []object{vuln(now, trivy("HIGH", "UNKNOWN"))}, "critical", verified},
		{"at the limit", []object{vuln(now, trivy("LOW", "HIGH"))}, "high", want{images.Untrusted, "CVE-2026-0002 is one"}},
		{"Grype", []object{vuln(now, object{"matches": []object{{"vulnerability": object{"id": "CVE-9", "severity": "Critical"}}}})}, "critical", want{images.Untrusted, "CVE-9"}},
		{"SARIF", []object{vuln(now, sarif("9.8"))}, "critical", want{images.Untrusted, "CVE-1"}},
		{"SARIF, lower", []object{vuln(now, sarif(6.1))}, "high", verified},
		{"SARIF without severities", []object{vuln(now, sarif(nil))}, "critical", want{images.Untrusted, "form that is not known"}},
		{"in-toto's", []object{vuln(now, []object{{"id": "CVE-3", "severity": []object{{"method": "CVSS", "score": "9.1"}}}})}, "critical", want{images.Untrusted, "CVE-3"}},
		{"in-toto's, nothing", []object{vuln(now, []object{})}, "low", verified},
		{"unknown form", []object{vuln(now, object{"x": 1})}, "critical", want{images.Untrusted, "form that is not known"}},
		{"unknown form, and no limit", []object{vuln(now, object{"x": 1})}, "", verified},
		{"no result", []object{{"metadata": object{"scanFinishedOn": now}}}, "critical", want{images.Untrusted, "holds no result"}},
		{"none", nil, "", want{images.Untrusted, "no scan is there"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, API)
			l.config.Now = func() time.Time { return now }
			l.sign(l.image)
			for i, predicate := range c.scans {
				l.attest(attestation{kind: []string{Vuln, Vuln[len("https://"):], "https://in-toto.io/attestation/vulns/v0.2"}[i], predicate: predicate})
			}
			demand := &images.Demand{Signature: l.byKey(), Scan: &images.ScanDemand{MaxAge: week, FailOn: c.failOn}}
			c.want.check(t, l.prove(images.Question{Reference: l.image, Demand: demand}))
		})
	}
}

// TestFirstFormatAttestations holds that attestations under cosign's tag count as bundles do.
func TestFirstFormatAttestations(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	bill, _ := json.Marshal(object{"packages": []object{{"name": "a"}}})
	statement := Statement(t, l.image.Digest, SPDX, json.RawMessage(bill))
	l.Tag(t, l.image, ".att", l.key.Envelope(t, statement), l.authority.Envelope(t, release, statement, Sealing{}))
	l.sign(l.image)
	got := l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: l.byKey(), SBOM: true}})
	verified.check(t, got)
	if got.Facts["sbom"] != "SPDX, 1 entries, by keys/acme.pub" {
		t.Errorf("facts %v", got.Facts)
	}
	signBundle(release, Sealing{})(l)
	got = l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: byIdentity(t), SBOM: true}})
	verified.check(t, got)
	l.Tag(t, l.image, ".att", SealOf(DSSE, []byte(`{"payloadType":"application/vnd.in-toto+json","payload":"!"}`)))
	got = l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: l.byKey(), SBOM: true}})
	want{images.Untrusted, "no envelope that can be read"}.check(t, got)
}
