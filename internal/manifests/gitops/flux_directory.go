package gitops

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	ignored, cost, err := w.ignored(top(dir), ignore)
	if err != nil {
		return nil, err
	}
	err = w.walk(dir, cost, func(f source.Info) error {
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

// ignoring are the patterns of what Flux leaves out of a source's artifact.
type ignoring struct {
	patterns []gitignore.Pattern
	size     int // bytes of their texts
}

// ignored returns what tells whether Flux leaves a path of the source at top out of its artifact: by the patterns of its own,
// those of .sourceignore in any directory, and those of the source. cost is what asking it takes, in steps of work.
func (w *World) ignored(top, ignore string) (matches func(p string, dir bool) bool, cost int, err error) {
	own, known := w.sourceIgnore[top]
	if !known {
		if own, err = w.ignoreFiles(top); err != nil {
			return nil, 0, err
		}
		w.sourceIgnore[top] = own
	}
	if own.size += len(ignore); own.size > maxIgnored {
		return nil, 0, errIgnored
	}
	patterns := slices.Concat(own.patterns, sourceignore.ReadPatterns(strings.NewReader(ignore), nil))
	matcher := sourceignore.NewDefaultMatcher(patterns, nil)
	return func(p string, dir bool) bool {
		return matcher.Match(strings.Split(relative(top, p), "/"), dir)
	}, 1 + own.size/perPattern, nil
}

// Limits of what is read of .sourceignore.
const (
	maxIgnoreFiles = 100
	maxIgnored     = 256 << 10 // bytes of all patterns of a source
	perPattern     = 32        // bytes of patterns that one step of work is
)

// errIgnored is a source with more patterns than that.
var errIgnored = fmt.Errorf("the patterns of what Flux ignores (.sourceignore, spec.ignore) are more than %d KiB: ignore directories instead of files", maxIgnored>>10)

// ignoreFiles are the patterns of .sourceignore files, each for its own directory.
func (w *World) ignoreFiles(top string) (own ignoring, err error) {
	var files []string
	err = w.walk(top, 1, func(f source.Info) error {
		if f.Kind == source.File && f.Name == sourceignore.IgnoreFile && !f.Link && len(files) < maxIgnoreFiles {
			files = append(files, f.Path)
		}
		return nil
	})
	if err != nil {
		return own, err
	}
	for _, file := range files {
		var domain []string
		if dir := relative(top, path.Dir(file)); dir != "." {
			domain = strings.Split(dir, "/")
		}
		data, err := w.repository.Tree.ReadFile(file)
		if err != nil {
			continue
		}
		if own.size += len(data); own.size > maxIgnored {
			return own, errIgnored
		}
		own.patterns = append(own.patterns, sourceignore.ReadPatterns(bytes.NewReader(data), domain)...)
	}
	return own, nil
}

func jsonText(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}
