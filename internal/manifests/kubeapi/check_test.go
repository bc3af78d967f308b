package kubeapi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
)

// checked returns the violations of an object as "path text".
func checked(t *testing.T, s *kubeapi.Schema, text string) []string {
	t.Helper()
	o, err := manifests.NewObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	found, _ := s.Check(o.Field())
	var all []string
	for _, v := range found {
		line := v.At.Path() + " " + v.Text
		if v.Meant != "" {
			line += "; meant " + v.Meant
		}
		if v.Right != nil {
			line += fmt.Sprintf("; right %T %v", v.Right, v.Right)
		}
		all = append(all, line)
	}
	return all
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// TestFaults plants one fault at a time into a Deployment. That the API server refuses each of them was seen with
// the registries of Kubernetes 1.36.
func TestFaults(t *testing.T) {
	t.Parallel()
	const right = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx
        imagePullPolicy: Always
        env: [{name: PORT, value: "80"}]
        ports: [{containerPort: 80}]
        resources: {limits: {memory: 1Gi}}
        readinessProbe: {httpGet: {path: /, port: 80}}
      volumes: [{name: tmp, emptyDir: {}}]
`
	const web = "spec.template.spec.containers[0]."
	s := kubeapi.For(36).Schema("apps/v1", "Deployment")
	same(t, checked(t, s, right))
	for _, c := range []struct{ from, to, want string }{
		{"replicas: 2", "replcas: 2", "spec.replcas is not known; meant replicas"},
		{"replicas: 2", "replicas: \"2\"", "spec.replicas is a string, an integer is wanted; right int64 2"},
		{"replicas: 2", "replicas: two", "spec.replicas is a string, an integer is wanted"},
		{"replicas: 2", "replicas: 1.5", "spec.replicas is a number, an integer is wanted"},
		{"replicas: 2", "replicas: 2.0", ""},
		{"replicas: 2", "replicas: null", ""},
		{"replicas: 2", "replicas: ${REPLICAS}", ""},
		{"replicas: 2", "replicas: <path:a#b>", ""},
		{"replicas: 2", "replicas: 3000000000", "spec.replicas does not fit into 32 bits"},
		{"replicas: 2", "replicas: [2]", "spec.replicas is a list, an integer is wanted"},
		{"replicas: 2", "replicas: 2\n  replicas: 3\n  replicas: 4", "spec.replicas is written twice"},
		{"imagePullPolicy: Always", "imagePullPolicy: always", web + "imagePullPolicy is none of Always, IfNotPresent, Never; right string Always"},
		{"imagePullPolicy: Always", "imagePullPolicy: Sometimes", web + "imagePullPolicy is none of Always, IfNotPresent, Never"},
		{"imagePullPolicy: Always", "imagePullPolicy: \"\"", ""},
		{"imagePullPolicy: Always", "imagepullpolicy: Always", web + "imagepullpolicy is not known; meant imagePullPolicy"},
		{`value: "80"`, "value: 80", web + "env[0].value is an integer, a string is wanted; right string 80"},
		{`value: "80"`, "value: 1.10", web + "env[0].value is a number, a string is wanted; right string 1.10"},
		{`value: "80"`, "value: yes", web + "env[0].value is a boolean, a string is wanted; right string yes"},
		{`value: "80"`, "value: 2026-01-31", ""},
		{`value: "80"`, `value: "80", valueFrom: {secretKeyRef: {name: a}}`, web + "env[0].valueFrom.secretKeyRef.key is missing"},
		{"labels: {app: web}}\nspec", "labels: {app: web, version: 1.2}}\nspec", "metadata.labels.version is a number, a string is wanted; right string 1.2"},
		{"ports: [{containerPort: 80}]", "ports: [{name: http}]", web + "ports[0].containerPort is missing"},
		{"ports: [{containerPort: 80}]", "ports: {containerPort: 80}", web + "ports is a mapping, a list is wanted"},
		{"memory: 1Gi", "memory: 1GiB", web + "resources.limits.memory is no quantity, as in 100m, 1.5 or 2Gi"},
		{"memory: 1Gi", "memory: true", web + "resources.limits.memory is a boolean, a quantity is wanted"},
		{"port: 80}", "port: 80.5}", web + "readinessProbe.httpGet.port is a number, an integer or a string is wanted"},
		{"port: 80}", "port: http, scheme: https}", web + "readinessProbe.httpGet.scheme is none of HTTP, HTTPS; right string HTTPS"},
		{"volumes: [{name: tmp, emptyDir: {}}]", "volumes: [{name: tmp, emptyDir: {}}, {name: tmp, emptyDir: {}}]", "spec.template.spec.volumes[1] has the same name as an item above"},
		{"selector: {matchLabels: {app: web}}\n", "\n", "spec.selector is missing"},
		{"metadata: {name: web, labels", "metadata: {name: web, creationTimestamp: yesterday, labels", "metadata.creationTimestamp is no time, as in 2026-01-31T12:00:00Z"},
		{"metadata: {name: web, labels", "status: {x: 1, x: 2}\nmetadata: {name: web, labels", "status.x is written twice"},
	} {
		text := strings.Replace(right, c.from, c.to, 1)
		if text == right {
			t.Fatalf("%q is not there", c.from)
		}
		var want []string
		if c.want != "" {
			want = []string{c.want}
		}
		same(t, checked(t, s, text), want...)
	}
}

func TestOtherKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: not base64!}", "data.a is not base64"},
		{"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: \"ENC[AES256_GCM,data:x]\"}", ""},
		{"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: 5}", "stringData.a is an integer, a string is wanted; right string 5"},
		{"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nbinaryData: {a: \"YQ==\"}\ndata:", ""},
		{"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: {b: c}}", "data.a is a mapping, a string is wanted"},
		{"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}", "spec.containers is missing"},
		{"apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a}\nroleRef: {kind: Role, name: a}", ""},
	} {
		o, err := manifests.NewObject([]byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		if c.want != "" {
			want = []string{c.want}
		}
		same(t, checked(t, kubeapi.For(36).Schema(o.APIVersion, o.Kind), c.text), want...)
	}
}

// TestDefinition checks custom objects by the schema of their definition.
func TestDefinition(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/definition.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o, err := manifests.NewObject(text)
	if err != nil {
		t.Fatal(err)
	}
	d, err := kubeapi.ReadDefinition(o)
	if err != nil {
		t.Fatal(err)
	}
	if d.Group != "acme.com" || d.Kind != "Widget" || !d.Namespaced || !d.Version("v1").Served || d.Version("v0").Served || d.Version("v9") != nil {
		t.Errorf("%+v", d)
	}
	s, err := d.Version("v1").Compile(kubeapi.For(36).ObjectMeta())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ spec, want string }{
		{"{}", "spec.color is missing"},
		{"{color: red}", ""},
		{"{color: blue}", "spec.color is none of red, green"},
		{"{color: red, level: 5}", ""},
		{"{color: red, level: 4}", "spec.level is none of 1, 5"},
		{"{color: red, shape: {a: 1}}", ""},
		{"{color: red, shape: {a: 2}}", "spec.shape is none of {\"a\":1}"},
		{"{color: red, items: [{}, {}]}", "spec.items[1] has the same name as an item above"},
		{"{color: red, size: 0}", "spec.size is below 1"},
		{"{color: red, size: 8}", "spec.size is not below 8"},
		{"{color: red, step: 3}", "spec.step is no multiple of 2"},
		{"{color: red, name: x}", "spec.name has 1 characters, at least 2 are wanted"},
		{"{color: red, name: ABC}", "spec.name does not match ^[a-z]+$"},
		{"{color: red, free: {a: {b: 1}}, labels: {a: b}}", ""},
		{"{color: red, free: {typed: 1}}", "spec.free.typed is an integer, a string is wanted; right string 1"},
		{"{color: red, labels: {a: 1}}", "spec.labels.a is an integer, a string is wanted; right string 1"},
		{"{color: red, closed: {a: 1}}", "spec.closed.a is not known"},
		{"{color: red, port: 1.5}", "spec.port is a number, an integer or a string is wanted"},
		{"{color: red, port: http}", ""},
		{"{color: red, set: [a, b, a]}", "spec.set[2] is in the list twice"},
		{"{color: red, items: [{name: a}, {name: b}, {name: a}]}", "spec.items[2] has the same name as an item above"},
		{"{color: red, items: []}", "spec.items has 0 items, at least 1 are wanted"},
		{"{color: red, one: {a: 1, b: 1}}", "spec.one meets 2 of the alternatives of which its schema wants exactly one (a, b)"},
		{"{color: red, one: {b: 1}}", ""},
		{"{color: red, any: {}}", "spec.any meets none of the alternatives that its schema gives (a, b)"},
		{"{color: red, not: {a: 1}}", "spec.not is what its schema rules out (a)"},
		{"{color: red, all: {a: 1}}", "spec.all.b is missing"},
		{"{color: red, object: {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {x: 1}}}", ""},
		{"{color: red, object: {kind: Pod}}", "spec.object.apiVersion is missing"},
		{"{color: red, unknown: 1}", "spec.unknown is not known"},
		{"{color: red, day: 2026-13-01}", "spec.day is no day, as in 2026-01-31"},
		{"{color: red, net: 10.0.0.0}", "spec.net is no network, as in 10.0.0.0/8"},
		{"{color: red, address: \"::1\"}", "spec.address is no IPv4 address"},
	} {
		var want []string
		if c.want != "" {
			want = []string{c.want}
		}
		same(t, checked(t, s, "apiVersion: acme.com/v1\nkind: Widget\nmetadata: {name: a}\nstatus: {anything: 1}\nspec: "+c.spec), want...)
	}
	same(t, checked(t, s, "apiVersion: acme.com/v1\nkind: Widget\nmetadata: {name: toolong, labels: {a: 1}}\nspec: {color: red}"),
		"metadata.labels.a is an integer, a string is wanted; right string 1", "metadata.name has 7 characters, at most 5 are allowed")
}

// TestHostile holds checks to an end, however large object and schema are made.
func TestHostile(t *testing.T) {
	t.Parallel()
	deep := `{"type":"string","maxLength":1}`
	for range 12 {
		deep = `{"anyOf":[` + deep + "," + deep + `]}`
	}
	s, err := kubeapi.Parse([]byte(`{"type":"object","properties":{"a":{"type":"array","items":` + deep + `}}}`))
	if err != nil {
		t.Fatal(err)
	}
	o, err := manifests.NewObject([]byte("apiVersion: v1\nkind: A\na: [" + strings.Repeat("long, ", 5000) + "long]"))
	if err != nil {
		t.Fatal(err)
	}
	if _, complete := s.Check(o.Field()); complete {
		t.Error("an endless check is called complete")
	}
	many := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
	for i := range 5000 {
		many += fmt.Sprintf("  k%d: {}\n", i)
	}
	o, err = manifests.NewObject([]byte(many))
	if err != nil {
		t.Fatal(err)
	}
	if found, complete := kubeapi.For(36).Schema("v1", "ConfigMap").Check(o.Field()); len(found) != 64 || complete {
		t.Errorf("%d violations, complete %v", len(found), complete)
	}
	if found := checked(t, &kubeapi.Schema{Preserve: true}, many+"  k7: {}\n"); len(found) != 1 || found[0] != "data.k7 is written twice" {
		t.Error(found)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"image", "imagePullPolicy", "args", "env", "envFrom", "stdin", "tty"}
	for word, want := range map[string]string{
		"imagepullpolicy": "imagePullPolicy", "imagePullPolcy": "imagePullPolicy", "imgae": "image", "arg": "args", "envs": "env", "nothing": "", "x": "",
	} {
		if got := kubeapi.Nearest(word, words); got != want {
			t.Errorf("%s: %q", word, got)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, file := range []string{"testdata/right.yaml", "testdata/definition.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, doc := range manifests.SplitDocuments(text) {
			f.Add(doc.Data, []byte(`{"type":"object","properties":{"spec":{"oneOf":[{"required":["a"]}],"x-kubernetes-list-type":"set","enum":[1,"a"]}}}`))
		}
	}
	f.Fuzz(func(t *testing.T, text, schema []byte) {
		o, err := manifests.NewObject(text)
		if err != nil {
			return
		}
		if d, err := kubeapi.ReadDefinition(o); err == nil {
			for i := range d.Versions {
				if s, err := d.Versions[i].Compile(kubeapi.For(36).ObjectMeta()); err == nil {
					s.Check(o.Field())
				}
			}
		}
		if s := kubeapi.For(36).Schema(o.APIVersion, o.Kind); s != nil {
			found, _ := s.Check(o.Field())
			for _, v := range found {
				if v.Text == "" || v.Fault == 0 {
					t.Errorf("%+v says nothing", v)
				}
			}
		}
		if s, err := kubeapi.Parse(schema); err == nil {
			s.Check(o.Field())
		}
	})
}

// BenchmarkCheck compares checking with parsing what is checked, which it must not exceed.
func BenchmarkCheck(b *testing.B) {
	dir := os.Getenv("LANDWAITER_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "corpus")
	}
	text, err := os.ReadFile(filepath.Join(dir, "argo-cd", "manifests", "ha", "install.yaml"))
	if err != nil {
		b.Skip("the corpus has no argo-cd: set LANDWAITER_CORPUS to where it lies")
	}
	set := kubeapi.For(36)
	for name, only := range map[string]string{"all": "", "workloads": "Deployment"} {
		var objects []*manifests.Object
		size := 0
		for _, doc := range manifests.SplitDocuments(text) {
			if o, err := manifests.NewObject(doc.Data); err == nil && (only == "" || o.Kind == only) {
				objects = append(objects, o)
				size += len(doc.Data)
			}
		}
		b.Run(name+"/parse", func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				for _, o := range objects {
					if _, err := manifests.ParseYAML(o.Raw); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run(name+"/check", func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, o := range objects {
					if s := set.Schema(o.APIVersion, o.Kind); s != nil {
						s.Check(o.Field())
					}
				}
			}
		})
	}
}
