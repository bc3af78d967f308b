package gitops

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Fetcher gets what lies in another repository, or in this one at another commit: the tree, and the commit that it is. An
// error is a *manifests.RenderError without a place where the address, its host or the policy is at fault.
type Fetcher func(lack manifests.Lack) (tree source.Tree, commit string, err error)

// location is where an object finds what it has rendered: a directory of the tree from which paths count, or why it is
// nowhere to be had.
type location struct {
	dir    string          // "." for this repository
	ignore string          // patterns of the source, over those of .sourceignore
	branch string          // that the source follows; "" where that is not known
	mount  *manifests.Lack // what lies in dir, where that is not this repository
	why    string          // "" when it can be had
	wrong  bool            // that it cannot be had is somebody's fault
	at     manifests.Origin
}

// revision is what is had of a Git repository, and the line that says so.
type revision struct {
	url   string
	named string // a branch, a tag or a commit, or a range of versions
	match bool   // it is a range
	at    manifests.Origin
}

// elsewhere has a repository fetched, and laid into the tree: each revision once, however many objects name it. Where
// nothing is fetched, why says of it what it is.
func (w *World) elsewhere(r revision, why string) location {
	nowhere := location{why: why, at: r.at}
	if w.repository.Fetch == nil {
		return nowhere
	}
	lack := manifests.Lack{Kind: manifests.LackGit, Address: r.url, Version: r.named}
	if r.match {
		lack.Kind = manifests.LackGitRange
	}
	lack = lack.In() // without the place, so that all who name it share it
	known, ok := w.fetched[lack.Dir]
	if !ok {
		known = w.fetch(lack)
		w.fetched[lack.Dir] = known
	}
	if known.err != nil {
		var failed *manifests.RenderError
		nowhere.wrong = !errors.As(known.err, &failed) || !failed.Elsewhere
		nowhere.why = why + ": " + known.err.Error()
		return nowhere
	}
	lack.Digest, lack.At = known.commit, failureAt(r.at, "", nil).Span
	return location{dir: lack.Dir, mount: &lack, at: r.at}
}

// had is what became of fetching something.
type had struct {
	commit string
	err    error
}

func (w *World) fetch(lack manifests.Lack) had {
	tree, commit, err := w.repository.Fetch(lack)
	if err != nil {
		return had{err: err}
	}
	if tree, err = source.Mount(w.repository.Tree, lack.Dir, tree); err != nil {
		return had{err: err}
	}
	w.repository.Tree = tree
	return had{commit: commit}
}

// lay notes on a deployment that what lies at a location is laid under it.
func (l location) lay(d *manifests.Deployment) {
	if l.mount != nil && !slices.ContainsFunc(d.Mounts, func(m manifests.Lack) bool { return m.Dir == l.mount.Dir }) {
		d.Mounts = append(d.Mounts, *l.mount)
	}
}

// skipped is the root of an object of Flux that has nothing rendered of a location; at is where it names that.
func (l location) skipped(at manifests.Origin) manifests.Root {
	if len(l.at) > 0 {
		at = l.at
	}
	if l.wrong {
		return broken(manifests.Flux, at, l.why)
	}
	return skipped(manifests.Flux, at, l.why)
}

// top is the directory from which the paths of a source count that a path of the tree is in: where it was laid, or the top.
func top(p string) string {
	if dir, _, ok := manifests.FetchedIn(p); ok {
		return dir
	}
	return "."
}

// relative is a path of the tree as seen from the top of the source that it is in.
func relative(top, p string) string {
	switch {
	case top == ".":
		return p
	case top == p:
		return "."
	}
	return strings.TrimPrefix(p, top+"/")
}

// within cleans a path that counts from the top of a source. False when it leads out of that.
func within(top string, elements ...string) (string, bool) {
	p, ok := inside(elements...)
	return path.Join(top, p), ok
}

// called is a path of the tree for a reader: one of another repository with its address.
func (l location) called(p string) string {
	if l.mount == nil {
		return p
	}
	return fmt.Sprintf("%s of %s", relative(l.dir, p), l.mount.Address)
}

// below is what roots are named after that are made by the objects of another root: the directory that it renders, and of
// another repository with its address.
func below(parent manifests.Root) string {
	for _, m := range parent.Deployment.Mounts {
		if dir, ok := strings.CutPrefix(parent.Dir+"/", m.Dir+"/"); ok {
			return oneWord(path.Join(plainURL(m.Address), dir))
		}
	}
	return parent.Dir
}

// revisionOf is what a GitRepository of Flux is at (its API, "Reference"): a commit before a name before a range before a
// tag before a branch, which is master by default.
func revisionOf(o *manifests.Object) revision {
	spec := o.Field().Get("spec")
	ref := spec.Get("ref")
	r := revision{url: spec.Get("url").Text(), named: "refs/heads/master", at: originOf(o, spec.Get("url"))}
	for _, form := range []struct{ key, prefix string }{{"commit", ""}, {"name", ""}, {"semver", ""}, {"tag", "refs/tags/"}, {"branch", "refs/heads/"}} {
		if f := ref.Get(form.key); f.Text() != "" {
			r.named, r.match, r.at = form.prefix+f.Text(), form.key == "semver", originOf(o, f)
			break
		}
	}
	return r
}

// argoRevision is what a source of an Application is at (user guide, "Tracking and Deployment Strategies"): what its
// repository has by default where it says nothing. The revision stands in the field called so.
func argoRevision(o *manifests.Object, s manifests.Field, called string) revision {
	at := s.Get(called)
	named := at.Text()
	if named == "" {
		at = s.Get("repoURL")
	}
	ranged := strings.ContainsAny(named, "*<>=~^") || version.MatchString(named) && strings.HasSuffix(named, ".x")
	return revision{url: s.Get("repoURL").Text(), named: named, match: ranged, at: originOf(o, at)}
}
