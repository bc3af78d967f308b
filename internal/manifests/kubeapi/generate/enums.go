package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// enumerations are the values that the properties of definitions may have.
type enumerations map[string]map[string][]string

// closed are types that k8s.io/api does not mark as enumerations, and of which the API server takes the constants only.
var closed = []string{
	"admissionregistration/v1.ParameterNotFoundActionType",
	"apps/v1.PersistentVolumeClaimRetentionPolicyType",
	"autoscaling/v2.HPAScalingPolicyType", "autoscaling/v2.MetricSourceType", "autoscaling/v2.MetricTargetType", "autoscaling/v2.ScalingPolicySelect",
	"core/v1.ContainerRestartPolicy", "core/v1.ContainerRestartRuleOnExitCodesOperator", "core/v1.OSName", "core/v1.PersistentVolumeAccessMode",
	"core/v1.PodSELinuxChangePolicy", "core/v1.RecursiveReadOnlyMode", "core/v1.ResourceResizeRestartPolicy",
	"flowcontrol/v1.LimitResponseType", "flowcontrol/v1.PriorityLevelEnablement", "flowcontrol/v1.SubjectKind",
	"storage/v1.FSGroupPolicy", "storage/v1.VolumeLifecycleMode",
}

var enumMarker = regexp.MustCompile(`(?m)^\s*\+(k8s:(alpha|beta)\(.*\)=\+)?(k8s:)?enum\b`)

// apiPackage is a package of k8s.io/api.
type apiPackage struct {
	path    string            // core/v1
	imports map[string]string // name to path, as in "v1" to "core/v1"
	structs map[string]*ast.StructType
	consts  map[string]constant
	enums   map[string][]string
}

// constant is a constant as written: "A T = value", or "A = T(value)".
type constant struct{ kind, value ast.Expr }

// readEnums reads the enumerations of a version of k8s.io/api. Of definitions that are made in other modules there are none.
func readEnums(dir string) (enumerations, error) {
	dirs, err := filepath.Glob(filepath.Join(dir, "*", "v*"))
	if err != nil {
		return nil, err
	}
	packages := map[string]*apiPackage{}
	for _, d := range dirs {
		p := &apiPackage{path: path.Join(filepath.Base(filepath.Dir(d)), filepath.Base(d)),
			imports: map[string]string{}, structs: map[string]*ast.StructType{}, consts: map[string]constant{}, enums: map[string][]string{}}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(d, "types.go"), nil, parser.ParseComments)
		if err != nil {
			continue // a package without types
		}
		p.read(file)
		packages[p.path] = p
	}
	for _, p := range packages {
		if err := p.collect(packages); err != nil {
			return nil, err
		}
	}
	all := enumerations{}
	for _, p := range packages {
		for name, s := range p.structs {
			definition := "io.k8s.api." + strings.ReplaceAll(p.path, "/", ".") + "." + name
			for _, f := range s.Fields.List {
				if values := p.valuesOf(f.Type, packages); len(values) > 0 {
					all.add(definition, jsonName(f), values)
				}
			}
		}
	}
	return all, nil
}

func (e enumerations) add(definition, property string, values []string) {
	if e[definition] == nil {
		e[definition] = map[string][]string{}
	}
	e[definition][property] = values
}

// read notes a file's structs, and its enumerations with their constants.
func (p *apiPackage) read(file *ast.File) {
	for _, i := range file.Imports {
		full, _ := strconv.Unquote(i.Path.Value)
		if own, ok := strings.CutPrefix(full, "k8s.io/api/"); ok {
			name := path.Base(own)
			if i.Name != nil {
				name = i.Name.Name
			}
			p.imports[name] = own
		}
	}
	for _, decl := range file.Decls {
		if g, ok := decl.(*ast.GenDecl); ok {
			for _, spec := range g.Specs {
				p.readType(g, spec)
				p.readConstants(spec)
			}
		}
	}
}

func (p *apiPackage) readType(g *ast.GenDecl, spec ast.Spec) {
	t, ok := spec.(*ast.TypeSpec)
	if !ok {
		return
	}
	if s, ok := t.Type.(*ast.StructType); ok {
		p.structs[t.Name.Name] = s
	}
	doc := t.Doc
	if doc == nil {
		doc = g.Doc
	}
	base, isName := t.Type.(*ast.Ident)
	marked := doc != nil && enumMarker.MatchString(strings.ReplaceAll(commentText(doc), "//", ""))
	if isName && base.Name == "string" && (marked || slices.Contains(closed, p.path+"."+t.Name.Name)) {
		p.enums[t.Name.Name] = []string{}
	}
}

// commentText is a comment as written: ast's own Text leaves directives out.
func commentText(doc *ast.CommentGroup) string {
	var lines []string
	for _, c := range doc.List {
		lines = append(lines, c.Text)
	}
	return strings.Join(lines, "\n")
}

func (p *apiPackage) readConstants(spec ast.Spec) {
	c, ok := spec.(*ast.ValueSpec)
	if !ok {
		return
	}
	for i, value := range c.Values {
		kind := c.Type
		if call, ok := value.(*ast.CallExpr); ok && len(call.Args) == 1 {
			kind, value = call.Fun, call.Args[0]
		}
		p.consts[c.Names[i].Name] = constant{kind, value}
	}
}

// collect gives the enumerations their values. One that cannot be told is an error: the others would then be refused.
func (p *apiPackage) collect(packages map[string]*apiPackage) error {
	for name, c := range p.consts {
		kind, ok := c.kind.(*ast.Ident)
		if !ok || p.enums[kind.Name] == nil {
			continue
		}
		text, ok := p.text(c.value, packages)
		if !ok {
			return fmt.Errorf("%s.%s: the value of the constant cannot be told", p.path, name)
		}
		if !slices.Contains(p.enums[kind.Name], text) {
			p.enums[kind.Name] = append(p.enums[kind.Name], text)
		}
	}
	for _, values := range p.enums {
		slices.Sort(values)
	}
	return nil
}

// text evaluates a constant of text: a literal, or another constant.
func (p *apiPackage) text(value ast.Expr, packages map[string]*apiPackage) (string, bool) {
	switch v := value.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(v.Value)
		return text, err == nil
	case *ast.Ident:
		if c, ok := p.consts[v.Name]; ok {
			return p.text(c.value, packages)
		}
	case *ast.SelectorExpr:
		from, _ := v.X.(*ast.Ident)
		if other := packages[p.imports[from.Name]]; other != nil {
			return other.text(v.Sel, packages)
		}
	}
	return "", false
}

// valuesOf returns the values of a field's type, those of its items for a list.
func (p *apiPackage) valuesOf(t ast.Expr, packages map[string]*apiPackage) []string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return p.valuesOf(t.X, packages)
	case *ast.ArrayType:
		return p.valuesOf(t.Elt, packages)
	case *ast.Ident:
		return p.enums[t.Name]
	case *ast.SelectorExpr:
		if from, ok := t.X.(*ast.Ident); ok && packages[p.imports[from.Name]] != nil {
			return packages[p.imports[from.Name]].enums[t.Sel.Name]
		}
	}
	return nil
}

func jsonName(f *ast.Field) string {
	if f.Tag == nil {
		return ""
	}
	tag, _ := strconv.Unquote(f.Tag.Value)
	name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
	return name
}
