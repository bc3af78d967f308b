package controlplane

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

func viewOf(t testing.TB, docs ...string) *review.RootView {
	t.Helper()
	var objects []*manifests.Object
	for _, doc := range docs {
		o, err := manifests.NewObject([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	return review.NewRootView(manifests.Root{Path: ".", Kind: manifests.Plain}, objects)
}

func podOf(command string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: kube-system}\nspec:\n  containers:\n    - name: c\n" + command
}

func TestProgramsAreRecognised(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, container, want string }{
		{"command", "      command: [kube-apiserver, --profiling=false]\n", "kube-apiserver profiling=false"},
		{"path", "      command: [/usr/local/bin/kube-scheduler, --profiling]\n", "kube-scheduler profiling=true"},
		{"two words", "      command: [kube-apiserver, --authorization-mode, RBAC, --v, '2']\n", "kube-apiserver authorization-mode=RBAC v=2"},
		{"toggle before a word", "      command: [kube-apiserver, --anonymous-auth, stray]\n", "kube-apiserver anonymous-auth=true"},
		{"args", "      command: [kube-apiserver]\n      args: [--profiling=true]\n", "kube-apiserver profiling=true"},
		{"image", "      image: registry.k8s.io/kube-scheduler-amd64:v1.34.0@sha256:ab\n      args: [--v=2]\n", "kube-scheduler v=2"},
		{"image without arguments", "      image: registry.k8s.io/kube-scheduler:v1.34.0\n", ""},
		{"go-runner", "      command: [/go-runner, --log-file=/x, --also-stdout=true, /usr/local/bin/kube-apiserver, --v=2]\n", "kube-apiserver v=2"},
		{"hyperkube", "      command: [/hyperkube, kube-apiserver, --v=2]\n", "kube-apiserver v=2"},
		{"shell", "      command: [/bin/sh, -ec, 'mkdir -p /x; A=1 exec kube-apiserver --v=2 2>&1 | tee /log']\n", "kube-apiserver v=2"},
		{"shell quotes", "      command: [sh, -c]\n      args: [\"kube-apiserver '--v=2' --x=\\\"a b\\\"\"]\n", "kube-apiserver v=2 x=a b"},
		{"shell comment", "      command: [sh, -c, \"# kube-apiserver --v=1\\nkube-scheduler --v=2\"]\n", "kube-scheduler v=2"},
		{"other program", "      command: [kubectl, logs, kube-apiserver]\n", ""},
		{"other program by shell", "      command: [sh, -c, 'pkill kube-apiserver']\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got string
			for _, part := range surveyOf(viewOf(t, podOf(c.container))).components {
				got += part.name
				for _, f := range part.flags {
					got += " " + f.name + "=" + f.value
				}
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestScriptLines(t *testing.T) {
	t.Parallel()
	commands := splitScript("echo a\nexec kube-apiserver \\\n  --a=1 \\\n  --b='2\n3' --c\n")
	var got []string
	for _, w := range commands[1] {
		got = append(got, fmt.Sprintf("%d:%s", w.line, w.text))
	}
	want := []string{"2:exec", "2:kube-apiserver", "3:--a=1", "5:--b=2\n3", "5:--c"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVariablesLeaveFlagsOpen(t *testing.T) {
	t.Parallel()
	for command, open := range map[string]bool{
		"      command: [kube-apiserver, $(FLAGS)]\n":                    true,
		"      command: [sh, -c, 'kube-apiserver --v=2 \"$@\"']\n":       true,
		"      command: [kube-apiserver, --advertise-address=$(HOST)]\n": false,
	} {
		if got := surveyOf(viewOf(t, podOf(command))).components[0].open; got != open {
			t.Errorf("%s: open is %v", command, got)
		}
	}
}

func TestLinesWithinTexts(t *testing.T) {
	t.Parallel()
	text := "# first\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n---\napiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n  - level: None\n    users:\n      - a\n  - level: Metadata\n"
	object := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n  a: |\n" + "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
	docs := surveyOf(viewOf(t, object)).documents
	if len(docs) != 2 {
		t.Fatalf("%d documents, want 2", len(docs))
	}
	for path, want := range map[string]int{"": 5, "rules": 7, "rules[0].level": 8, "rules[0].users[0]": 10, "rules[1].level": 11, "rules[1].omitStages": 11, "omitStages": 5} {
		at := manifests.NewField(nil, path)
		if got := docs[1].place(at).line; got != want {
			t.Errorf("%q stands on line %d, want %d", path, got, want)
		}
	}
}

func TestAuditRulesMatchAsInTheAPIServer(t *testing.T) {
	t.Parallel()
	jane := request{user: "jane", groups: []string{"staff"}, verb: "get", namespace: "team", resource: "pods", name: "web"}
	logs := jane
	logs.sub = "log"
	node := request{user: "jane", verb: "get", resource: "nodes"}
	deploy := jane
	deploy.group, deploy.resource = "apps", "deployments"
	for _, c := range []struct {
		rule string
		r    request
		want bool
	}{
		{"{level: None}", jane, true},
		{"{users: [jane]}", jane, true}, {"{users: [joe]}", jane, false},
		{"{userGroups: [staff, x]}", jane, true}, {"{userGroups: [x]}", jane, false},
		{"{verbs: [get]}", jane, true}, {"{verbs: [list]}", jane, false}, {"{verbs: ['*']}", jane, false},
		{"{namespaces: [team]}", jane, true}, {"{namespaces: [other]}", jane, false}, {"{namespaces: ['']}", node, true}, {"{namespaces: [team]}", node, false},
		{"{nonResourceURLs: ['*']}", jane, false},
		{"{resources: [{group: ''}]}", jane, true}, {"{resources: [{group: apps}]}", jane, false}, {"{resources: [{group: '*'}]}", jane, false},
		{"{resources: [{resources: [pods]}]}", jane, true}, {"{resources: [{resources: [pods]}]}", logs, false},
		{"{resources: [{resources: [pods/log]}]}", logs, true}, {"{resources: [{resources: [pods/*]}]}", logs, true},
		{"{resources: [{resources: [pods/*]}]}", jane, true}, {"{resources: [{resources: ['*/log']}]}", logs, true},
		{"{resources: [{resources: ['*/log']}]}", jane, false}, {"{resources: [{resources: ['*']}]}", logs, true},
		{"{resources: [{resources: [pods], resourceNames: [web]}]}", jane, true}, {"{resources: [{resources: [pods], resourceNames: [x]}]}", jane, false},
		{"{resources: [{group: apps, resources: [deployments]}], namespaces: [team]}", deploy, true},
		{"{resources: [{group: apps, resources: [deployments]}], namespaces: [x]}", deploy, false},
	} {
		node, err := manifests.ParseYAML([]byte("rules: [" + c.rule + "]"))
		if err != nil {
			t.Fatal(err)
		}
		if got := decide(readAuditRules(manifests.NewField(node, "")), c.r) == 0; got != c.want {
			t.Errorf("%s matches %+v: %v", c.rule, c.r, got)
		}
	}
}

func TestSelectors(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"a": "1", "kubernetes.io/metadata.name": "kube-system"}
	for selector, want := range map[string]bool{
		"{}": true, "{matchLabels: {a: '1'}}": true, "{matchLabels: {a: '2'}}": false, "{matchLabels: {b: '1'}}": false,
		"{matchExpressions: [{key: a, operator: In, values: ['1']}]}": true, "{matchExpressions: [{key: b, operator: In, values: ['1']}]}": false,
		"{matchExpressions: [{key: a, operator: NotIn, values: ['1']}]}": false, "{matchExpressions: [{key: b, operator: NotIn, values: ['1']}]}": true,
		"{matchExpressions: [{key: a, operator: Exists}]}": true, "{matchExpressions: [{key: a, operator: DoesNotExist}]}": false,
	} {
		node, err := manifests.ParseYAML([]byte(selector))
		if err != nil {
			t.Fatal(err)
		}
		if got := selects(manifests.NewField(node, ""), labels); got != want {
			t.Errorf("%s selects: %v", selector, got)
		}
	}
}

// FuzzConfiguration holds what is read out of texts to their bounds: every flag and every field of a document stands on
// a line that there is.
func FuzzConfiguration(f *testing.F) {
	f.Add("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None}]\n")
	f.Add("exec kube-apiserver --a=\\\n 'b c' # d\n")
	f.Add("imagePolicy: {defaultAllow: true}\n---\n- a\n")
	f.Fuzz(func(t *testing.T, script string) {
		lines := strings.Count(script, "\n") + 1
		for _, command := range splitScript(script) {
			for _, w := range command {
				if w.line < 1 || w.line > lines {
					t.Errorf("word %q on line %d of %d", w.text, w.line, lines)
				}
			}
		}
		owner := &manifests.Object{}
		for _, d := range (text{value: script}).parse(owner) {
			d.text = manifests.NewField(d.Node(), "data")
			decide(readAuditRules(d.Field), request{resource: "pods"})
			d.Walk(func(f manifests.Field) {
				if at := d.place(f); at.line < 1 || at.line > lines+1 {
					t.Errorf("%q on line %d of %d", f.Path(), at.line, lines)
				}
			})
		}
	})
}
