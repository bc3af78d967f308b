package main

import (
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/imagestest"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo/gittest"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write generated documentation and the expectations of scripts anew")

// TestMain lets the test binary be the program: scripts run it under its name, and what is told a verb (the render
// children of servers in this process, and servers that are to be killed) is the program too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		main()
	}
	testscript.Main(stopping{m}, map[string]func(){"landwaiter": main})
}

// stopping runs the tests, and then ends the database server that they may have started.
type stopping struct{ *testing.M }

// Run implements testscript.TestingM.
func (s stopping) Run() int {
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // most tests wait more than they work
	code := s.M.Run()
	postgres.end()
	return code
}

// TestScripts runs the command lines of testdata/script. Beside testscript's own commands they have
//
//	exits CODE PROGRAM [ARG…]    run a program that must end with that exit code
//	gitinit                      make $WORK/repo a repository whose files are committed on main, and go there
//	commit MESSAGE               commit all that is there
//	valid review|policy FILE     hold a file against the published schema
//	rewrite FILE OLD NEW         replace a text in a file, in which \n, \r, \t and \x are escapes
//	same FILE FILE               compare two files byte for byte
//
// On the loopback interface they have a registry, $REGISTRY, with images of acme: web:1.4.2 ($WEB), signed by the key
// $KEYS/acme.pub, and tools:1.0.0 ($TOOLS), which nobody signed; and a chart repository, $CHARTS at $CHARTS_HOST, with the
// chart web, which the registry has as charts/web: 1.0.0, of which the repository has a provenance file by the holder of
// $KEYS/charts.asc, and 1.1.0, which is signed in the registry by $KEYS/acme.pub; and a Git server, $GIT at $GIT_HOST, with
// the repositories of scriptBases.
func TestScripts(t *testing.T) {
	registry := scriptRegistry(t)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), UpdateScripts: *update, Setup: func(env *testscript.Env) error {
			for key, value := range registry {
				env.Setenv(key, value)
			}
			return surround(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "gitinit": gitInit, "commit": commit, "valid": valid, "rewrite": rewrite, "same": same,
		},
	})
}

// scriptRegistry starts the registry of scripts, and returns the variables that they know of it.
func scriptRegistry(t *testing.T) map[string]string {
	r, key, keys := imagestest.NewRegistry(t, imagestest.API), imagestest.NewKey(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(keys, "acme.pub"), key.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	web, _ := r.Image(t, "acme/web", "1.4.2")
	r.Attach(t, web, imagestest.CosignSign, key.Bundle(t, nil, imagestest.SignStatement(t, web.Digest), imagestest.Sealing{}))
	tools, _ := r.Image(t, "acme/tools", "1.0.0")
	charts, maintainer := imagestest.NewChartRepository(t), imagestest.NewMaintainer(t, "Acme")
	if err := os.WriteFile(filepath.Join(keys, "charts.asc"), maintainer.Keyring, 0o600); err != nil {
		t.Fatal(err)
	}
	for version, extra := range map[string]string{"1.0.0": "", "1.1.0": "      hostPID: true\n"} {
		files := map[string]string{"web/Chart.yaml": "apiVersion: v2\nname: web\nversion: " + version + "\n", "web/values.yaml": "privileged: false\n",
			"web/templates/web.yaml": chartTemplate + extra}
		if version == "1.1.0" {
			files["web/templates/role.yaml"] = chartRole
		}
		archive := imagestest.Pack(t, files)
		charts.Add("web", version, archive)
		pushed := r.Chart(t, "charts/web", version, archive)
		if version == "1.0.0" {
			charts.AddFile("web-1.0.0.tgz.prov", maintainer.Seal(t, "web-1.0.0.tgz", archive))
		} else {
			r.Attach(t, images.Reference{Host: r.Host, Repository: "charts/web", Tag: version, Digest: pushed.Digest}, imagestest.CosignSign, key.Bundle(t, nil, imagestest.SignStatement(t, pushed.Digest), imagestest.Sealing{}))
		}
	}
	bases, first := scriptBases(t)
	return map[string]string{"GIT": bases.URL, "GIT_HOST": bases.Host, "GIT_FIRST": first, "REGISTRY": r.Host, "KEYS": keys, "WEB": web.Digest, "TOOLS": tools.Digest, "CHARTS": charts.URL, "CHARTS_HOST": charts.Host}
}

// scriptBases starts the Git server of scripts: acme/base has the directory web, with the tag v1; acme/nested names it, and
// acme/loop itself. acme/charts has a chart in three versions, acme/fleet objects of Flux. first is the commit of acme/base's tag.
func scriptBases(t *testing.T) (s *gittest.Server, first string) {
	s = gittest.New(t)
	web := strings.NewReplacer("{{ .Release.Name }}", "web", "{{ .Release.Namespace }}", "apps", "{{ .Values.privileged }}", "true").Replace(chartTemplate)
	first = s.Commit("acme/base", "main", map[string]string{"web/kustomization.yaml": "resources: [web.yaml, ../more]\n", "web/web.yaml": web,
		"more/kustomization.yaml": "resources: [map.yaml, link.yaml]\n", "more/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n",
		"more/link.yaml": gittest.Link + "service.yaml", "more/service.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: service}\n", "more/out": gittest.Link + "../../../../../etc"})
	s.Tag("acme/base", "v1", first)
	s.Commit("acme/base", "main", map[string]string{"web/kustomization.yaml": "resources: [web.yaml]\n", "web/web.yaml": web + "      hostPID: true\n"})
	nested := s.Commit("acme/nested", "main", map[string]string{"kustomization.yaml": "resources: ['" + s.URL + "/acme/base//web?ref=v1']\nnamePrefix: nested-\n",
		"part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonLabels: {part: yes-it-is}\n"})
	s.Tag("acme/nested", "v1", nested)
	charts := map[string]string{"web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "web/values.yaml": "privileged: false\n", "prod.yaml": "privileged: true\n",
		"web/templates/web.yaml": strings.Replace(chartTemplate, "{{ .Values.privileged }}", "true", 1)}
	for _, tag := range []string{"v1.0.0", "v1.1.0", "v2.0.0"} {
		charts["tag"] = tag
		s.Tag("acme/charts", tag, s.Commit("acme/charts", "main", charts))
	}
	s.Commit("acme/fleet", "main", map[string]string{"clusters/inner.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: inner, namespace: flux-system}\nspec:\n  path: ./apps\n  sourceRef: {kind: GitRepository, name: fleet}\n",
		"apps/web.yaml": web, ".sourceignore": "/apps/ignored.yaml\n", "apps/ignored.yaml": "{"})
	s.Commit("acme/loop", "main", map[string]string{"kustomization.yaml": "resources: ['" + s.URL + "/acme/loop']\n"})
	s.Commit("acme/out", "main", map[string]string{"kustomization.yaml": "resources: [../../apps/secret]\n"})
	s.Before(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/files/pod.yaml" {
			_, _ = io.WriteString(w, "apiVersion: v1\nkind: Pod\nmetadata: {name: alone}\nspec:\n  hostNetwork: true\n  containers: [{name: c, image: c}]\n")
			return true
		}
		return false
	})
	return s, first
}

// chartRole is what a version of the chart has that the one before has not.
const chartRole = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ .Release.Name }}
rules:
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list]
`

// chartTemplate is the template of the chart that scripts fetch.
const chartTemplate = `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1
          securityContext:
            privileged: {{ .Values.privileged }}
      hostNetwork: true
`

// surround gives a script surroundings of its own: no configuration and no cache of whoever runs the test.
func surround(env *testscript.Env) error {
	program, err := exec.LookPath("landwaiter")
	if err != nil {
		return err
	}
	top, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	for key, value := range map[string]string{
		"HOME": env.WorkDir, "LANDWAITER_CACHE": filepath.Join(env.WorkDir, ".cache"), "PROGRAM": program, "TOP": top,
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": env.WorkDir,
		"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
	} {
		env.Setenv(key, value)
	}
	return nil
}

// exits runs a program and holds its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed):
		if failed.ExitCode() != want {
			ts.Fatalf("exit code %d, want %d", failed.ExitCode(), want)
		}
	case err != nil:
		ts.Fatalf("%v", err)
	case want != 0:
		ts.Fatalf("exit code 0, want %d", want)
	}
}

func gitInit(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(os.MkdirAll(ts.MkAbs("repo"), 0o755))
	ts.Check(ts.Chdir(ts.MkAbs("repo")))
	ts.Check(ts.Exec("git", "init", "-q", "-b", "main"))
	commit(ts, false, []string{"The infrastructure"})
}

func commit(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("git", "add", "-A"))
	ts.Check(ts.Exec("git", "commit", "-q", "--allow-empty", "-m", strings.Join(args, " ")))
}

// valid holds a file against one of the published schemas.
func valid(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] valid review|policy FILE")
	}
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(ts.Getenv("TOP"), "docs", args[0]+".schema.json"))
	ts.Check(err)
	var root yaml.Node
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(args[1])), &root)) // JSON is YAML
	daysAreText(&root)
	var value any
	ts.Check(root.Decode(&value))
	switch err := schema.Validate(value); {
	case err == nil && neg:
		ts.Fatalf("%s is valid", args[1])
	case err != nil && !neg:
		ts.Fatalf("%s: %v", args[1], err)
	}
}

// daysAreText makes text of days, as the editors that schemas are for read them.
func daysAreText(n *yaml.Node) {
	if n.Tag == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, child := range n.Content {
		daysAreText(child)
	}
}

func rewrite(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: rewrite FILE OLD NEW")
	}
	for i, arg := range args {
		text, err := strconv.Unquote(`"` + strings.ReplaceAll(arg, `"`, `\"`) + `"`)
		ts.Check(err)
		args[i] = text
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o644))
}

func same(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] same FILE FILE")
	}
	if equal := ts.ReadFile(args[0]) == ts.ReadFile(args[1]); equal == neg {
		ts.Fatalf("%s and %s: the same is %v\n%q\n%q", args[0], args[1], equal, ts.ReadFile(args[0]), ts.ReadFile(args[1]))
	}
}
