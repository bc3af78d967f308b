package kustomize

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

var gitUser = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9-]*)@`)

// isURL reports whether kustomize would fetch path over HTTP instead of reading a file. It decides as kustomize's
// loader does.
func isURL(path string) bool {
	u, err := url.Parse(path)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https")
}

// isRemote reports whether kustomize would fetch path, over HTTP or by cloning a repository, where a directory
// may stand. It knows the forms of https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/resource
// and takes for remote a little more than kustomize clones.
func isRemote(path string) bool {
	if isURL(path) {
		return true
	}
	if strings.HasPrefix(path, "/") {
		return false
	}
	path, _, _ = strings.Cut(path, "?")
	lower := strings.TrimPrefix(strings.ToLower(path), "git::")
	for _, scheme := range []string{"ssh://", "https://", "http://", "file://"} {
		if strings.HasPrefix(lower, scheme) {
			return true
		}
	}
	rest := gitUser.ReplaceAllString(lower, "")
	github := strings.HasPrefix(rest, "github.com/") || strings.HasPrefix(rest, "github.com:")
	if rest == lower && !github {
		return false
	}
	return hasRepository(rest)
}

// hasRepository reports whether a host and more is followed by the path of a repository: one that is marked as
// such, or two elements.
func hasRepository(rest string) bool {
	at := strings.IndexAny(rest, "/:")
	if at < 0 {
		return false
	}
	path := rest[at+1:]
	for _, marker := range []string{"_git/", "//", ".git"} {
		if strings.Contains(path, marker) {
			return true
		}
	}
	return strings.Contains(path, "/")
}

// handed is something from elsewhere that was handed over.
type handed struct {
	at     string // in the tree
	served string // as the kustomization names it instead: a path from its directory
	file   bool
}

// remoteFields are the fields of a kustomization in which addresses elsewhere may stand.
func remoteFields() []string {
	return []string{"resources", "bases", "components", "patches", "patchesJson6902", "patchesStrategicMerge", "crds", "configurations", "replacements", "openapi"}
}

// elsewhere finds what lies under an address elsewhere where it was handed over, and otherwise notes that it is lacking.
func (s *scanner) elsewhere(l *layer, r reference, read func(string) (manifests.Base, error)) (here bool, err error) {
	base, err := read(r.path)
	if err != nil { // the address is not repeated: there may be a password in it
		return false, l.fail(errRemote, fmt.Sprintf("the remote %s that stands here cannot be fetched: %v", r.what, err), r.keys...)
	}
	lack := manifests.Lack{Kind: manifests.LackBase, Address: r.path, At: l.span(r.keys...)}
	if base.File {
		lack.Kind, base.Path = manifests.LackFile, manifests.FileName
	}
	lack = lack.In()
	if _, err := s.tree.Stat(lack.Dir); err != nil {
		if s.lacks = append(s.lacks, lack); s.lacked == nil {
			s.lacked = remoteError(l, r)
		}
		return false, nil
	}
	if l.remote == nil {
		l.remote = make(map[string]handed)
	}
	h := handed{at: path.Join(lack.Dir, base.Path), file: base.File}
	if h.served = ".landwaiter-" + path.Base(lack.Dir) + ".yaml"; !h.file {
		if h.served, err = filepath.Rel("/"+l.dir, "/"+h.at); err != nil {
			return false, l.fail(err, err.Error(), r.keys...)
		}
		h.served = filepath.ToSlash(h.served)
	}
	l.remote[r.path] = h
	return true, nil
}

// lacking is the error of a build that cannot go on without what lies elsewhere.
func (s *scanner) lacking() error {
	var failed manifests.RenderError
	if is, ok := s.lacked.(*manifests.RenderError); ok { //nolint:errorlint // it was made here
		failed = *is
	}
	failed.Lacks = s.lacks
	return &failed
}

// local is a value of a kustomization with what was handed over in place of the addresses elsewhere.
func (l *layer) local(value any) any {
	switch v := value.(type) {
	case string:
		if h, ok := l.remote[v]; ok {
			return h.served
		}
	case []any:
		for i := range v {
			v[i] = l.local(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = l.local(v[k])
		}
	}
	return value
}

// layRemotes lays the kustomizations that name what was handed over, or charts, over the tree.
func layRemotes(top *layer, files *fileSystem) (err error) {
	top.walk(func(l *layer) {
		if err == nil {
			err = l.layRemote(files)
		}
	})
	return err
}

// layRemote lays what one kustomization needs. A single file has to lie beside the kustomization that names it, since
// kustomize reads no file from above it.
func (l *layer) layRemote(files *fileSystem) error {
	for address, h := range l.remote {
		if !h.file {
			continue
		}
		text, err := files.tree.ReadFile(h.at)
		if err != nil {
			return l.fail(err, address+": "+err.Error())
		}
		files.set(path.Join(l.dir, h.served), text)
	}
	if len(l.remote) > 0 && l.served == nil {
		fields, err := l.fields()
		if err == nil {
			l.served, err = json.Marshal(fields)
		}
		if err != nil {
			return l.fail(err, err.Error())
		}
	}
	if l.served != nil {
		files.lay(l.file, l.served)
	}
	return nil
}
