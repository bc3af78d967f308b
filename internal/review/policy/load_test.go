package policy

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
)

// mode is a parameter that reads itself.
type mode string

func (m *mode) UnmarshalText(text []byte) error {
	if string(text) != "require" && string(text) != "forbid" {
		return fmt.Errorf("mode %q is neither require nor forbid", text)
	}
	*m = mode(text)
	return nil
}

type testParams struct {
	Minimum int64    `yaml:"minimum"`
	Ratio   float64  `yaml:"ratio"`
	Strict  bool     `yaml:"strict"`
	Mode    mode     `yaml:"mode"`
	Names   []string `yaml:"names"`
	Span    struct {
		Max string `yaml:"max"`
	} `yaml:"span"`
}

// catalogue are rules with and without parameters.
func catalogue() []*review.Rule {
	return []*review.Rule{
		{ID: "privileged", Level: review.Error, Summary: "A container is privileged"},
		{ID: "image-digest", Level: review.Warning, Summary: "An image has no digest"},
		{ID: "low-uid", Level: review.Info, Summary: "A low user id", Params: func() any { return &testParams{Minimum: 10000, Mode: "require"} }},
	}
}

// TestMistakes holds that every mistake is refused with its file and line, and says what is wrong.
func TestMistakes(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"unknown key", "gate:\n  failOn: error\nprofil: x\n", `p.yaml:3: the policy: unknown key "profil" (did you mean "profile"?)`},
		{"unknown key below", "\nimages:\n  allowed: []\n", `p.yaml:3: images: unknown key "allowed" (did you mean "allow"?)`},
		{"unknown key in a list", "images:\n  registries:\n  - host: a\n    privat: true\n", `p.yaml:4: images.registries[0]: unknown key "privat"`},
		{"unknown key deep down", "images:\n  verify:\n  - match: a.example/b\n    signature:\n      key: k\n      kez: x\n", `p.yaml:6: images.verify[0].signature: unknown key "kez" (did you mean "key"?)`},
		{"unknown key in flow", "images: {verify: [{match: a.example/b, scan: {maxAges: 1h}}]}", `p.yaml:1: images.verify[0].scan: unknown key "maxAges"`},
		{"merge key", "gate: &g {failOn: error}\nroots:\n  <<: *g\n", `p.yaml:3: roots: unknown key "<<"`},
		{"twice", "profile: baseline\ngate: {}\nprofile: restricted\n", `p.yaml:3: the policy: the key "profile" is there twice, first on line 1`},
		{"twice in rules", "rules:\n  privileged: off\n  privileged: error\n", `p.yaml:3: rules: the key "privileged" is there twice, first on line 2`},
		{"twice in a setting", "rules:\n  low-uid:\n    minimum: 1\n    minimum: 2\n", `p.yaml:4: rules.low-uid: the key "minimum" is there twice`},
		{"version as a number", "\nkubernetes: 1.30\n", `p.yaml:2: kubernetes: write the version in quotes, "1.30"`},
		{"version of nothing", `kubernetes: "new"`, `p.yaml:1: kubernetes: kubernetes version "new"`},
		{"helm", "helm: 5", `p.yaml:1: helm: "5" is neither 3 nor 4`},
		{"profile", "profile: strict", `p.yaml:1: profile: "strict" is none of recommended, baseline, restricted, everything`},
		{"list for text", "profile: [a]", "p.yaml:1: profile: want text, not a list or mapping"},
		{"text for list", "images:\n  allow: ghcr.io/a/**", "p.yaml:2: images.allow: want a list"},
		{"text for mapping", "gate: fail", "p.yaml:1: gate: want a mapping"},
		{"number for text", "images:\n  moving: [stable, 1.0]", "p.yaml:2: images.moving[1]: want text; YAML reads 1.0 as something else, so write it in quotes"},
		{"text for truth", "annotations: maybe", `p.yaml:1: annotations: want true or false, not "maybe"`},
		{"nothing in a list", "checks:\n- images\n-\n", "p.yaml:3: checks[1] is empty"},
		{"unknown rule", "rules:\n  privilegd: off\n", `p.yaml:2: rules: there is no rule "privilegd" (did you mean "privileged"?)`},
		{"level", "rules:\n  privileged: fatal\n", `p.yaml:2: rules.privileged: "fatal" is none of off, on, error, warning, info`},
		{"level in a mapping", "rules:\n  privileged:\n    level: bad\n", `p.yaml:3: rules.privileged.level: "bad" is none of`},
		{"list for a rule", "rules:\n  privileged: [off]\n", "p.yaml:2: rules.privileged: want off, a level, or a mapping"},
		{"parameter of a rule without", "rules:\n  privileged:\n    level: info\n    minimum: 3\n", `p.yaml:4: rules.privileged: unknown key "minimum"`},
		{"unknown parameter", "rules:\n  low-uid:\n    maximum: 3\n", `p.yaml:3: rules.low-uid: unknown key "maximum" (did you mean "minimum"?)`},
		{"parameter's type", "rules:\n  low-uid:\n    level: error\n    minimum: many\n", `p.yaml:4: rules.low-uid.minimum: want a whole number, not "many"`},
		{"parameter's fraction", "rules: {low-uid: {minimum: 1.5}}", "p.yaml:1: rules.low-uid.minimum: want a whole number"},
		{"parameter's number in quotes", `rules: {low-uid: {minimum: "5"}}`, "p.yaml:1: rules.low-uid.minimum: want a whole number"},
		{"parameter's own words", "rules:\n  low-uid:\n    mode: both\n", `p.yaml:3: rules.low-uid.mode: mode "both" is neither require nor forbid`},
		{"parameter's mapping", "rules:\n  low-uid:\n    span:\n      maximum: x\n", `p.yaml:4: rules.low-uid.span: unknown key "maximum"`},
		{"pattern with a bare host", "images:\n  allow:\n  - ghcr.io\n", `p.yaml:3: images.allow[0]: pattern "ghcr.io" names no repository`},
		{"pattern with **", "images:\n  deny:\n  - a.example/b\n  - a.example/b**\n", "p.yaml:4: images.deny[1]:"},
		{"pattern of every domain", "images: {allow: ['*.io/x']}", "p.yaml:1: images.allow[0]:"},
		{"pattern of paths", "roots:\n  ignore: [archive**]\n", "p.yaml:2: roots.ignore[0]:"},
		{"path out of the repository", "roots:\n  helm:\n  - chart: ../x\n", `p.yaml:3: roots.helm[0].chart: "../x" leaves the repository`},
		{"absolute path", "roots:\n  kops:\n  - template: /etc/passwd\n", "p.yaml:3: roots.kops[0].template:"},
		{"chart left out", "roots:\n  helm:\n  - values: [a]\n", `p.yaml:3: roots.helm[0] needs "chart"`},
		{"platform", "images: {platforms: [linux]}", `p.yaml:1: images.platforms[0]: "linux" is no platform`},
		{"verify without match", "images:\n  verify:\n  - sbom: required\n", `p.yaml:3: images.verify[0] needs "match"`},
		{"verify of nothing", "images:\n  verify:\n  - match: a.example/b\n", "p.yaml:3: images.verify[0] asks for nothing"},
		{"signed by anybody", "images:\n  verify:\n  - match: a.example/b\n    signature: {issuer: https://a.example}\n", "p.yaml:3: images.verify[0].signature needs issuer and subject, or key"},
		{"signed in two ways", "images:\n  verify:\n  - match: a.example/b\n    signature: {issuer: https://a.example, subject: x, key: k}\n", "p.yaml:3: images.verify[0].signature names signers in two ways"},
		{"more keys than there are", "images:\n  verify:\n  - match: a.example/b\n    signature: {key: [a, b], threshold: 3}\n", "p.yaml:3: images.verify[0].signature.threshold: 3 of 2 keys cannot sign"},
		{"keys out of the repository", "images:\n  verify:\n  - match: a.example/b\n    signature:\n      key:\n      - a\n      - ../b\n", `p.yaml:7: images.verify[0].signature.key: "../b" leaves the repository`},
		{"key of a mapping", "images:\n  verify:\n  - match: a.example/b\n    signature: {key: {a: b}}\n", "p.yaml:4: images.verify[0].signature.key: want a file, or a list of files"},
		{"key that is none", "images:\n  verify:\n  - match: a.example/b\n    signature: {key: [1]}\n", "p.yaml:4: images.verify[0].signature.key: want a file, or a list of files"},
		{"day of a key", "images:\n  verify:\n  - match: a.example/b\n    signature: {keys: [{file: a, until: soon}]}\n", `p.yaml:4: images.verify[0].signature.keys[0].until: "soon" is no day`},
		{"mirror half deep", "images:\n  mirrors:\n  - {from: a.example/**, to: b.example/c}\n", "p.yaml:3: images.mirrors[0]:"},
		{"age", "images: {verify: [{match: a.example/b, scan: {maxAge: week}}]}", `"week" is no length of time`},
		{"exemption without reason", "exemptions:\n- rule: privileged\n  object: Pod/a\n  until: 2027-01-01\n", `p.yaml:2: exemptions[0] needs "reason"`},
		{"exemption with a blank reason", "exemptions:\n- rule: privileged\n  object: Pod/a\n  until: 2027-01-01\n  reason: ' '\n", "p.yaml:5: exemptions[0].reason is empty"},
		{"exemption without end", "exemptions:\n- {rule: privileged, object: Pod/a, reason: r}\n", `p.yaml:2: exemptions[0] needs "until"`},
		{"exemption for ever", "exemptions:\n- {rule: privileged, object: Pod/a, reason: r, until: never}\n", `p.yaml:2: exemptions[0].until: "never" is no day`},
		{"exemption with a null end", "exemptions:\n- {rule: privileged, object: Pod/a, reason: r, until: }\n", `p.yaml:2: exemptions[0] needs "until"`},
		{"exemption of no day", "exemptions:\n- {rule: privileged, object: Pod/a, reason: r, until: 2027-02-30}\n", `"2027-02-30" is no day`},
		{"exemption of everything", "exemptions:\n- {rule: privileged, reason: r, until: 2027-01-01}\n", "p.yaml:2: exemptions[0] names neither an object"},
		{"exemption of no rule", "exemptions:\n- {rule: nothing, object: Pod/a, reason: r, until: 2027-01-01}\n", `p.yaml:2: exemptions[0].rule: "nothing" names no rule there is`},
		{"exemption's object", "exemptions:\n- {rule: privileged, object: a, reason: r, until: 2027-01-01}\n", "p.yaml:2: exemptions[0].object: write Kind/name"},
		{"exemption's pattern", "exemptions:\n- {rule: privileged, object: 'Pod/[', reason: r, until: 2027-01-01}\n", "p.yaml:2: exemptions[0].object:"},
		{"exemption's root", "exemptions:\n- {rule: privileged, root: apps/**x, reason: r, until: 2027-01-01}\n", "p.yaml:2: exemptions[0].root:"},
		{"gate", "gate:\n  failOn: fatal\n", `p.yaml:2: gate.failOn: "fatal" is none of error, warning, info`},
		{"gate's failure", "gate: {onRenderFailure: ignore}", `p.yaml:1: gate.onRenderFailure: "ignore" is none of fail, warn`},
		{"check", "checks: [pictures]", `p.yaml:1: checks[0]: "pictures" is none of images, manifests, render`},
		{"too many comments", "comments:\n  max: 101\n", `p.yaml:2: comments.max: "101" is none of 0 to 100`},
		{"comments of a word", "comments: {max: many}", `p.yaml:1: comments.max: want a whole number`},
		{"lock of nothing", "lock:\n- gates\n", `p.yaml:2: lock[0]: "gates" is no key that can be locked (did you mean "gate"?)`},
		{"lock below nothing", "lock: [gate.failsOn]", `p.yaml:1: lock[0]: "gate.failsOn" is no key that can be locked (did you mean "failOn"?)`},
		{"lock within a list", "lock: [exemptions.rule]", `p.yaml:1: lock[0]: "exemptions.rule" is no key`},
		{"lock within a word", "lock: [profile.x]", `p.yaml:1: lock[0]: "profile.x" is no key`},
		{"lock of no rule", "lock: [rules.privilegd]", `p.yaml:1: lock[0]: there is no rule "privilegd" (did you mean "privileged"?)`},
		{"lock of no key", "lock: ['']", `p.yaml:1: lock[0]: "" is no key`},
		{"acknowledged by nobody", "acknowledge:\n- rules: [privileged]\n", `p.yaml:2: acknowledge[0] needs "by"`},
		{"acknowledged by a word", "acknowledge:\n- {rules: [privileged], by: [security]}\n", `p.yaml:2: acknowledge[0].by[0]: "security" is neither`},
		{"no YAML", "profile: baseline\n  gate: x\n", "p.yaml:2: is no valid YAML"},
		{"no mapping", "- a\n", "p.yaml:1: the policy: want a mapping"},
		{"two documents", "profile: baseline\n---\nprofile: baseline\n", "there is a second document"},
		{"too large", strings.Repeat("# comment\n", 1<<18), "p.yaml: is larger than 1024 KiB"},
	}
	for _, test := range tests {
		_, err := Load(catalogue(), Layer{"p.yaml", []byte(test.text)})
		if err == nil {
			t.Errorf("%s: accepted", test.name)
			continue
		}
		var m *Mistake
		if !errors.As(err, &m) {
			t.Errorf("%s: the error is no *Mistake: %v", test.name, err)
		}
		if !strings.Contains("\n"+err.Error(), "\n"+test.want) && !(strings.HasPrefix(err.Error(), "p.yaml:") && strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %q, want %q", test.name, err, test.want)
		}
	}
}

// TestAllMistakes holds that one reading finds them all, in the order of lines.
func TestAllMistakes(t *testing.T) {
	_, err := Load(catalogue(), Layer{"p.yaml", []byte("profil: x\nrules:\n  low-uid: {minimum: x}\n  privileged: x\ngate: {failOn: x}\n")})
	want := []string{"p.yaml:1: ", "p.yaml:3: ", "p.yaml:4: ", "p.yaml:5: "}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d mistakes, want %d:\n%v", len(lines), len(want), err)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("mistake %d is %q, want it to begin with %q", i, line, want[i])
		}
	}
}

// TestSettings holds how the ways of writing a rule's setting are read.
func TestSettings(t *testing.T) {
	tests := []struct {
		text   string
		off    bool
		level  review.Level
		params bool
	}{
		{"off", true, 0, false}, {"no", true, 0, false}, {"false", true, 0, false}, {`"off"`, true, 0, false}, {"OFF", true, 0, false},
		{"on", false, review.Info, false}, {"yes", false, review.Info, false}, {"true", false, review.Info, false},
		{"error", false, review.Error, false}, {"warning", false, review.Warning, false},
		{"{level: warning}", false, review.Warning, true}, {"{level: off}", true, 0, true},
		{"{minimum: 5}", false, 0, true}, {"{level: error, minimum: 0x10}", false, review.Error, true},
	}
	for _, test := range tests {
		p, err := Load(catalogue(), Layer{"p.yaml", []byte("rules:\n  low-uid: " + test.text + "\n")})
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if s := p.Rules["low-uid"]; s.Off != test.off || s.Level != test.level || (s.Params != nil) != test.params {
			t.Errorf("%s is read as %+v", test.text, s)
		}
	}
}

// TestEmpty holds that a file which says nothing is the default policy.
func TestEmpty(t *testing.T) {
	want := review.DefaultPolicy()
	want.Rules = map[string]review.RuleSetting{}
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "{}", "rules:\nexemptions: null\nimages:\n  allow:\n"} {
		p, err := Load(catalogue(), Layer{"p.yaml", []byte(text)})
		if err != nil || !reflect.DeepEqual(p, want) {
			t.Errorf("%q is read as %+v (%v)", text, p, err)
		}
	}
}

// TestLayers holds what the upper layer of two does to what the lower one says.
func TestLayers(t *testing.T) {
	server := `
kubernetes: "1.33"
helm: 3
profile: restricted
rules:
  privileged: warning
  low-uid: {minimum: 20000}
images:
  allow: [ghcr.io/acme/**]
  deny: [docker.io/library/centos]
  verify: [{match: ghcr.io/acme/**, sbom: required}]
exemptions:
- {rule: privileged, object: Pod/a, reason: below, until: 2027-01-01}
gate: {failOn: warning, onIndeterminate: warn}
charts: {allow: [charts.example/**]}
`
	repository := `
kubernetes: "1.34"
rules:
  low-uid: off
  image-digest: error
images:
  allow: [quay.io/acme/**]
exemptions:
- {rule: privileged, object: Pod/b, reason: above, until: 2027-01-01}
gate: {onRenderFailure: warn}
`
	p, err := Load(catalogue(), Layer{"server.yaml", []byte(server)}, Layer{"repository.yaml", []byte(repository)})
	if err != nil {
		t.Fatal(err)
	}
	if p.Kubernetes != "1.34" || p.Helm != 3 || p.Profile != "restricted" {
		t.Errorf("version %s, helm %d, profile %s", p.Kubernetes, p.Helm, p.Profile)
	}
	if p.Rules["privileged"].Level != review.Warning || !p.Rules["low-uid"].Off || p.Rules["image-digest"].Level != review.Error {
		t.Errorf("rules %+v", p.Rules)
	}
	if got := p.Images; !reflect.DeepEqual(got.Allow, []string{"quay.io/acme/**"}) || len(got.Deny) != 1 || len(got.Verify) != 1 {
		t.Errorf("images %+v", got)
	}
	if len(p.Exemptions) != 2 || p.Exemptions[0].Reason != "below" || p.Exemptions[1].Line != 9 {
		t.Errorf("exemptions %+v", p.Exemptions)
	}
	if want := (review.Gate{FailOn: review.Warning}); p.Gate != want {
		t.Errorf("gate %+v, want %+v", p.Gate, want)
	}
	if !reflect.DeepEqual(p.Charts.Allow, []string{"charts.example/**"}) {
		t.Errorf("charts %+v", p.Charts)
	}
}

// TestLayerMistakes holds that a mistake names its own layer.
func TestLayerMistakes(t *testing.T) {
	_, err := Load(catalogue(), Layer{"server.yaml", []byte("profile: x")}, Layer{"repository.yaml", []byte("\nhelm: x")})
	if err == nil || !strings.Contains(err.Error(), "server.yaml:1:") || !strings.Contains(err.Error(), "repository.yaml:2:") {
		t.Errorf("mistakes %v", err)
	}
}

// TestLocks holds what a layer may say over one that has locked keys.
func TestLocks(t *testing.T) {
	t.Parallel()
	const server = "lock: [gate, images.deny, rules.privileged]\ngate: {failOn: warning}\n"
	const organisation = "profile: restricted\nlock:\n- profile\n- exemptions\n"
	for _, test := range []struct{ text, want string }{
		{"kubernetes: \"1.34\"", ""},
		{"images: {allow: [a.example/b]}", ""},
		{"rules: {low-uid: off}", ""},
		{"gate:\nimages: {deny: }\nrules: {privileged: }\n", ""},
		{"gate: {failOn: error}", "r.yaml:1: gate is locked by s.yaml:1"},
		{"\ngate: {}", "r.yaml:2: gate is locked by s.yaml:1"},
		{"images:\n  deny: [a.example/b]", "r.yaml:2: images.deny is locked by s.yaml:1"},
		{"rules:\n  low-uid: off\n  privileged: off\n", "r.yaml:3: rules.privileged is locked by s.yaml:1"},
		{"rules: {low-uid: &s off, privileged: *s}", "r.yaml:1: rules.privileged is locked"},
		{"\nprofile: baseline", "r.yaml:2: profile is locked by o.yaml:3"},
		{"exemptions:\n- {rule: low-uid, object: Pod/a, reason: r, until: 2027-01-01}", "r.yaml:1: exemptions is locked by o.yaml:4"},
	} {
		p, err := Load(catalogue(), Layer{"s.yaml", []byte(server)}, Layer{"o.yaml", []byte(organisation)}, Layer{"r.yaml", []byte(test.text)})
		switch {
		case test.want == "" && (err != nil || p.Gate.FailOn != review.Warning || p.Profile != "restricted"):
			t.Errorf("%q: %v", test.text, err)
		case test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)):
			t.Errorf("%q: %v, want %s", test.text, err, test.want)
		}
	}
	_, err := Load(catalogue(), Layer{"s.yaml", []byte(server)}, Layer{"o.yaml", []byte("gate: {failOn: info}")})
	if err == nil || !strings.HasPrefix(err.Error(), "o.yaml:1: gate is locked by s.yaml:1") {
		t.Errorf("the organisation is not held to the server's lock: %v", err)
	}
}

// TestComments holds how the layers' sayings on comments, charts and bases lie over one another.
func TestComments(t *testing.T) {
	t.Parallel()
	below := Layer{"s.yaml", []byte("comments: {max: 5, summary: true}\ncharts: {allow: [a.example/b]}\nbases: {allow: [c.example/d]}\n")}
	p, err := Load(catalogue(), below, Layer{"r.yaml", []byte("comments: {max: 0}\ncharts: {}\nbases: {allow: []}\n")})
	if err != nil || p.Comments != (review.CommentPolicy{Max: 0, Summary: true}) || len(p.Charts.Allow) != 1 || len(p.Bases.Allow) != 0 {
		t.Errorf("%+v, %v, %v, %v", p.Comments, p.Charts, p.Bases, err)
	}
	p, err = Load(catalogue(), below, Layer{"r.yaml", []byte("comments: {summary: false}\n")})
	if err != nil || p.Comments != (review.CommentPolicy{Max: 5}) {
		t.Errorf("%+v, %v", p.Comments, err)
	}
	if p, _ := Load(catalogue()); p.Comments != (review.CommentPolicy{Max: review.MaxComments}) {
		t.Errorf("by default %+v", p.Comments)
	}
}

// TestAliases holds that anchors work, and that neither circles nor bombs hang or panic.
func TestAliases(t *testing.T) {
	p, err := Load(catalogue(), Layer{"p.yaml", []byte("rules:\n  low-uid: &s {level: error}\n  privileged: *s\nimages: {allow: &l [a.example/b], deny: *l}\n")})
	if err != nil || p.Rules["privileged"].Level != review.Error || len(p.Images.Deny) != 1 {
		t.Errorf("aliases are read as %+v (%v)", p, err)
	}
	bomb := "checks: &a [images, images]\n"
	for _, text := range []string{"rules: &a\n  low-uid: *a\n", "images: &i {verify: [*i]}\n", "exemptions: &e [*e]\n", bomb + "acknowledge: [*a, *a]\n"} {
		if _, err := Load(catalogue(), Layer{"p.yaml", []byte(text)}); err == nil {
			t.Errorf("accepted: %s", text)
		}
	}
}

// FuzzLoad holds that no text makes reading panic, and that every mistake names the file.
func FuzzLoad(f *testing.F) {
	for _, text := range []string{"", "kubernetes: 1.30", "rules: {low-uid: {minimum: 3}}", "images: {verify: [{match: a.example/b, signature: {key: k}}]}",
		"exemptions:\n- {rule: privileged, object: Pod/a, reason: r, until: 2027-01-01}", "a: &a [*a]", "? [a]\n: b", "roots: {helm: [{chart: c, values: [v]}]}", "<<: {profile: baseline}",
		"lock: [gate, rules.privileged]\ncomments: {max: 3}", "gate: {failOn: info}\nrules: {privileged: &a off}", "images: &i {deny: [*i]}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Load(catalogue(), Layer{"p.yaml", []byte(text)})
		if (p == nil) == (err == nil) {
			t.Fatalf("policy %v, error %v", p, err)
		}
		locked, lockedErr := Load(catalogue(), Layer{"s.yaml", []byte("lock: [gate, rules.privileged, images]")}, Layer{"p.yaml", []byte(text)})
		if err != nil && lockedErr == nil || locked != nil && !reflect.DeepEqual(locked.Gate, review.DefaultPolicy().Gate) {
			t.Fatalf("a lock does not hold, or lets a mistake pass: %v, %v", locked, err)
		}
		if err == nil {
			return
		}
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			t.Fatalf("the error is no list of mistakes: %v", err)
		}
		for _, one := range joined.Unwrap() {
			var m *Mistake
			if !errors.As(one, &m) || m.File != "p.yaml" || m.Reason == "" {
				t.Errorf("%v names no file", one)
			}
		}
	})
}
