package manifests

import (
	"strings"
	"testing"
)

// The values that no masked text may hold.
const (
	plainValue  = "hunter2-plain"
	base64Value = "aHVudGVyMi1wbGFpbg=="
)

func TestMasked(t *testing.T) {
	tests := []struct{ name, text, kept string }{
		{"data", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  password: " + base64Value + "\n", "password: '***'"},
		{"stringData", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  password: " + plainValue + "\n", "password: '***'"},
		{"flow style", "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {password: " + base64Value + "}}\n", "password: '***'"},
		{"JSON", `{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"password": "` + base64Value + `"}}`, "password"},
		{"block scalar", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  file: |\n    user: x\n    password: " + plainValue + "\n", "file: '***'"},
		{"folded over lines", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  file: >-\n    x\n    " + plainValue + "\n", "file: '***'"},
		{"no text", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  number: 4711\n  list: [" + plainValue + ", 4711]\n  deep: {deeper: {a: " + plainValue + "}}\n", "deeper"},
		{"data that is a text", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: " + plainValue + "\n", "data: '***'"},
		{"data that is a list", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: [{password: " + plainValue + "}]\n", "password"},
		{"tagged", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  password: !!binary " + base64Value + "\n", "password: '***'"},
		{"anchored", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  a: &x " + base64Value + "\n  b: *x\n", "b: '***'"},
		{"comments", "apiVersion: v1\nkind: Secret\n# was " + plainValue + "\nmetadata: {name: a} # " + plainValue + "\ndata: # " + plainValue + "\n  # " + plainValue + "\n  password: " + base64Value + " # " + plainValue + "\n# " + plainValue + "\n", "password: '***'"},
		{"last applied", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{\"password\":\"" + base64Value + "\"}}\ndata: {}\n", "last-applied-configuration: '***'"},
		{"last applied of a list", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{\"kind\": \"Secret\", \"stringData\": {\"password\": \"" + plainValue + "\"}}'\n", "last-applied-configuration: '***'"},
		{"SOPS", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  password: ENC[AES256_GCM,data:" + plainValue + ",type:str]\nsops:\n  age:\n  - recipient: age1x\n    enc: " + plainValue + "\n", "recipient: '***'"},
		{"items of a List", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: a}\n  data: {password: " + base64Value + "}\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: b}\n  data: {shown: yes-it-is}\n", "shown: yes-it-is"},
		{"a SecretList", "apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: a}\n  data: {password: " + base64Value + "}\n", "password: '***'"},
		{"doubled keys in a mapping", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  'multi line':\n    - - " + plainValue + "\n", "multi line"},
		{"the key of a mapping is a mapping", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  a: {b: {c: [{d: " + plainValue + "}]}}\n", "d: '***'"},
	}
	for _, test := range tests {
		o, err := NewObject([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		masked := string(o.Masked())
		for _, secret := range []string{plainValue, base64Value, "4711"} {
			if strings.Contains(masked, secret) {
				t.Errorf("%s: %s is left:\n%s", test.name, secret, masked)
			}
		}
		if !strings.Contains(masked, test.kept) {
			t.Errorf("%s: %q is not there any more:\n%s", test.name, test.kept, masked)
		}
		if !o.HoldsSecrets() {
			t.Errorf("%s: is said to hold no secrets", test.name)
		}
	}
}

// TestMaskedLeaves holds that what is no Secret is not touched, by a byte.
func TestMaskedLeaves(t *testing.T) {
	for _, text := range []string{
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a} # kept\ndata:\n  password: shown\n",
		"apiVersion: acme.example/v1\nkind: Secret\nmetadata: {name: a}\ndata: {password: another kind}\n",
		"apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\nspec: {encryptedData: {password: AgBx}}\n",
	} {
		o, err := NewObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(o.Masked()); got != text {
			t.Errorf("changed to %q", got)
		}
	}
}

// TestMaskedDiff holds that a difference shows that a value changed, was added or went away, and never which it is.
func TestMaskedDiff(t *testing.T) {
	secret := func(data string) []*Object {
		o, err := NewObject([]byte("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n" + data))
		if err != nil {
			t.Fatal(err)
		}
		return []*Object{o}
	}
	tests := []struct {
		name       string
		base, head []*Object
		want       []string
	}{
		{"changed", secret("  a: " + base64Value + "\n  b: c2FtZQ==\n"), secret("  a: b3RoZXI=\n  b: c2FtZQ==\n"), []string{"-  a: '***'", "+  a: '*** (changed)'"}},
		{"added key", secret("  a: c2FtZQ==\n"), secret("  a: c2FtZQ==\n  b: " + base64Value + "\n"), []string{"+  b: '***'"}},
		{"removed key", secret("  a: c2FtZQ==\n  b: " + base64Value + "\n"), secret("  a: c2FtZQ==\n"), []string{"-  b: '***'"}},
		{"new", nil, secret("  a: " + base64Value + "\n"), []string{"+  a: '***'"}},
		{"gone", secret("  a: " + base64Value + "\n"), nil, []string{"-  a: '***'"}},
		{"only a comment", secret("  a: " + base64Value + " # old\n"), secret("  a: " + base64Value + " # " + plainValue + "\n"), nil},
	}
	for _, test := range tests {
		diffs := Diff(".", test.base, test.head)
		if test.want == nil {
			if len(diffs) != 0 {
				t.Errorf("%s: %+v", test.name, diffs)
			}
			continue
		}
		if len(diffs) != 1 {
			t.Fatalf("%s: %d differences", test.name, len(diffs))
		}
		for _, want := range test.want {
			if !strings.Contains(diffs[0].Unified, want+"\n") {
				t.Errorf("%s: lacks %q:\n%s", test.name, want, diffs[0].Unified)
			}
		}
		for _, value := range []string{base64Value, plainValue, "b3RoZXI", "c2FtZQ"} {
			if strings.Contains(diffs[0].Unified, value) {
				t.Errorf("%s: shows a value:\n%s", test.name, diffs[0].Unified)
			}
		}
	}
}
