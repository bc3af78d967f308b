package landwaiter_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/landwaiter/landwaiter/"

// floors are our packages from the top down. A package imports only what stands below its own line; packages of
// one line do not know each other. "/..." takes in what lies below a package.
var floors = [][]string{
	{"cmd/bot", "cmd/demo", "cmd/release"},
	{"internal/server"},
	{"internal/review/reviewtest", "internal/pullrequest"},
	{"internal/github", "internal/queue"},
	{"internal/report"},
	{"internal/review/rules"},
	{"internal/review/rules/protection", "internal/review/rules/kops"},
	{"internal/review/rules/admission", "internal/review/rules/api", "internal/review/rules/change", "internal/review/rules/cloud", "internal/review/rules/controlplane", "internal/review/rules/gitops", "internal/review/rules/image", "internal/review/rules/namespace", "internal/review/rules/network", "internal/review/rules/pod", "internal/review/rules/pss",
		"internal/review/rules/rbac", "internal/review/rules/reliability", "internal/review/rules/rendering", "internal/review/rules/resources", "internal/review/rules/secret", "internal/review/policy/export"},
	{"internal/review/policy"},
	{"internal/review/ownrule", "internal/review/rules/api/validation", "internal/review/rules/pss/standard"},
	{"internal/review"},
	{"internal/review/imagetable", "internal/review/admission"},
	{"internal/images/evidence", "internal/images/imagestest", "internal/images/chartseal", "internal/fetch"},
	{"internal/images/registry"},
	{"internal/manifests/sandbox", "internal/manifests/kustomize", "internal/manifests/helm", "internal/manifests/kops", "internal/manifests/gitops", "internal/manifests/terraform", "internal/manifests/edit"},
	{"internal/manifests/helm/trace", "internal/manifests/kubeapi"},
	{"internal/manifests"},
	{"internal/source/gitrepo", "internal/images", "internal/github/githubtest/trim", "internal/manifests/kubeapi/generate"},
	{"internal/source", "internal/event", "internal/github/githubtest", "internal/source/gitrepo/gittest"},
}

// fence keeps an import to the packages that need it.
type fence struct {
	imports string // a package path, or with /... all below it
	only    []string
	reason  string
}

var fences = []fence{
	{"sigs.k8s.io/kustomize/api/...", []string{"internal/manifests/kustomize"}, "its global schema and its loaders must stay in the child"},
	{"helm.sh/helm/...", []string{"internal/manifests/helm"}, "charts are hostile input; only the child reads them"},
	{"github.com/hashicorp/hcl/...", []string{"internal/manifests/terraform"}, "modules are hostile input; only the child reads them"},
	{"github.com/zclconf/go-cty/...", []string{"internal/manifests/terraform"}, "the values of that parser"},
	{"os/exec", []string{"internal/source/gitrepo", "internal/manifests/sandbox", "internal/github/githubtest", "cmd/demo"}, "only Git and the render child are ever started"},
	{"github.com/getkin/kin-openapi/...", []string{"internal/github/githubtest"}, "GitHub's contract is checked where GitHub is played"},
	{"github.com/vektah/gqlparser/...", []string{"internal/github/githubtest"}, "GitHub's contract is checked where GitHub is played"},
	{"net/http", []string{"internal/source/gitrepo/gittest", "internal/images/registry", "internal/images/imagestest", "internal/github", "internal/server", "cmd/demo"}, "reviewing asks nobody; whoever talks to the world is on this list"},
	{"github.com/google/go-containerregistry/...", []string{"internal/images", "internal/images/registry", "internal/images/imagestest", "cmd/release"}, "one place knows what an image reference is; releases make images"},
	{"github.com/sigstore/...", []string{"internal/images/evidence", "internal/images/imagestest"}, "one place knows what a signature is; it is large"},
	{"github.com/notaryproject/...", []string{"internal/images/evidence", "internal/images/imagestest"}, "one place knows what a signature is"},
	{"github.com/ProtonMail/go-crypto/...", []string{"internal/images/chartseal", "internal/images/imagestest"}, "one place knows what an OpenPGP signature is"},
	{"github.com/distribution/reference", []string{"internal/images"}, "one place knows what an image reference is"},
	{"github.com/google/go-github/...", []string{"internal/github"}, "one place knows how GitHub says things, and how to keep its tokens"},
	{"github.com/bradleyfalzon/ghinstallation/...", []string{"internal/github"}, "one place has the App's key"},
	{"github.com/riverqueue/...", []string{"internal/queue"}, "one place knows how jobs are kept"},
	{"github.com/jackc/pgx/...", []string{"internal/queue"}, "one place talks to the database"},
	{"modernc.org/sqlite/...", []string{"internal/queue"}, "one place talks to the database; it is slow to compile and link"},
	{"github.com/prometheus/...", []string{"internal/server"}, "others say what happened by plain functions"},
	{"go.opentelemetry.io/...", []string{"internal/server"}, "others say what happened by plain functions"},
	{"github.com/alecthomas/kong", []string{"cmd/bot"}, "flags belong to the command"},
	{"github.com/landlock-lsm/...", []string{"internal/manifests/sandbox"}, "walls are put up in one place"},
	{"github.com/zricethezav/gitleaks/...", []string{"internal/review/rules/secret"}, "it is large and slow to set up"},
	{"k8s.io/pod-security-admission/...", []string{"internal/review/rules/pss", "internal/review/rules/pod"}, "rules on the Pod Security Standards only"},
	{"k8s.io/apiextensions-apiserver/...", []string{"internal/review/rules/api/validation"}, "the rules of custom definitions are evaluated in one place"},
	{"k8s.io/apiserver/...", []string{"internal/review/admission", "internal/review/rules/api/validation"}, "what the API server would say is asked in one place; custom definitions need its limits"},
	{"github.com/google/cel-go/...", []string{"internal/review/admission"}, "expressions are evaluated as the API server evaluates them, and nowhere else"},
	{"github.com/owenrumney/go-sarif/...", []string{"internal/report"}, "a format of the report"},
}

// listed is what "go list -json" says of a package.
type listed struct {
	ImportPath, Dir string
	Imports         []string
	GoFiles         []string
	DepsErrors      []struct{ Err string }
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles", "./...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// floorOf returns the line a package stands on, -1 when it stands on none.
func floorOf(pkg string) int {
	return slices.IndexFunc(floors, func(floor []string) bool { return slices.Contains(floor, pkg) })
}

// TestFloors holds imports to go down.
func TestFloors(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range packages(t) {
		name, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours {
			continue
		}
		seen[name] = true
		from := floorOf(name)
		if from < 0 {
			t.Errorf("%s stands on no floor: give it a place in arch_test.go and docs/architecture.md", name)
			continue
		}
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, module)
			if ours && floorOf(to) <= from && !strings.HasPrefix(to, name+"/") {
				t.Errorf("%s imports %s, which does not stand below it", name, to)
			}
		}
	}
	for _, pkg := range slices.Concat(floors...) {
		if !seen[pkg] {
			t.Errorf("%s has a floor and does not exist: strike it", pkg)
		}
	}
}

func covers(pattern, pkg string) bool {
	prefix, below := strings.CutSuffix(pattern, "/...")
	return pkg == prefix || below && strings.HasPrefix(pkg, prefix+"/")
}

// TestFences holds imports to the packages that may have them.
func TestFences(t *testing.T) {
	all := packages(t)
	for _, f := range fences {
		used := f.only == nil
		for _, p := range all {
			name := strings.TrimPrefix(p.ImportPath, module)
			if !slices.ContainsFunc(p.Imports, func(i string) bool { return covers(f.imports, i) }) {
				continue
			}
			if slices.ContainsFunc(f.only, func(o string) bool { return covers(o+"/...", name) }) {
				used = true
				continue
			}
			t.Errorf("%s imports %s, which is fenced: %s", name, f.imports, f.reason)
		}
		if !used {
			t.Errorf("the fence around %s names packages that do not import it: strike it", f.imports)
		}
	}
}

// bannedNames say nothing of what they name.
var bannedNames = []string{"util", "utils", "common", "helper", "helpers", "manager", "misc", "types"}

// TestHouse holds what is true of every source file: no init, environment and exit only in cmd, names that say
// something.
func TestHouse(t *testing.T) {
	files := token.NewFileSet()
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if slices.Contains(bannedNames, path.Base(name)) {
			t.Errorf("package %s: the name says nothing", name)
		}
		for _, file := range p.GoFiles {
			if slices.Contains(bannedNames, strings.TrimSuffix(file, ".go")) {
				t.Errorf("%s/%s: the name says nothing", name, file)
			}
			parsed, err := parser.ParseFile(files, path.Join(p.Dir, file), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			checkFile(t, files, name, parsed)
		}
	}
}

func checkFile(t *testing.T, files *token.FileSet, pkg string, file *ast.File) {
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			t.Errorf("%s: init hides what happens at start", files.Position(f.Pos()))
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := call.X.(*ast.Ident); ok && x.Name == "os" && !strings.HasPrefix(pkg, "cmd/") {
			switch call.Sel.Name {
			case "Exit", "Getenv", "LookupEnv", "Environ", "Args":
				t.Errorf("%s: os.%s belongs to cmd", files.Position(call.Pos()), call.Sel.Name)
			}
		}
		return true
	})
}
