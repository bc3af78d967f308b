package gitops

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// git are the parameters of the directories or files of a repository that a generator matches. What that repository has is
// not known where it is not fetched: its template is rendered once then, with the names of its parameters.
func (g *generation) git(f manifests.Field) ([]params, error) {
	where := g.locate(g.set, f, "revision", ".")
	switch {
	case where.why != "" && where.wrong:
		return nil, fmt.Errorf("a generator of ApplicationSet %s asks another repository: %s", g.set.Name, where.why)
	case where.why != "":
		return g.guess("git", f, ", "+where.why)
	case where.mount != nil:
		g.mounts = append(g.mounts, where)
	}
	var wanted, unwanted []string
	field, matching := f.Get("directories"), g.directories
	if len(field.Items()) == 0 {
		field, matching = f.Get("files"), g.files
	}
	for _, item := range field.Items() {
		pattern := strings.Trim(item.Get("path").Text(), "/")
		if item.Get("exclude").True() {
			unwanted = append(unwanted, pattern)
		} else {
			wanted = append(wanted, pattern)
		}
	}
	sets, err := matching(where.dir, wanted, unwanted)
	if err != nil {
		return nil, err
	}
	if prefix := f.Get("pathParamPrefix").Text(); prefix != "" {
		for i := range sets {
			sets[i].says[prefix] = map[string]any{"path": sets[i].says["path"]}
			delete(sets[i].says, "path")
		}
	}
	for i := range sets {
		if len(sets[i].at) == 0 {
			sets[i].at = originOf(g.set, field)
		}
	}
	return sets, g.addValues(f, sets)
}

// anyDir reports whether a directory matches one of the patterns, in which "*" stands for a part of a name.
func anyDir(patterns []string, p string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, p)
		return ok && err == nil
	})
}

// anyFile reports whether a file matches one of the patterns: as Git matches them, "*" stands for directories as well, and a
// directory for all below it ("Git File Generator Globbing").
func anyFile(patterns []string, p string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return matchText(pattern, p) || !strings.ContainsAny(pattern, "*?[") && strings.HasPrefix(p, pattern+"/")
	})
}

// fixed is the directory below which everything is that patterns match, which count from top. False when there is none.
func (w *World) fixed(top string, patterns []string) (dir string, ok bool) {
	for i, pattern := range patterns {
		parts := strings.Split(path.Dir(path.Join("/", pattern))[1:], "/")
		if n := slices.IndexFunc(parts, func(part string) bool { return strings.ContainsAny(part, "*?[\\") }); n >= 0 {
			parts = parts[:n]
		}
		own := path.Join(parts...)
		if i == 0 {
			dir = own
		}
		for dir != "" && own != dir && !strings.HasPrefix(own, dir+"/") {
			dir = strings.TrimSuffix(path.Dir(dir), ".")
		}
	}
	dir = path.Join(top, dir)
	return dir, len(patterns) > 0 && w.isDir(dir)
}

// directories are the directories that match, but for hidden ones. Their paths count from top.
func (g *generation) directories(top string, wanted, unwanted []string) (sets []params, err error) {
	from, ok := g.fixed(top, wanted)
	if below := relative(top, from); !ok || below != "." && strings.Contains("/"+below, "/.") {
		return nil, nil
	}
	err = g.walk(from, cost(slices.Concat(wanted, unwanted)...), func(f source.Info) error {
		switch {
		case f.Kind != source.Dir, f.Path == top:
		case strings.HasPrefix(f.Name, "."), f.Link:
			return fs.SkipDir
		default:
			if p := relative(top, f.Path); anyDir(wanted, p) && !anyDir(unwanted, p) {
				sets = append(sets, params{says: map[string]any{"path": pathParams(p, "")}})
			}
		}
		return nil
	})
	return sets, err
}

// files are the files that match: what they say, and where they lie, which counts from top.
func (g *generation) files(top string, wanted, unwanted []string) (sets []params, err error) {
	var found []string
	from, ok := g.fixed(top, wanted)
	if !ok {
		return nil, nil
	}
	err = g.walk(from, 8*cost(slices.Concat(wanted, unwanted)...), func(f source.Info) error {
		if p := relative(top, f.Path); f.Kind == source.File && anyFile(wanted, p) && !anyFile(unwanted, p) {
			found = append(found, f.Path)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(found) > maxGenerated {
		return nil, errGenerated
	}
	for _, file := range found {
		some, err := g.fileParams(top, file)
		if err != nil {
			return nil, fmt.Errorf("%s, which a generator of ApplicationSet %s reads: %s", relative(top, file), g.set.Name, manifests.Discreet(err.Error()))
		}
		sets = append(sets, some...)
	}
	return sets, nil
}

// fileParams are what a file says: a mapping, or a list of such.
func (g *generation) fileParams(top, file string) (sets []params, err error) {
	data, err := g.repository.Tree.ReadFile(file)
	if err != nil {
		return nil, err
	}
	node, err := manifests.ParseYAML(data)
	if err != nil {
		return nil, err
	}
	documents := []manifests.Field{manifests.NewField(node, "")}
	if documents[0].IsList() {
		documents = documents[0].Items()
	}
	for _, f := range documents {
		p, err := newParams(f, inFile(file))
		if !f.IsSet() {
			p, err = params{says: map[string]any{}, lines: map[string]manifests.Origin{}}, nil
			p.at = manifests.Origin{{Span: source.Span{File: file, Line: 1, EndLine: 1, Column: 1}, Role: manifests.RoleValues, Precision: manifests.InFile}}
		}
		if err != nil {
			return nil, err
		}
		own := relative(top, file)
		p.says["path"] = pathParams(path.Dir(own), path.Base(own))
		sets = append(sets, p)
	}
	return sets, nil
}

// pathParams are the parameters of a directory, and of a file in it.
func pathParams(dir, file string) map[string]any {
	var segments []any
	for _, s := range strings.Split(dir, "/") {
		segments = append(segments, s)
	}
	says := map[string]any{"path": dir, "basename": path.Base(dir), "basenameNormalized": normal(path.Base(dir)), "segments": segments}
	if file != "" {
		says["filename"], says["filenameNormalized"] = file, normal(file)
	}
	return says
}

var unfit = regexp.MustCompile(`[^a-z0-9.\-]`)

// normal is a name as Kubernetes takes it for an object.
func normal(name string) string {
	name = unfit.ReplaceAllString(strings.ToLower(name), "-")
	return strings.Trim(name[:min(len(name), 253)], "-.")
}
