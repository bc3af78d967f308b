package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
)

// These tests are a hostile pull request against the program as it is run, its confined children included. All that
// is hostile stands in one repository, since that is also what is promised: one root does not take the others down.

const (
	hostilePod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: web}\nspec:\n  containers:\n  - name: c\n    image: ghcr.io/acme/web:1.0\n    securityContext:\n      privileged: true\n"
	podJSON    = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"c","image":"i","securityContext":{"privileged":true}}]}`
	configMap  = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: web}\n"
	chartFile  = "apiVersion: v2\nname: c\nversion: 0.1.0\n"
	secretText = "S3cr3t-never-shown"
	envText    = "environment-never-shown"
)

// aliasBomb is a few lines that are 10^10 values when their aliases are followed.
func aliasBomb() string {
	var b strings.Builder
	b.WriteString("x0: &x0 [a,a,a,a,a,a,a,a,a,a]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "x%d: &x%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d,", i-1), 10), ","))
	}
	return b.String()
}

func indentBy(prefix, text string) string {
	return prefix + strings.ReplaceAll(text, "\n", "\n"+prefix)
}

// kustomization and chart are the files of a root in a directory of that name, "name: value" pairs after the first.
func kustomization(text string, more ...string) map[string]string {
	return filesOf("kustomization.yaml", append([]string{text, "a.yaml", configMap}, more...))
}

func chart(template string, more ...string) map[string]string {
	return filesOf("templates/x.yaml", append([]string{template, "Chart.yaml", chartFile}, more...))
}

func filesOf(first string, rest []string) map[string]string {
	files := map[string]string{first: rest[0]}
	for i := 1; i+1 < len(rest); i += 2 {
		files[rest[i]] = rest[i+1]
	}
	return files
}

// attack is a root that must end as a finding that it cannot be rendered. A file "-> target" is a symbolic link.
type attack struct {
	name  string
	files map[string]string
	want  string // of the message
	at    string // "file:line" below the root, or "file"; "" where it is not known, or where each part of it fails by itself
}

// attacks are the hostile inputs that the design names, by what they are after.
func attacks() []attack {
	bomb, deep := aliasBomb(), strings.Repeat("[", 5000)+strings.Repeat("]", 5000)
	diamond := map[string]string{}
	for i := range 20 {
		for _, side := range []string{"a", "b"} {
			next := fmt.Sprintf("resources: [../%da, ../%db]\n", i+1, i+1)
			if i == 19 {
				next = "resources: [x.yaml]\n"
				diamond[fmt.Sprintf("%d%s/x.yaml", i, side)] = configMap
			}
			diamond[fmt.Sprintf("%d%s/kustomization.yaml", i, side)] = "namePrefix: " + side + "\n" + next
		}
	}
	diamond["kustomization.yaml"] = "resources: [0a, 0b]\n"
	values := func(body string) map[string]string { return chart(body, "values.yaml", "password: "+secretText+"\n") }
	return []attack{
		// Files outside.
		{"file absolute", kustomization("resources: [/etc/passwd]\n"), "is not in the repository", "kustomization.yaml:1"},
		{"file above", kustomization("configMapGenerator:\n- {name: x, files: [../../../../etc/passwd]}\n"), "leads out of the repository", "kustomization.yaml:2"},
		{"file through envs", kustomization("configMapGenerator:\n- {name: x, envs: [/proc/self/environ]}\n"), "is not in the repository", "kustomization.yaml:2"},
		{"file as openapi", kustomization("resources: [a.yaml]\nopenapi: {path: /etc/passwd}\n"), "is not in the repository", "kustomization.yaml:2"},
		{"file of another root", kustomization("resources: [../good/pod.yaml]\n"), "is not in or below", "kustomization.yaml:1"},
		{"link outside", kustomization("resources: [l.yaml]\n", "l.yaml", "-> /etc/passwd"), "symbolic link leads out", "kustomization.yaml:1"},
		{"link in a circle", kustomization("resources: [l.yaml]\n", "l.yaml", "-> l.yaml"), "link", "kustomization.yaml:1"},
		{"values outside", kustomization("helmCharts:\n- {name: c, valuesFile: ../../../etc/passwd}\n", "charts/c/Chart.yaml", chartFile), "", "kustomization.yaml:2"},
		{"link as template", chart("-> /etc/passwd"), "symbolic link leads out", "templates/x.yaml"},
		{"schema of a file", chart(configMap, "values.schema.json", `{"$ref":"file:///etc/passwd"}`), "may not refer to other files", "values.schema.json"},
		{"dependency outside", chart(configMap, "Chart.yaml", chartFile+"dependencies:\n- {name: d, version: \">=0\", repository: \"file:///etc\"}\n"), "outside of the repository", "Chart.yaml:5"},
		// The network.
		{"remote base", kustomization("resources: [\"github.com/acme/x//base?ref=v1\"]\n"), "the policy does not allow to ask", "kustomization.yaml:1"},
		{"remote by ssh", kustomization("resources: [\"git@127.0.0.1:acme/x.git\"]\n"), "the policy does not allow to ask", "kustomization.yaml:1"},
		{"remote patch", kustomization("resources: [a.yaml]\npatches: [{path: \"http://127.0.0.1:1/x\"}]\n"), "the policy does not allow to ask", "kustomization.yaml:2"},
		{"remote in a transformer", kustomization("resources: [a.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: p}\n  path: http://127.0.0.1:1/x\n"), "", "kustomization.yaml:3"},
		{"remote schema", chart(configMap, "values.schema.json", `{"$ref":"http://127.0.0.1:1/s"}`), "may not refer to other files", "values.schema.json"},
		{"remote chart", kustomization("helmCharts:\n- {name: c, repo: \"oci://127.0.0.1:1/x\"}\n"), "the policy does not allow to ask", "kustomization.yaml:2"},
		// Programs.
		{"exec function", kustomization("resources: [a.yaml]\ntransformers: [f.yaml]\n", "f.yaml", "apiVersion: x/v1\nkind: F\nmetadata:\n  name: f\n  annotations:\n    config.kubernetes.io/function: \"exec: {path: /bin/sh}\"\n"), "", ""},
		{"container function", kustomization("resources: [a.yaml]\ngenerators: [f.yaml]\n", "f.yaml", "apiVersion: x/v1\nkind: F\nmetadata:\n  name: f\n  annotations:\n    config.kubernetes.io/function: \"container: {image: x}\"\n"), "", ""},
		// Growth.
		{"bomb as resource", kustomization("resources: [b.yaml]\n", "b.yaml", configMap+bomb), "aliases", "b.yaml"},
		{"bomb as kustomization", kustomization("resources: [a.yaml]\n" + bomb), "aliases", "kustomization.yaml"},
		{"bomb as patch", kustomization("resources: [a.yaml]\npatches:\n- patch: |\n" + indentBy("    ", bomb)), "aliases", "kustomization.yaml:3"},
		{"bomb as values", chart(configMap, "values.yaml", bomb), "aliasing", "values.yaml"},
		{"bomb as plain", map[string]string{"x.yaml": configMap + bomb}, "aliases", "x.yaml:1"},
		{"bomb in flow", map[string]string{"x.yaml": indentBy(" ", configMap+bomb)}, "aliases", "x.yaml:1"},
		{"nesting", map[string]string{"x.yaml": configMap + "x: " + deep + "\n"}, "nested deeper", "x.yaml:4"},
		{"crowd", map[string]string{"x.yaml": configMap + "x: [" + strings.Repeat("a,", 1<<21) + "]\n"}, "a million values", "x.yaml:1"},
		{"large file", map[string]string{"x.yaml": configMap + "#" + strings.Repeat("x", 11<<20)}, "larger than the limit", "x.yaml"},
		{"objects", map[string]string{"x.yaml": strings.Repeat("---\n"+configMap, 20_001)}, "more than 20000 objects", "x.yaml"},
		{"diamond", diamond, "more than 2000 times", ""},
		{"until", chart("{{ until 2000000000 }}"), "limit exceeded", "templates/x.yaml:1"},
		{"repeat", chart("\n{{ repeat 2000000000 \"x\" }}"), "limit exceeded", "templates/x.yaml:2"},
		{"indent", chart("{{ indent 2000000000 \"x\" }}"), "limit exceeded", "templates/x.yaml:1"},
		{"doubling", chart("{{ $x := \"xxxxxxxx\" }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}"), "limit exceeded", "templates/x.yaml:1"},
		{"ranges", chart("{{ range until 60000 }}{{ range until 60000 }}xxxxxxxx{{ end }}{{ end }}"), "limit exceeded", "templates/x.yaml:1"},
		{"include", chart("{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}"), "nested reference", "templates/x.yaml:1"},
		{"template", chart("{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}"), "limit exceeded", "templates/x.yaml:1"},
		{"circle as JSON", chart("{{ $d := dict }}{{ $_ := set $d \"a\" $d }}{{ toJson $d }}"), "limit exceeded", "templates/x.yaml:1"},
		{"no archive", chart(configMap, "charts/d-1.0.0.tgz", "\x1f\x8b no archive"), "archive cannot be read", "charts/d-1.0.0.tgz"},
		{"environment", chart("{{ env \"HOSTILE_TEST\" }}"), "not defined", "templates/x.yaml:1"},
		// Secrets in messages, and in the lines that are shown with them.
		{"secret by fail", values("{{ fail (print \"no \" .Values.password) }}"), "the chart refuses its values: no ***", "templates/x.yaml:1"},
		{"secret by schema", chart(configMap, "values.yaml", "password: "+secretText+"\n", "values.schema.json", `{"properties":{"password":{"pattern":"^a$"}}}`), "does not match", "values.yaml:1"},
		{"secret as anchor", map[string]string{"x.yaml": "apiVersion: v1\nkind: Secret\nstringData:\n  password: *" + secretText + "\n"}, "unknown anchor referenced", "x.yaml"},
		{"secret as literal", kustomization("secretGenerator:\n- name: s\n  literals: [\"" + secretText + "\"]\n"), "not of the form key=value", "kustomization.yaml:3"},
		// What others read as objects, and nobody here could.
		{"list by another name", kustomization("resources: [x.yaml]\n", "x.yaml", configMap+"items:\n- "+indentBy("  ", hostilePod)[2:]), "list of items", "kustomization.yaml:1"},
		{"two kustomizations", map[string]string{"kustomization.yaml": "resources: []\n", "kustomization.yml": "resources: [x.yaml]\n", "x.yaml": hostilePod}, "second kustomization file", "kustomization.yml"},
		{"merge of two minds", map[string]string{"x.yaml": "x: &x {privileged: false}\n" + strings.Replace(hostilePod, "privileged: true", "privileged: true\n      <<: *x", 1)}, "put << first", "x.yaml:10"},
		{"long name", map[string]string{"x.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: " + strings.Repeat("x", 1<<20) + "}\n"}, "more than Kubernetes takes", ""},
	}
}

// dodges are ways to write a privileged pod so that a reviewer might overlook what the API server would run.
func dodges() map[string]map[string]string {
	plain := func(text string) map[string]string { return map[string]string{"x.yaml": text} }
	instead := func(old, new string) map[string]string {
		return plain(strings.Replace(hostilePod, old, new, 1))
	}
	return map[string]map[string]string{
		"yes":            instead("true", "yes"),
		"tagged":         instead("true", "!!bool on"),
		"twice":          instead("privileged: true", "privileged: false\n      privileged: true"),
		"alias":          plain("x: &x {privileged: true}\n" + strings.Replace(hostilePod, "privileged: true", "<<: *x", 1)),
		"merged below":   plain("x: &x {privileged: true}\n" + strings.Replace(hostilePod, "privileged: true", "privileged: false\n      <<: *x", 1)),
		"merged twice":   plain("x: &x {privileged: false, privileged: true}\n" + strings.Replace(hostilePod, "privileged: true", "<<: *x", 1)),
		"escaped":        instead("kind: Pod", `"k\x69nd": "P\x6fd"`),
		"base64":         instead("kind: Pod", "!!binary a2luZA==: !!binary UG9k"),
		"JSON in a row":  plain(`{"a":1}` + podJSON + `}`),
		"JSON file":      {"x.json": `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}` + "\n" + podJSON + "}"},
		"items":          plain(configMap + "items:\n- " + indentBy("  ", hostilePod)[2:]),
		"list":           plain("apiVersion: v1\nkind: PodList\nitems:\n- " + podJSON + "}\n"),
		"document end":   plain(configMap + "...\n---\n" + hostilePod),
		"carriage":       plain(strings.ReplaceAll(configMap+"---\n"+hostilePod, "\n", "\r\n")),
		"byte order":     plain("\ufeff" + hostilePod),
		"CRD folder":     {"Chart.yaml": chartFile, "crds/x.yaml": hostilePod},
		"hook":           {"Chart.yaml": chartFile, "templates/x.yaml": strings.Replace(hostilePod, "{name", "{annotations: {helm.sh/hook: pre-install}, name", 1)},
		"list of chart":  {"Chart.yaml": chartFile, "templates/x.yaml": configMap + "items:\n- " + podJSON + "}\n"},
		"chart above":    {"Chart.yaml": chartFile, "web/x.yaml": hostilePod},
		"library above":  {"Chart.yaml": chartFile + "type: library\n", "web/x.yaml": hostilePod},
		"hidden file":    {".x.yml": hostilePod},
		"no difference":  {".gitattributes": "* binary -diff linguist-generated\n", "x.yaml": hostilePod},
		"wrong encoding": {".gitattributes": "* working-tree-encoding=UTF-16\n", "x.yaml": hostilePod},
		"own policy":     {".github/landwaiter.yaml": "rules: {privileged: off}\n", "x.yaml": hostilePod},
	}
}

// hostileRepository is a Git repository whose main branch is empty, and whose work tree is hostile.
type hostileRepository struct {
	dir, home string
	program   string
}

func newHostileRepository(t *testing.T) *hostileRepository {
	t.Helper()
	program, err := exec.LookPath("landwaiter")
	if err != nil {
		t.Fatal(err)
	}
	r := &hostileRepository{dir: t.TempDir(), home: t.TempDir(), program: program}
	r.put(t, "README", "x\n")
	r.git(t, "init", "-q", "-b", "main")
	r.git(t, "add", "-A")
	r.git(t, "commit", "-q", "-m", "base")
	return r
}

func (r *hostileRepository) put(t *testing.T, name, text string) {
	t.Helper()
	at := filepath.Join(r.dir, name)
	err := os.MkdirAll(filepath.Dir(at), 0o755)
	if target, link := strings.CutPrefix(text, "-> "); link {
		err = errors.Join(err, os.Symlink(target, at))
	} else {
		err = errors.Join(err, os.WriteFile(at, []byte(text), 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (r *hostileRepository) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = r.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.home, "LANDWAITER_CACHE=" + filepath.Join(r.home, "cache"), "HOSTILE_TEST=" + envText,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com"}
	return cmd
}

func (r *hostileRepository) git(t *testing.T, args ...string) {
	t.Helper()
	if out, err := r.command("git", args...).CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
}

// review reviews the work tree, expects a check that fails, and returns the result and all that was said.
func (r *hostileRepository) review(t *testing.T) (*review.Result, []byte) {
	t.Helper()
	file := filepath.Join(r.home, "out.json")
	cmd := r.command(r.program, "review", "--base", "main", "-o", "text", "-o", "json="+file, "-o", "sarif="+filepath.Join(r.home, "out.sarif"))
	said, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitFindings {
		t.Fatalf("exit code %d: %v\n%.2000s", cmd.ProcessState.ExitCode(), err, said)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var result review.Result
	if err := json.Unmarshal(data, &result); err != nil {
		t.Fatal(err)
	}
	sarif, err := os.ReadFile(filepath.Join(r.home, "out.sarif"))
	if err != nil {
		t.Fatal(err)
	}
	return &result, bytes.Join([][]byte{said, data, sarif}, nil)
}

// of returns the new errors of a rule in files or roots below dir.
func of(result *review.Result, rule, dir string) (found []review.Finding) {
	for _, f := range result.Findings {
		below := slices.ContainsFunc(append([]string{f.Root, f.Location.File}, f.Roots...), func(p string) bool { return p == dir || strings.HasPrefix(p, dir+"/") })
		if f.Rule == rule && f.Status == review.New && f.Level == review.Error && below {
			found = append(found, f)
		}
	}
	return found
}

// refused holds that a finding says in a line what was refused, and where.
func (a attack) refused(t *testing.T, f review.Finding) {
	t.Helper()
	if strings.Contains(f.Message, "ThreadSanitizer") || strings.Contains(f.Message, "-race mode") {
		return // the race detector takes several times the memory, which the renderer's limit does not leave it
	}
	if !strings.Contains(f.Message, a.want) || strings.Contains(f.Message, "\n") || len(f.Message) > 600 {
		t.Errorf("%s: says %q, want %q", a.name, f.Message, a.want)
	}
	if at := fmt.Sprintf("%s:%d", f.Location.File, f.Location.Line); a.at != "" && !strings.HasPrefix(at+":", a.name+"/"+a.at+":") {
		t.Errorf("%s: stands at %s, want %s", a.name, at, a.at)
	}
}

// TestHostileRoots puts every attack into one pull request, beside a root that is to be reviewed all the same.
func TestHostileRoots(t *testing.T) {
	t.Parallel()
	r := newHostileRepository(t)
	r.put(t, "good/pod.yaml", hostilePod)
	for _, a := range attacks() {
		for name, text := range a.files {
			r.put(t, a.name+"/"+name, text)
		}
	}
	result, said := r.review(t)
	if len(of(result, "privileged", "good")) != 1 {
		t.Error("the root beside the attacks is not reviewed")
	}
	for _, a := range attacks() {
		failed := of(result, review.RuleRenderFailed, a.name)
		if len(failed) == 2 { // a link out of the repository is named by itself, and by what reads it
			failed = slices.DeleteFunc(failed, func(f review.Finding) bool { return f.Root == "." })
		}
		if len(failed) == 0 || len(failed) > 1 && a.at != "" {
			t.Errorf("%s: %d findings, want one: %+v", a.name, len(failed), failed)
		}
		for _, f := range failed {
			a.refused(t, f)
		}
	}
	for _, never := range []string{"root:x:0", envText, secretText} {
		if bytes.Contains(said, []byte(never)) {
			t.Errorf("%q is shown", never)
		}
	}
}

// TestHostileDodges puts the privileged pod into a pull request in every way that the API server understands.
func TestHostileDodges(t *testing.T) {
	t.Parallel()
	r := newHostileRepository(t)
	for name, files := range dodges() {
		for file, text := range files {
			r.put(t, name+"/"+file, text)
		}
	}
	r.put(t, ".github/landwaiter.yaml", "rules: {privileged: off, render-failed: off}\nroots: {ignore: [\"**\"]}\n")
	r.put(t, ".gitattributes", "* -text -diff\n")
	r.put(t, "deep/"+strings.Repeat("d/", 70)+"x.yaml", hostilePod)
	r.put(t, "no text/x\xff.yaml", hostilePod)
	result, _ := r.review(t)
	for name := range dodges() {
		if len(of(result, "privileged", name)) != 1 {
			t.Errorf("%s: not found: %+v", name, of(result, review.RuleRenderFailed, name))
		}
	}
	lost := of(result, review.RuleRenderFailed, ".")
	if len(lost) != 2 || !strings.Contains(lost[0].Message+lost[1].Message, "deep/d/") || !strings.Contains(lost[0].Message+lost[1].Message, `x\xff.yaml`) {
		t.Errorf("files that no tree can hold: %+v", lost)
	}
}

// TestHostileGit has every way in which Git starts programs leave a mark.
func TestHostileGit(t *testing.T) {
	t.Parallel()
	r := newHostileRepository(t)
	mark := filepath.Join(r.home, "mark")
	run := "touch " + mark + ";"
	r.put(t, "a/x.yaml", hostilePod)
	r.put(t, ".gitattributes", "* filter=x diff=x merge=x\n")
	r.put(t, ".gitmodules", "[submodule \"s\"]\n\tpath = s\n\turl = -u./x\n\tupdate = !"+run+"\n")
	for _, hook := range []string{"post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"} {
		r.put(t, ".git/hooks/"+hook, "#!/bin/sh\n"+run+"\n")
	}
	for key, value := range map[string]string{
		"core.fsmonitor": run, "core.sshCommand": run, "core.pager": run, "core.editor": run, "core.askPass": run, "credential.helper": "!" + run,
		"diff.external": run, "diff.x.textconv": run, "diff.x.command": run, "filter.x.clean": run, "filter.x.smudge": run, "filter.x.process": run,
		"merge.x.driver": run, "alias.ls-files": "!" + run, "remote.origin.url": "ext::" + run, "remote.origin.promisor": "true", "protocol.ext.allow": "always",
		"include.path": filepath.Join(r.home, "config"),
	} {
		r.git(t, "config", key, value)
	}
	if err := errors.Join(os.WriteFile(filepath.Join(r.home, "config"), []byte("[core]\n\thooksPath = "+r.home+"\n"), 0o600), os.RemoveAll(mark)); err != nil {
		t.Fatal(err)
	}
	result, _ := r.review(t)
	if len(of(result, "privileged", "a")) != 1 {
		t.Error("the pod is not reviewed")
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("a program was run")
	}
}

// TestHostileCrowd proves that a root with violations without end neither takes the memory nor hides the others.
func TestHostileCrowd(t *testing.T) {
	t.Parallel()
	r := newHostileRepository(t)
	r.put(t, "z/x.yaml", hostilePod)
	r.put(t, "crowd/x.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"+strings.Repeat("  - {image: i}\n", 3000))
	result, _ := r.review(t)
	if len(of(result, "privileged", "z")) != 1 {
		t.Error("the root beside it is not reviewed")
	}
	if failed := of(result, review.RuleRenderFailed, "crowd"); len(failed) != 1 || !strings.Contains(failed[0].Message, "not all of it is reviewed") {
		t.Errorf("got %+v", failed)
	}
}

// TestHostilePaths proves that the path of a root or file does not become lines of its own in what is printed of it.
func TestHostilePaths(t *testing.T) {
	t.Parallel()
	r := newHostileRepository(t)
	r.put(t, "a\n---\nkind: Forged\n::error::x\x1b[31m/x.yaml", hostilePod)
	for _, args := range [][]string{{"render", "--all"}, {"fix", "--dry-run"}} {
		said, err := r.command(r.program, args...).CombinedOutput()
		if err != nil || !bytes.Contains(said, []byte(`a\n---\nkind: Forged\n::error::x\x1b[31m`)) {
			t.Errorf("%s: %v\n%s", args[0], err, said)
		}
		for line := range strings.Lines(string(said)) {
			if strings.HasPrefix(line, "::") || strings.HasPrefix(line, "kind: Forged") || strings.Contains(line, "\x1b") {
				t.Errorf("%s: prints the line %q", args[0], line)
			}
		}
	}
}
