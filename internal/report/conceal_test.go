package report

import (
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// TestConcealed holds that the difference of a fix shows no line of a Secret, and every line of anything else.
func TestConcealed(t *testing.T) {
	t.Parallel()
	const value = "hunter2-Tr0ub4dor"
	cases := []struct{ name, before, after, want string }{
		{"the Secret above", "kind: Secret\ndata:\n  a: " + value + "\n---\nkind: Pod\nb: 1\n", "kind: Secret\ndata:\n  a: " + value + "\n---\nkind: Pod\nb: 2\n",
			"@@ -3,4 +3,4 @@\n   …\n ---\n kind: Pod\n-b: 1\n+b: 2\n"},
		{"the Secret itself, in one line", "[{kind: Secret, data: {a: " + value + "}}, {kind: Pod}]\r\n", "[{kind: Secret, data: {a: " + value + "}}, {kind: Pod, b: 1}]\r\n",
			"@@ -1 +1 @@\n-…\r\n+…\r\n"},
		{"new lines", "a: 1\n---\nkind: Secret\ndata:\n", "a: 1\nb: 2\n---\nkind: Secret\ndata:\n  x: " + value + "\n",
			"@@ -1,4 +1,6 @@\n a: 1\n+b: 2\n ---\n …\n …\n+  …\n"},
		{"a key of the API server", "kind: EncryptionConfiguration\nresources:\n- secret: " + value + "\n", "kind: EncryptionConfiguration\nresources:\n- name: a\n  secret: " + value + "\n",
			"@@ -1,3 +1,4 @@\n …\n …\n-…\n+…\n+  …\n"},
		{"a token of kubeadm's", "apiVersion: kubeadm.k8s.io/v1beta4\nttl: 0s\ntoken: " + value + "\n", "apiVersion: kubeadm.k8s.io/v1beta4\nttl: 24h\ntoken: " + value + "\n",
			"@@ -1,3 +1,3 @@\n apiVersion: kubeadm.k8s.io/v1beta4\n-ttl: 0s\n+ttl: 24h\n …\n"},
		{"no Secret", "password: " + value + "\na: 1\n", "password: " + value + "\na: 2\n", "@@ -1,2 +1,2 @@\n password: " + value + "\n-a: 1\n+a: 2\n"},
	}
	for _, c := range cases {
		got := Concealed(manifests.Unified("a", "b", c.before, c.after), c.before, c.after)
		if got, ok := strings.CutPrefix(got, "--- a\n+++ b\n"); !ok || got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
}
