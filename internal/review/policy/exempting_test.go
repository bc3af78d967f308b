package policy

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
)

func TestAddExemptions(t *testing.T) {
	t.Parallel()
	entry := review.ExemptionRule{Rule: "host-path", Object: "DaemonSet/logging/agent", Reason: "asked for: in\n#12",
		Until: time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)}
	const added = "- rule: host-path\n  object: DaemonSet/logging/agent\n  reason: 'asked for: in #12'\n  until: 2027-03-31\n"
	indented := "  " + strings.ReplaceAll(strings.TrimSuffix(added, "\n"), "\n", "\n  ") + "\n"
	const old = "- {rule: privileged, object: \"*\", reason: x, until: 2027-01-01}\n"
	for _, c := range []struct{ name, text, want string }{
		{"no file", "", "exemptions:\n" + indented},
		{"other keys", "# ours\nkubernetes: \"1.34\"", "# ours\nkubernetes: \"1.34\"\nexemptions:\n" + indented},
		{"null", "exemptions:\ngate: {failOn: error}\n", "exemptions:\n" + indented + "gate: {failOn: error}\n"},
		{"unindented list", "exemptions:\n" + old + "gate: {failOn: error}\n", "exemptions:\n" + old + added + "gate: {failOn: error}\n"},
		{"indented list", "exemptions:\n  " + old + "# end", "exemptions:\n  " + old + indented + "# end\n"},
		{"windows", "helm: 4\r\n", strings.ReplaceAll("helm: 4\nexemptions:\n"+indented, "\n", "\r\n")},
		{"long reason", "exemptions:\n- rule: a\n  reason: |\n    one\n    two\n", "exemptions:\n- rule: a\n  reason: |\n    one\n    two\n" + added},
	} {
		got, err := AddExemptions([]byte(c.text), []review.ExemptionRule{entry})
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.name, err, got, c.want)
		}
	}
	for _, text := range []string{"exemptions: [{rule: a}]\n", "exemptions: []\n", "exemptions: 3\n", "{exemptions: [], helm: 4}\n"} {
		if _, err := AddExemptions([]byte(text), []review.ExemptionRule{entry}); !errors.Is(err, ErrFlowStyle) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := AddExemptions([]byte("a: [\n"), nil); err == nil {
		t.Error("what is not YAML was changed")
	}
}
