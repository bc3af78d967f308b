package review

import (
	"slices"
	"strconv"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"go.yaml.in/yaml/v3"
)

// TestLaxer holds what of a policy file's change is reported, at which line of head and level, and what is not.
func TestLaxer(t *testing.T) {
	t.Parallel()
	rules := []*Rule{{ID: "privileged", Level: Error}, {ID: "low-uid", Level: Info}, {ID: "cpu-limits", Level: Info, Off: true}}
	tests := map[string]struct {
		was, now string
		want     []string
	}{
		"same":                 {"profile: restricted\nrules: {privileged: off}\n", "# why\nrules: {privileged: \"off\"}\nprofile: \"restricted\"\n", nil},
		"stricter":             {"rules: {privileged: warning, low-uid: off}\ngate: {failOn: error}\n", "profile: everything\nrules: {privileged: error}\ngate: {failOn: warning}\n", nil},
		"off":                  {"profile: recommended\n", "rules:\n  privileged: off\n", []string{"2 error rule privileged is off"}},
		"off, as a boolean":    {"rules: {}\n", "rules:\n  privileged: false\n", []string{"2 error rule privileged is off"}},
		"no longer on":         {"rules: {cpu-limits: error}\n", "rules: {}\n", []string{"1 error rule cpu-limits is off"}},
		"lower":                {"rules: {}\n", "rules:\n  privileged: {level: info}\n", []string{"2 warning rule privileged goes from error to info"}},
		"parameters":           {"rules: {low-uid: {minimum: 10000}}\n", "rules: {low-uid: {minimum: 1}}\n", []string{"1 info rule low-uid has other parameters"}},
		"profile":              {"profile: restricted\n", "helm: 4\n", []string{"1 error profile goes from restricted to recommended"}},
		"gate":                 {"gate: {failOn: warning}\n", "gate:\n  failOn: error\n  onRenderFailure: warn\n", []string{"2 error gate.failOn goes from warning to error", "3 error gate.onRenderFailure goes from fail to warn"}},
		"annotations":          {"helm: 4\n", "annotations: true\n", []string{"1 error annotations goes from false to true"}},
		"narrow exemption":     {"exemptions: []\n", "exemptions:\n- {rule: privileged, object: DaemonSet/falco, reason: r, until: 2027-01-01}\n", []string{"2 info rule privileged is exempt for DaemonSet/falco until 2027-01-01"}},
		"broad exemption":      {"exemptions: []\n", "exemptions:\n- {rule: \"*\", root: \"**\", reason: r, until: 2027-01-01}\n", []string{"2 error rule * is exempt for ** until 2027-01-01"}},
		"longer exemption":     {"exemptions: [{rule: a, object: b/c, until: 2026-01-01}]\n", "exemptions: [{rule: a, object: b/c, until: 2027-01-01}]\n", []string{"1 info rule a is exempt for b/c until 2027-01-01"}},
		"shorter, other words": {"exemptions: [{rule: a, object: b/c, until: 2027-01-01, reason: x}]\n", "exemptions: [{rule: a, object: b/c, until: 2026-01-01, reason: y}]\n", nil},
		"images":               {"images: {allow: [ghcr.io/a/**], deny: [docker.io/**]}\n", "images:\n  allow:\n  - ghcr.io/a/**\n  - quay.io/b\n", []string{"4 warning images of quay.io/b are allowed", "2 error images of docker.io/** are not refused any more"}},
		"first allowlist":      {"images: {deny: [a.io/**]}\n", "images: {deny: [a.io/**], allow: [b.io/**]}\n", nil},
		"no allowlist":         {"images: {allow: [ghcr.io/a/**]}\n", "images: {}\n", []string{"1 error every image is allowed that is not denied"}},
		"proof":                {"images: {verify: [{images: [a], signature: {key: k}}]}\n", "images: {verify: []}\n", []string{"1 error what images have to be proven by is less"}},
		"ignored roots":        {"roots: {include: [apps/**]}\n", "roots:\n  include: [apps/**]\n  ignore: [apps/prod/**]\n", []string{"3 error apps/prod/** is not reviewed"}},
		"removed":              {"helm: 4\n", "", []string{"0 error the policy file is removed, so that only the defaults hold"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := &laxer{was: mapping(t, test.was), now: mapping(t, test.now), rules: rules}
			x.compare()
			var got []string
			for _, l := range x.found {
				line := lineAt(l.at, x.now)
				got = append(got, strconv.Itoa(line)+" "+l.level.String()+" "+l.message)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// mapping reads the one mapping of a text; an absent field when there is none.
func mapping(t *testing.T, text string) manifests.Field {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Content) == 0 {
		return manifests.Field{}
	}
	return manifests.NewField(doc.Content[0], "")
}
