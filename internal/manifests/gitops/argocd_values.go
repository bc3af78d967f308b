package gitops

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// argoValues lays the values of a source over the tree: its files, its own values, its parameters (user guide, Helm,
// "Helm Value Precedence"). Of parameters Helm takes those that are texts after the others, and those of files last.
func (w *World) argoValues(o *manifests.Object, s manifests.Field, root *manifests.Root, refs map[string]manifests.Field) *manifests.RenderError {
	helm, env := s.Get("helm"), environmentOf(o, s)
	files := &valueFiles{World: w, of: o, into: root.Deployment, dir: root.Dir, refs: refs, env: env, lenient: helm.Get("ignoreMissingValueFiles").True(), explicit: map[string]bool{}}
	if failed := files.all(o, helm.Get("valueFiles").Items()); failed != nil {
		return failed
	}
	root.Values = append(root.Values, files.found...)
	if values := helm.Get("valuesObject"); values.IsMap() {
		p, err := fieldPage(o, values)
		if err != nil {
			return failureAt(originOf(o, values), manifests.Discreet(err.Error()), err)
		}
		layValues(root, p)
	} else if values := helm.Get("values"); values.Text() != "" {
		layValues(root, w.textPage(o, values))
	}
	for _, asText := range []bool{false, true} {
		for _, param := range helm.Get("parameters").Items() {
			if param.Get("forceString").True() != asText {
				continue
			}
			text := param.Get("name").Text() + "=" + noCommas(env.expand(param.Get("value").Text()))
			if err := w.parameter(root, text, asText, originOf(o, param.Get("value"))); err != nil {
				return failureAt(originOf(o, param), fmt.Sprintf("the parameter %s %v", param.Get("name").Text(), err), err)
			}
		}
	}
	return w.fileParameters(o, helm, root, env)
}

// noCommas keeps the commas in a value from parting it, but for those of a list in braces, as Argo CD does.
func noCommas(value string) string {
	if strings.HasPrefix(value, "{") && strings.HasSuffix(value, "}") {
		return value
	}
	var out strings.Builder
	for i := range len(value) {
		if value[i] == ',' && (i == 0 || value[i-1] != '\\') {
			out.WriteByte('\\')
		}
		out.WriteByte(value[i])
	}
	return out.String()
}

// parameter lays what one parameter says over the values of a root.
func (w *World) parameter(root *manifests.Root, text string, asText bool, at manifests.Origin) error {
	all, err := assignments(text, asText)
	for _, a := range all {
		if err == nil {
			err = w.assign(root, a, at)
		}
	}
	return err
}

func (w *World) fileParameters(o *manifests.Object, helm manifests.Field, root *manifests.Root, env environment) *manifests.RenderError {
	for _, param := range helm.Get("fileParameters").Items() {
		named := env.expand(param.Get("path").Text())
		file, ok := fromSource(root.Dir, named)
		if !ok || !w.isFile(file) {
			return failureAt(originOf(o, param), fmt.Sprintf("the file %s is not in the repository", named), nil)
		}
		data, err := w.repository.Tree.ReadFile(file)
		if err != nil {
			return failureAt(originOf(o, param), err.Error(), err)
		}
		at := manifests.Origin{{Span: source.Span{File: file, Line: 1, EndLine: 1, Column: 1}, Role: manifests.RoleValues, Precision: manifests.InFile}}
		keys, rest, err := cutKeys(param.Get("name").Text() + "=")
		if err == nil && rest == "" {
			err = w.assign(root, assignment{keys, string(data)}, at)
		}
		if err != nil {
			return failureAt(originOf(o, param), fmt.Sprintf("the parameter %s %v", param.Get("name").Text(), err), err)
		}
	}
	return nil
}

// valueFiles finds the values files of a source (user guide, Helm, "Values Files" and "Glob Patterns in Value Files").
type valueFiles struct {
	*World
	of       *manifests.Object
	into     *manifests.Deployment
	dir      string // of the chart
	refs     map[string]manifests.Field
	env      environment
	lenient  bool            // what is missing is left out
	explicit map[string]bool // files that are named, and no pattern brings in
	found    []string
}

// all finds the files in the order in which Helm gets them, each once.
func (v *valueFiles) all(o *manifests.Object, names []manifests.Field) *manifests.RenderError {
	resolved := make([]string, len(names))
	for i, f := range names {
		p, failed := v.resolve(f.Text())
		if failed != nil {
			failed.Span = failureAt(originOf(o, f), "", nil).Span
			return failed
		}
		if resolved[i] = p; !isGlob(p) {
			v.explicit[p] = true
		}
	}
	for i, p := range resolved {
		if why := v.add(p); why != "" {
			return failureAt(originOf(o, names[i]), why, nil)
		}
	}
	return nil
}

func isGlob(p string) bool { return strings.ContainsAny(p, "*?[") }

// add takes in what a path or pattern names.
func (v *valueFiles) add(p string) (why string) {
	if !isGlob(p) {
		if missing := !v.isFile(p) && !strings.HasPrefix(p, laidDir); !missing || !v.lenient {
			v.once(p) // one that is missing and has to be there fails when it is read
		}
		return ""
	}
	if strings.HasPrefix(p, laidDir) {
		return fmt.Sprintf("the values files %s are named by a pattern in a chart from elsewhere, which is not looked into", strings.TrimPrefix(p, chartDir+"/"))
	}
	none := true
	patterns, err := braces(p)
	if err != nil {
		return err.Error()
	}
	for _, pattern := range patterns {
		matches := []string{pattern}
		if isGlob(pattern) {
			if matches, err = v.glob(pattern); err != nil {
				return err.Error()
			}
		}
		for _, file := range matches {
			if none = false; !v.explicit[file] {
				v.once(file)
			}
		}
	}
	if none && !v.lenient {
		return fmt.Sprintf("the values files %s match no file", oneWord(p))
	}
	return ""
}

func (v *valueFiles) once(file string) {
	if !slices.Contains(v.found, file) {
		v.found = append(v.found, file)
	}
}

// resolve is the path that a name stands for: below the source's path, from the top of the repository with "/", in another
// source with "$ref/". The error has no place.
func (v *valueFiles) resolve(called string) (p string, failed *manifests.RenderError) {
	from, name := v.dir, called
	if ref, rest, _ := strings.Cut(called, "/"); strings.HasPrefix(ref, "$") && !v.env.names(ref) {
		s, ok := v.refs[ref]
		if !ok {
			return "", &manifests.RenderError{Reason: fmt.Sprintf("no source has the ref %s that the values file %s is in", strings.TrimPrefix(ref, "$"), called)}
		}
		where := v.sourceAt(v.of, s, s.Get("path").Text())
		if where.why != "" {
			return "", &manifests.RenderError{Reason: fmt.Sprintf("the values file %s cannot be read: %s", called, where.why), Elsewhere: len(where.at) > 0 && !where.wrong}
		}
		where.lay(v.into)
		from, name = where.dir, rest // a ref is always the top of its repository
	}
	name = v.env.expand(name)
	if strings.Contains(name, "://") {
		return "", &manifests.RenderError{Reason: fmt.Sprintf("the values file %s is not in the repository", name)}
	}
	p, ok := fromSource(from, name)
	if !ok {
		return "", &manifests.RenderError{Reason: fmt.Sprintf("the values file %s lies outside of the repository", called)}
	}
	return p, nil
}

// fromSource is the path that a name stands for in a directory of a source: with "/" it counts from the top of the source.
func fromSource(dir, name string) (string, bool) {
	above := top(dir)
	if strings.HasPrefix(name, "/") {
		return within(above, name)
	}
	return within(above, relative(above, dir), name)
}

// names reports whether a part of a path is a variable of the environment.
func (e environment) names(part string) bool {
	name, _ := cutVariable(strings.TrimPrefix(part, "$"))
	_, known := e[name]
	return known || e.unknown(name)
}
