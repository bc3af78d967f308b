package manifests

import (
	"strings"
	"testing"
)

// hidden are the values that no text may show; base64 of it is aHVudGVy…
const (
	hidden        = "hunter2"
	hiddenEncoded = "aHVudGVyMg=="
)

// TestMasked holds that no form of a Secret shows its values, and that everything else stays.
func TestMasked(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n"
	tests := map[string]struct {
		text string
		want []string // what has to be there
	}{
		"data":         {head + "type: Opaque\ndata:\n  password: aHVudGVyMg==\n", []string{"password: '***'", "type: Opaque", "name: s"}},
		"string data":  {head + "stringData:\n  password: hunter2\n", []string{"stringData:", "password: '***'"}},
		"misspelt":     {head + "stringdata:\n  password: hunter2\nData: {p: aHVudGVyMg==}\n", []string{"stringdata:", "password: '***'"}},
		"nested":       {head + "data:\n  a: {b: [hunter2]}\n", []string{"b: ['***']"}},
		"block scalar": {head + "stringData:\n  file: |\n    user=a\n    password=hunter2\n", []string{"file: '***'"}},
		"numbers":      {head + "stringData:\n  pin: 1234 # hunter2\n  # hunter2\n", []string{"pin: '***'"}},
		"SOPS":         {head + "data:\n  p: ENC[AES256_GCM,data:hunter2,iv:x]\nsops:\n  mac: hunter2\n  kms: [{arn: hunter2}]\n", []string{"p: '***'", "mac: '***'"}},
		"last applied": {head + "  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{\"p\":\"aHVudGVyMg==\"}}\n    team: web\n",
			[]string{"team: web", "last-applied-configuration: '***'"}},
		"last applied in quotes": {head + "  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: \"{\\\"kind\\\":\\\"Secret\\\",\\\"stringData\\\":{\\\"p\\\":\\\"hunter2\\\"}}\"\n", nil},
		"last applied elsewhere": {"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: \"{\\\"kind\\\":\\\"Secret\\\",\\\"stringData\\\":{\\\"p\\\":\\\"hunter2\\\"}}\"\n", nil},
		"last applied torn":      {head + "  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{\"kind\":\"Secret\",\"p\":\"hunter2'\n", nil},
		"a list":                 {"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  stringData: {p: hunter2}\n- kind: ConfigMap\n  data: {p: shown}\n", []string{"p: shown", "p: '***'"}},
		"a list in a list":       {"apiVersion: v1\nkind: List\nitems:\n- kind: List\n  items:\n  - {apiVersion: v1, kind: Secret, data: {p: aHVudGVyMg==}}\n", nil},
		"a list of secrets":      {"apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: a}\n  data: {p: aHVudGVyMg==}\n", []string{"name: a"}},
		"anchors":                {head + "data:\n  a: &x aHVudGVyMg==\n  b: *x\n", []string{"a: '***'", "b: '***'"}},
		"group in full":          {"apiVersion: /v1\nkind: Secret\nstringData: {p: hunter2}\n", []string{"p: '***'"}},
		"encryption configuration": {"apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n  - aescbc: {keys: [{name: key1, secret: aHVudGVyMg==}]}\n",
			[]string{"name: key1", "secret: '***'", "resources: [secrets]"}},
		"encryption configuration of old": {"apiVersion: v1\nkind: EncryptionConfig\nresources:\n- providers:\n  - secretbox: {keys: [{secret: aHVudGVyMg==}]}\n", []string{"secret: '***'"}},
		"bootstrap token":                 {"apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nbootstrapTokens: [{token: abcdef.hunter2hunter2ab, ttl: 24h0m0s}]\ncertificateKey: hunter2\n", []string{"ttl: 24h0m0s", "token: '***'", "certificateKey: '***'"}},
		"join":                            {"apiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration\ndiscovery: {bootstrapToken: {token: abcdef.hunter2hunter2ab, apiServerEndpoint: 'a:6443'}, tlsBootstrapToken: hunter2}\n", []string{"apiServerEndpoint: 'a:6443'"}},
		"cluster API":                     {"apiVersion: bootstrap.cluster.x-k8s.io/v1beta1\nkind: KubeadmConfig\nspec: {joinConfiguration: {discovery: {bootstrapToken: {token: abcdef.hunter2hunter2ab}}}, format: cloud-config}\n", []string{"format: cloud-config"}},
		"kubeconfig":                      {"apiVersion: v1\nkind: Config\nusers:\n- name: me\n  user: {client-key-data: aHVudGVyMg==, token: hunter2, password: hunter2}\n", []string{"name: me", "client-key-data: '***'"}},
		"kubeconfig in a text":            {"apiVersion: v1\nkind: ConfigMap\ndata:\n  other: shown\n  config: |\n    kind: Config\n    current-context: a\n    users:\n    - name: me\n      user:\n        client-key-data: \"aHVudGVyMg==\"\n        token: >-\n          hunter2\n          hunter2\n    preferences: {}\n", []string{"other: shown", "name: me", "preferences: {}"}},
		"encryption in a text":            {"apiVersion: v1\nkind: ConfigMap\ndata:\n  config: |\n    kind: EncryptionConfiguration\n    resources: [{providers: [{aesgcm: {keys: [{\"name\": a, \"secret\": \"aHVudGVyMg==\"}, {secret: aHVudGVyMg==, name: b}]}}]}]\n", []string{"name: b"}},
		"kubeadm in a command":            {"apiVersion: v1\nkind: Pod\nspec: {containers: [{name: join, args: ['kubeadm join --token abcdef.hunter2hunter2ab --discovery-token=hunter2 a:6443']}]}\n", []string{"a:6443"}},
		"a key in PEM":                    {"apiVersion: v1\nkind: ConfigMap\ndata:\n  id: |\n    -----BEGIN RSA PRIVATE KEY-----\n    aHVudGVyMg==\n    -----END RSA PRIVATE KEY-----\n", []string{"-----BEGIN RSA PRIVATE KEY-----"}},
		"last applied with keys":          {"apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nmetadata:\n  annotations:\n    " + lastApplied + ": '{\"kind\":\"EncryptionConfiguration\",\"resources\":[{\"secret\":\"aHVudGVyMg==\"}]}'\n", nil},
		"merged":                          {head + "x: &x {p: aHVudGVyMg==}\ndata:\n  <<: *x\n", []string{"p: '***'"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := object(t, test.text)
			got := string(o.Masked())
			if strings.Contains(got, hidden) || strings.Contains(got, hiddenEncoded) || strings.Contains(got, "1234") {
				t.Errorf("a value shows:\n%s", got)
			}
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in\n%s", want, got)
				}
			}
			if !o.HoldsSecrets() {
				t.Error("it is not taken to hold secrets")
			}
			if _, err := NewObject([]byte(got)); err != nil {
				t.Errorf("the masked text is no object: %v\n%s", err, got)
			}
		})
	}
}

// TestMaskedLeavesOthers holds that what is no Secret stays byte for byte.
func TestMaskedLeavesOthers(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"apiVersion: v1\nkind: ConfigMap # c\ndata: {a:   b}\n",
		"apiVersion: example.com/v1\nkind: Secret\ndata: {a: b}\n",
		"apiVersion: apps/v1\nkind: Deployment\nspec: {secretName: a}\n",
	} {
		if got := string(object(t, text).Masked()); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	applied := object(t, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    "+lastApplied+": '{\"kind\":\"ConfigMap\",\"data\":{\"a\":\"shown\"}}'\n")
	if got := string(applied.Masked()); !strings.Contains(got, "shown") {
		t.Errorf("the copy of a ConfigMap is masked: %s", got)
	}
}

// TestMaskedDifference holds that a changed value is told from one that stayed, and neither is shown.
func TestMaskedDifference(t *testing.T) {
	t.Parallel()
	secret := func(values string) string {
		return "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n" + values
	}
	tests := map[string]struct{ base, head, want string }{
		"changed":   {"  a: hunter2\n  b: x\n", "  a: hunter2hunter2\n  b: x\n", "-  a: '***'\n+  a: '*** (changed)'\n   b: '***'\n"},
		"added":     {"  b: x\n", "  a: hunter2\n  b: x\n", "+  a: '***'\n   b: '***'\n"},
		"removed":   {"  a: hunter2\n  b: x\n", "  b: x\n", "-  a: '***'\n   b: '***'\n"},
		"requoted":  {"  a: hunter2\n", "  a: \"hunter2\"\n", ""},
		"a list":    {"  a: [x, hunter2]\n", "  a: [x, hunter3]\n", "-  a: ['***', '***']\n+  a: ['***', '*** (changed)']\n"},
		"new shape": {"  a: hunter2\n", "  a: {b: hunter2}\n", "-  a: '***'\n+  a: {b: '***'}\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got string
			for _, d := range Diff("r", objects(t, secret(test.base)), objects(t, secret(test.head))) {
				got += d.Unified
			}
			if !strings.HasSuffix(got, test.want) || (test.want == "") != (got == "") || strings.Contains(got, "hunter") {
				t.Errorf("got\n%s\nwant it to end in\n%s", got, test.want)
			}
		})
	}
}

// TestMaskedKeyDifference holds that a key that changed is told from one that stayed, in fields and in texts.
func TestMaskedKeyDifference(t *testing.T) {
	t.Parallel()
	config := func(key string) string {
		return "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- providers:\n  - aescbc: {keys: [{name: a, secret: " + key + "}]}\n"
	}
	text := func(key string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  c: |\n    kind: EncryptionConfiguration\n    secret: " + key + "\n    colour: blue\n"
	}
	for name, made := range map[string]func(string) string{"field": config, "text": text} {
		var got string
		for _, d := range Diff("r", objects(t, made("hunter2")), objects(t, made("hunter3"))) {
			got += d.Unified
		}
		if !strings.Contains(got, "*** (changed)") || strings.Contains(got, "hunter") {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}
