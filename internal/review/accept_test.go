package review_test

import (
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
)

// askFor is a policy that lets findings of rules be accepted.
func askFor(rules ...string) *review.Policy {
	p := review.DefaultPolicy()
	p.Acknowledge = []review.Acknowledge{{Rules: rules, By: []string{"@acme/security"}, NotAuthor: true}}
	return p
}

// printOf returns the fingerprint of the one finding of a rule.
func printOf(t *testing.T, r *review.Result, rule string) string {
	t.Helper()
	found := ""
	for _, f := range r.Findings {
		if f.Rule == rule {
			if found != "" {
				t.Fatalf("two findings of %s: %v", rule, lines(r))
			}
			found = f.Fingerprint
		}
	}
	if found == "" {
		t.Fatalf("no finding of %s: %v", rule, lines(r))
	}
	return found
}

const capsPod = `-- apps/pod.yaml --
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
  - name: c
    resources: {limits: {memory: 1Gi}}
    securityContext: {capabilities: {add: [CAPS]}}
`

func TestAccept(t *testing.T) {
	t.Parallel()
	pod := strings.Replace(capsPod, "CAPS", "NET_ADMIN", 1)
	policy := askFor("caps", "render-*")
	print := printOf(t, lab(t, pod, policy, review.Options{}), "caps")
	early := review.Acceptance{Fingerprint: print, By: "@bob", Reason: "first", At: time.Unix(1, 0)}
	late := review.Acceptance{Fingerprint: print, By: "@alice", Reason: "it is a router", At: time.Unix(2, 0)}
	for name, c := range map[string]struct {
		policy   *review.Policy
		archive  string
		accepted []review.Acceptance
		want     review.Status
	}{
		"nobody accepts":              {policy, pod, nil, review.New},
		"somebody accepts":            {policy, pod, []review.Acceptance{late, early}, review.Exempt},
		"another finding":             {policy, pod, []review.Acceptance{{Fingerprint: strings.Repeat("0", 32), By: "@a", Reason: "r"}}, review.New},
		"the policy does not let it":  {review.DefaultPolicy(), pod, []review.Acceptance{late}, review.New},
		"the policy lets others be":   {askFor("priv*"), pod, []review.Acceptance{late}, review.New},
		"another value on the line":   {policy, strings.Replace(pod, "NET_ADMIN", "SYS_ADMIN", 1), []review.Acceptance{late}, review.New},
		"the line moved":              {policy, strings.Replace(pod, "spec:\n", "# moved\nspec:\n", 1), []review.Acceptance{late}, review.Exempt},
		"another name for the object": {policy, strings.Replace(pod, "name: a", "name: b", 1), []review.Acceptance{late}, review.New},
	} {
		result := lab(t, c.archive, c.policy, review.Options{Accepted: c.accepted})
		f := result.Findings[0]
		if f.Status != c.want || (result.Verdict == review.Passed) != (c.want == review.Exempt) {
			t.Errorf("%s: the finding is %s, the verdict %s", name, f.Status, result.Verdict)
		}
		if f.Accepted() != (c.want == review.Exempt) || f.Accepted() && (f.Exemption.By != "@alice" || f.Exemption.Reason != "it is a router") {
			t.Errorf("%s: the exemption is %+v", name, f.Exemption)
		}
	}
}

// TestAcceptedEffect holds that a fingerprint which can be accepted is another one when the effect is.
func TestAcceptedEffect(t *testing.T) {
	t.Parallel()
	role := "-- apps/role.yaml --\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a}\nrules: {verb: get}\n"
	get, list := lab(t, role, nil, review.Options{}), lab(t, strings.Replace(role, "get", "list", 1), nil, review.Options{})
	if get.Findings[0].Message != list.Findings[0].Message || printOf(t, get, "gained") == printOf(t, list, "gained") {
		t.Errorf("what a rule says of its effect makes no difference: %v", lines(list))
	}
	long := strings.Replace(capsPod, "CAPS", strings.Repeat("X", 2000)+"Y", 1)
	other := strings.Replace(capsPod, "CAPS", strings.Repeat("X", 2000)+"Z", 1)
	p := askFor("*")
	if printOf(t, lab(t, long, p, review.Options{}), "caps") == printOf(t, lab(t, other, p, review.Options{}), "caps") {
		t.Error("what is cut from a message makes no difference")
	}
	if printOf(t, lab(t, long, nil, review.Options{}), "caps") != printOf(t, lab(t, other, nil, review.Options{}), "caps") {
		t.Error("a fingerprint that nobody can accept does not survive another value")
	}
}

// TestAcceptedRoots holds that a finding which shows in a further root is asked for again.
func TestAcceptedRoots(t *testing.T) {
	t.Parallel()
	const base = "-- common/kustomization.yaml --\nresources: [role.yaml]\n-- common/role.yaml --\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a}\nrules: {verb: get}\n" +
		"-- staging/kustomization.yaml --\nresources: [../common]\n"
	one := lab(t, base, askFor("gained"), review.Options{})
	both := lab(t, base+"-- prod/kustomization.yaml --\nresources: [../common]\n", askFor("gained"), review.Options{})
	if len(both.Findings) != 1 || printOf(t, one, "gained") == printOf(t, both, "gained") {
		t.Errorf("a further root makes no difference: %v", lines(both))
	}
	again := lab(t, base, askFor("gained"), review.Options{Accepted: []review.Acceptance{{Fingerprint: printOf(t, one, "gained"), By: "@a", Reason: "r"}}})
	if again.Verdict != review.Passed {
		t.Errorf("not accepted: %v", lines(again))
	}
}

// TestAcceptedUnrendered holds that nobody can accept what was not reviewed, and that secrets are in no fingerprint.
func TestAcceptedUnrendered(t *testing.T) {
	t.Parallel()
	broken := "-- a/kustomization.yaml --\nresources: [1\n"
	p := askFor("*")
	print := printOf(t, lab(t, broken, p, review.Options{}), review.RuleRenderFailed)
	result := lab(t, broken, p, review.Options{Accepted: []review.Acceptance{{Fingerprint: print, By: "@a", Reason: "r"}}})
	if result.Verdict != review.Fails || result.Findings[0].Status != review.New {
		t.Errorf("a root that does not render was accepted: %v", lines(result))
	}
	config := "-- c.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {token: \"1234\"}\n"
	other := strings.Replace(config, "1234", "4321", 1)
	if printOf(t, lab(t, config, p, review.Options{}), "token") != printOf(t, lab(t, other, p, review.Options{}), "token") {
		t.Error("the value of a secret can be guessed from a fingerprint")
	}
}
