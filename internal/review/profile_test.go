package review

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// adapted is a parameter that a profile makes stricter.
type adapted struct {
	List string `yaml:"list"`
}

func (a *adapted) Adapt(profile string, named bool) {
	if profile == "restricted" || named {
		a.List = "strict"
	}
}

func profileRules() []*Rule {
	return []*Rule{
		{ID: "privileged", Area: "pod", Level: Error},
		{ID: "seccomp", Area: "pod", Level: Warning},
		{ID: "pss-restricted", Area: "pss", Level: Info},
		{ID: "image-digest", Area: "image", Level: Warning},
		{ID: "default-deny", Area: "network", Level: Warning},
		{ID: "cpu-limits", Area: "resources", Level: Info},
		{ID: "secret-env", Area: "secret", Level: Info, Off: true},
		{ID: "node-port", Area: "network", Level: Error, Off: true},
		{ID: "capabilities-added", Area: "pod", Level: Error, Params: func() any { return &adapted{List: "wide"} }},
	}
}

func levelsOf(t *testing.T, policy *Policy, sel selection) map[string]Level {
	t.Helper()
	active, err := activate(profileRules(), policy, sel)
	if err != nil {
		t.Fatal(err)
	}
	levels := make(map[string]Level)
	for _, a := range active {
		levels[a.ID] = a.level
	}
	return levels
}

func TestProfiles(t *testing.T) {
	recommended := map[string]Level{"privileged": Error, "seccomp": Warning, "pss-restricted": Info, "image-digest": Warning,
		"default-deny": Warning, "cpu-limits": Info, "capabilities-added": Error}
	restricted := maps.Clone(recommended)
	for _, id := range []string{"seccomp", "pss-restricted", "image-digest", "default-deny"} {
		restricted[id] = Error
	}
	everything := maps.Clone(recommended)
	everything["secret-env"], everything["node-port"] = Info, Error
	for profile, want := range map[string]map[string]Level{
		"": recommended, "recommended": recommended, "restricted": restricted, "everything": everything,
		"baseline": {"privileged": Error, "capabilities-added": Error},
	} {
		if got := levelsOf(t, &Policy{Profile: profile}, selection{}); !maps.Equal(got, want) {
			t.Errorf("profile %q: %v, want %v", profile, got, want)
		}
	}
}

// TestSettingsOverProfile holds that what a policy says of a rule goes before its profile, and what the command line
// says before both.
func TestSettingsOverProfile(t *testing.T) {
	policy := &Policy{Profile: "baseline", Rules: map[string]RuleSetting{
		"privileged": {Off: true}, "seccomp": {Level: Info}, "secret-env": {Level: Warning}}}
	if got, want := levelsOf(t, policy, selection{}), (map[string]Level{"seccomp": Info, "secret-env": Warning, "capabilities-added": Error}); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := levelsOf(t, policy, selection{only: []string{"privileged", "cpu-limits"}}), (map[string]Level{"privileged": Error, "cpu-limits": Info}); !maps.Equal(got, want) {
		t.Errorf("with --rules: %v, want %v", got, want)
	}
	if got, want := levelsOf(t, policy, selection{skip: []string{"seccomp"}}), (map[string]Level{"secret-env": Warning, "capabilities-added": Error}); !maps.Equal(got, want) {
		t.Errorf("with --skip: %v, want %v", got, want)
	}
	if _, err := activate(profileRules(), policy, selection{skip: []string{"nothing"}}); err == nil || !strings.Contains(err.Error(), `"nothing"`) {
		t.Errorf("an unknown rule gives %v", err)
	}
}

// TestStrictLists holds that a profile makes parameters stricter, that being named does, and that the policy's own
// value goes before.
func TestStrictLists(t *testing.T) {
	var own yaml.Node
	if err := yaml.Unmarshal([]byte("{level: error, list: own}"), &own); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		policy Policy
		only   []string
		want   string
	}{
		{Policy{}, nil, "wide"},
		{Policy{Profile: "restricted"}, nil, "strict"},
		{Policy{}, []string{"capabilities-added"}, "strict"},
		{Policy{Profile: "restricted", Rules: map[string]RuleSetting{"capabilities-added": {Level: Error, Params: own.Content[0]}}}, nil, "own"},
	}
	for _, test := range tests {
		active, err := activate(profileRules(), &test.policy, selection{only: test.only})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(active, func(a activeRule) bool { return a.ID == "capabilities-added" })
		if got := active[i].params.(*adapted).List; got != test.want {
			t.Errorf("profile %q, only %v: list %q, want %q", test.policy.Profile, test.only, got, test.want)
		}
	}
}
