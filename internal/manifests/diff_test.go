package manifests

import (
	"strings"
	"testing"
)

// object makes an object of YAML.
func object(t *testing.T, text string) *Object {
	t.Helper()
	o, err := NewObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func objects(t *testing.T, texts ...string) (all []*Object) {
	t.Helper()
	for _, text := range texts {
		all = append(all, object(t, text))
	}
	return all
}

const (
	mapOne = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: x\n"
	mapTwo = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: two\ndata:\n  a: x\n"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	other := strings.Replace(mapOne, "a: x", "a: y", 1)
	tests := map[string]struct {
		base, head []string
		want       string
	}{
		"nothing":                {[]string{mapOne, mapTwo}, []string{mapTwo, mapOne}, ""},
		"added":                  {[]string{mapOne}, []string{mapTwo, mapOne}, "added ConfigMap/two"},
		"removed":                {[]string{mapOne, mapTwo}, []string{mapTwo}, "removed ConfigMap/one"},
		"modified":               {[]string{mapOne, mapTwo}, []string{mapTwo, other}, "modified ConfigMap/one"},
		"said in other words":    {[]string{mapOne}, []string{"# c\nkind: ConfigMap\napiVersion: 'v1'\ndata: {a: \"x\"}\nmetadata: {name: one}\n"}, ""},
		"a number for a text":    {[]string{strings.Replace(mapOne, "a: x", "a: '1'", 1)}, []string{strings.Replace(mapOne, "a: x", "a: 1", 1)}, "modified ConfigMap/one"},
		"another version":        {[]string{"apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: a}\n"}, []string{"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"}, "modified Deployment/a"},
		"another group":          {[]string{"apiVersion: extensions/v1\nkind: Deployment\nmetadata: {name: a}\n"}, []string{"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"}, "added Deployment/a, removed Deployment/a"},
		"another namespace":      {[]string{mapOne}, []string{strings.Replace(mapOne, "name: one", "name: one\n  namespace: n", 1)}, "added ConfigMap/n/one, removed ConfigMap/one"},
		"one of two of one name": {[]string{mapOne, other}, []string{other}, "removed ConfigMap/one"},
		"two of one name swap":   {[]string{mapOne, other}, []string{other, mapOne}, ""},
		"a list in other order":  {[]string{mapOne + "l: [a, b]\n"}, []string{mapOne + "l: [b, a]\n"}, "modified ConfigMap/one"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range Diff("root", objects(t, test.base...), objects(t, test.head...)) {
				got = append(got, string(d.Change)+" "+d.Object.String())
				if d.Root != "root" || d.Unified == "" {
					t.Errorf("difference %+v", d)
				}
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestUnified(t *testing.T) {
	t.Parallel()
	diffs := Diff("r", objects(t, mapOne), objects(t, strings.Replace(mapOne, "a: x\n", "a: y", 1)))
	want := "--- base\n+++ head\n@@ -3,4 +3,4 @@\n metadata:\n   name: one\n data:\n-  a: x\n+  a: y\n"
	if len(diffs) != 1 || diffs[0].Unified != want {
		t.Errorf("got %q, want %q", diffs, want)
	}
}
