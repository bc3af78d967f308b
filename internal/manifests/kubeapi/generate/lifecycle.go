package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// lifecycle is what the markers say of a kind in a version of a group: minor versions of Kubernetes, 0 for none.
type lifecycle struct {
	introduced, deprecated, removed int
	replacement                     groupKind
}

// writeLifecycles writes lifecycle.txt: a line for each kind that is deprecated or removed in some version. What the
// markers of the newest module say holds, then what is known without them.
func writeLifecycles(modules []module) error {
	all := map[string]lifecycle{}
	var used []module
	for _, m := range modules {
		if m.Path == "k8s.io/kubernetes" {
			continue
		}
		if err := readLifecycles(m.Dir, all); err != nil {
			return fmt.Errorf("%s %s: %w", m.Path, m.Version, err)
		}
		used = append(used, m)
	}
	for name, l := range unmarked() {
		if all[name].deprecated == 0 {
			all[name] = l
		}
	}
	var out bytes.Buffer
	out.Write(header("Life cycles of the Kubernetes API", used))
	fmt.Fprintln(&out, "# apiVersion, kind, and the minor versions in which it was introduced, deprecated and removed; what replaces it")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		l := all[name]
		if l.deprecated == 0 && l.removed == 0 {
			continue
		}
		fmt.Fprintf(&out, "%s %d %d %d", name, l.introduced, l.deprecated, l.removed)
		if l.replacement.Kind != "" {
			fmt.Fprintf(&out, " %s %s", l.replacement.apiVersion(), l.replacement.Kind)
		}
		fmt.Fprintln(&out)
	}
	return write("lifecycle.txt", out.Bytes())
}

// readLifecycles reads the markers in a module, over what older ones said.
func readLifecycles(dir string, into map[string]lifecycle) error {
	return filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "zz_generated.prerelease-lifecycle.go" {
			return err
		}
		group, err := groupOf(filepath.Dir(file))
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		here := map[string]lifecycle{}
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil {
				readMarker(f, here)
			}
		}
		version := filepath.Base(filepath.Dir(file))
		for kind, l := range here {
			if !strings.HasSuffix(kind, "List") && !strings.HasSuffix(kind, "Options") {
				into[groupKind{group, version, kind}.apiVersion()+" "+kind] = l
			}
		}
		return nil
	})
}

// groupOf reads the constant GroupName of a package, or of the one above it.
func groupOf(dir string) (string, error) {
	for _, file := range []string{filepath.Join(dir, "register.go"), filepath.Join(filepath.Dir(dir), "register.go")} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			continue
		}
		if constant := parsed.Scope.Lookup("GroupName"); constant != nil {
			spec, _ := constant.Decl.(*ast.ValueSpec)
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
				return strconv.Unquote(literal.Value)
			}
		}
	}
	return "", fmt.Errorf("%s: the name of the group is not found", dir)
}

// readMarker reads one function: "func (in *Kind) APILifecycleRemoved() (major, minor int) { return 1, 25 }".
func readMarker(f *ast.FuncDecl, into map[string]lifecycle) {
	receiver, ok := f.Recv.List[0].Type.(*ast.StarExpr)
	if !ok || len(f.Body.List) != 1 {
		return
	}
	kind := receiver.X.(*ast.Ident).Name
	results := f.Body.List[0].(*ast.ReturnStmt).Results
	l := into[kind]
	switch f.Name.Name {
	case "APILifecycleIntroduced":
		l.introduced = minorOf(results)
	case "APILifecycleDeprecated":
		l.deprecated = minorOf(results)
	case "APILifecycleRemoved":
		l.removed = minorOf(results)
	case "APILifecycleReplacement":
		l.replacement = kindOf(results[0])
	}
	into[kind] = l
}

func minorOf(results []ast.Expr) int {
	literal, ok := results[len(results)-1].(*ast.BasicLit)
	if !ok {
		return 0
	}
	n, _ := strconv.Atoi(literal.Value)
	return n
}

// kindOf reads schema.GroupVersionKind{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"}.
func kindOf(e ast.Expr) (g groupKind) {
	literal, _ := e.(*ast.CompositeLit)
	if literal == nil {
		return g
	}
	for _, element := range literal.Elts {
		pair := element.(*ast.KeyValueExpr)
		text, _ := strconv.Unquote(pair.Value.(*ast.BasicLit).Value)
		switch pair.Key.(*ast.Ident).Name {
		case "Group":
			g.Group = text
		case "Version":
			g.Version = text
		case "Kind":
			g.Kind = strings.TrimSuffix(text, "List") // as it stands for one
		}
	}
	return g
}
