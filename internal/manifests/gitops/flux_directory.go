package gitops

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/fluxcd/pkg/sourceignore"
	"github.com/fluxcd/pkg/sourceignore/gitignore"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// kustomizationNames are the names that kustomize knows, in its order.
func kustomizationNames() []string {
	return []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
}

// kustomizationIn is the kustomization of a directory, or the one that Flux makes for a directory that has none: over all
// manifests in it and below, and over directories below that have one.
func (w *World) kustomizationIn(dir, ignore string) (*amendment, []string, *manifests.RenderError) {
	for _, called := range kustomizationNames() {
		file := path.Join(dir, called)
		if !w.isFile(file) {
			continue
		}
		data, err := w.repository.Tree.ReadFile(file)
		if err != nil {
			return nil, nil, &manifests.RenderError{Reason: err.Error(), Span: source.Span{File: file}, Cause: err}
		}
		a, err := amend(file, data)
		if err != nil {
			return nil, nil, &manifests.RenderError{Reason: "is no valid YAML: " + manifests.Discreet(err.Error()), Span: source.Span{File: file}, Cause: err}
		}
		return a, nil, nil
	}
	files, err := w.manifestsBelow(dir, ignore)
	if err != nil {
		return nil, nil, &manifests.RenderError{Reason: err.Error(), Span: source.Span{File: dir}, Cause: err}
	}
	a := &amendment{file: path.Join(dir, kustomizationNames()[0])}
	p := &page{}
	p.add("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", nil)
	a.replace(0, 0, p)
	items := &page{}
	for _, file := range files {
		text, err := jsonText(file)
		if err != nil {
			return nil, nil, &manifests.RenderError{Reason: err.Error(), Span: source.Span{File: dir}, Cause: err}
		}
		items.add("- "+text, nil)
	}
	if len(files) == 0 {
		empty := &page{}
		empty.add("namespace: _placeholder\n", nil) // as Flux has it: kustomize refuses one that says nothing
		a.end("namespace", empty)
	}
	if err := a.extend("resources", items); err != nil {
		return nil, nil, &manifests.RenderError{Reason: err.Error(), Span: source.Span{File: dir}, Cause: err}
	}
	return a, w.dirsOf(dir, files), nil
}

// dirsOf are the directories of what is listed, below dir.
func (w *World) dirsOf(dir string, files []string) (dirs []string) {
	for _, file := range files {
		p := path.Join(dir, file)
		if !w.isDir(p) {
			p = path.Dir(p)
		}
		dirs = append(dirs, p)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// manifestsBelow lists what Flux takes for resources, relative to dir: directories with a kustomization, and YAML files.
func (w *World) manifestsBelow(dir, ignore string) (files []string, err error) {
	ignored := w.ignored(top(dir), ignore)
	err = w.walk(dir, 1, func(f source.Info) error {
		relative := strings.TrimPrefix(strings.TrimPrefix(f.Path, dir), "/")
		switch {
		case f.Link: // source-controller packs no links
			return skipDir(f)
		case ignored(f.Path, f.Kind == source.Dir):
			return skipDir(f)
		case f.Kind == source.Dir && w.hasKustomization(f.Path):
			files = append(files, relative)
			return fs.SkipDir
		case f.Kind == source.File && (path.Ext(f.Name) == ".yaml" || path.Ext(f.Name) == ".yml"):
			files = append(files, relative)
		}
		return nil
	})
	return files, err
}

// skipDir leaves out what is below a directory; of a file nothing is.
func skipDir(f source.Info) error {
	if f.Kind == source.Dir {
		return fs.SkipDir
	}
	return nil
}

func (w *World) hasKustomization(dir string) bool {
	for _, called := range kustomizationNames() {
		if w.isFile(path.Join(dir, called)) {
			return true
		}
	}
	return false
}

// ignored returns what tells whether Flux leaves a path of the source at top out of its artifact: by the patterns of its own,
// those of .sourceignore in any directory, and those of the source.
func (w *World) ignored(top, ignore string) func(p string, dir bool) bool {
	own, known := w.sourceIgnore[top]
	if !known {
		own = w.ignoreFiles(top)
		w.sourceIgnore[top] = own
	}
	patterns := slices.Concat(own, sourceignore.ReadPatterns(strings.NewReader(ignore), nil))
	matcher := sourceignore.NewDefaultMatcher(patterns, nil)
	return func(p string, dir bool) bool {
		return matcher.Match(strings.Split(relative(top, p), "/"), dir)
	}
}

// maxIgnoreFiles caps the .sourceignore files that are read.
const maxIgnoreFiles = 100

// ignoreFiles are the patterns of .sourceignore files, each for its own directory.
func (w *World) ignoreFiles(top string) (patterns []gitignore.Pattern) {
	var files []string
	_ = w.walk(top, 1, func(f source.Info) error { // where the work is too much, what spends next says so
		if f.Kind == source.File && f.Name == sourceignore.IgnoreFile && !f.Link && len(files) < maxIgnoreFiles {
			files = append(files, f.Path)
		}
		return nil
	})
	for _, file := range files {
		var domain []string
		if dir := relative(top, path.Dir(file)); dir != "." {
			domain = strings.Split(dir, "/")
		}
		if data, err := w.repository.Tree.ReadFile(file); err == nil {
			patterns = append(patterns, sourceignore.ReadPatterns(bytes.NewReader(data), domain)...)
		}
	}
	return patterns
}

func jsonText(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}
