package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Bases gets what kustomizations and objects name in other repositories, each once in a review. Errors are
// *manifests.RenderError without a place where the address, the place or the policy is at fault.
type Bases interface {
	Get(ctx context.Context, base manifests.Base) (manifests.Fetched, error)
	// Pin returns what Get does without the tree, for less.
	Pin(ctx context.Context, base manifests.Base) (manifests.Fetched, error)
}

// BasesFunc makes what gets bases under a policy, and what ends it.
type BasesFunc func(policy *Policy, offline bool) (Bases, func(), error)

// Limits of what one root may have fetched.
const (
	maxRounds = 6   // bases that name bases
	maxMounts = 100 // places that name something elsewhere
)

// supplier renders roots with what they turn out to lack. Who renders says what that is; who may fetch it is here. What
// cannot be had fails the root, whose own files name it; offline that is nobody's fault.
type supplier struct {
	inner   Renderer
	charts  Charts // nil where none are fetched
	bases   Bases  // likewise
	offline bool
}

// Render implements Renderer.
func (s *supplier) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	m, err := newMounts(tree)
	if d := root.Deployment; err == nil && d != nil {
		err = s.supply(ctx, m, &manifests.RenderError{Reason: "it renders what is not in the repository", Lacks: d.Mounts})
	}
	if err != nil {
		return nil, nil, err
	}
	for round := 0; ; round++ {
		rendering, reads, err := s.inner.Render(ctx, m.tree, root, settings)
		reads = m.reads(tree, reads)
		var failed *manifests.RenderError
		switch {
		case err == nil:
			return m.rendering(rendering), reads, nil
		case !errors.As(err, &failed):
			return nil, reads, err
		case len(failed.Lacks) == 0:
			return nil, reads, m.failure(failed)
		case round == maxRounds:
			return nil, reads, m.failure(&manifests.RenderError{Span: failed.Span, Reason: fmt.Sprintf("bases elsewhere name bases elsewhere more than %d times", maxRounds)})
		}
		if err := s.supply(ctx, m, failed); err != nil {
			return nil, reads, err
		}
	}
}

// supply fetches what is lacking. The first that cannot be had is the error of the root.
func (s *supplier) supply(ctx context.Context, m *mounts, failed *manifests.RenderError) error {
	for _, lack := range failed.Lacks {
		_, twice := m.all[lack.Dir]
		switch {
		case !lack.Valid() || twice:
			return m.failure(&manifests.RenderError{Span: lack.At, Reason: "what was fetched for it was not found again"})
		case len(m.all) == maxMounts:
			return m.failure(&manifests.RenderError{Span: lack.At, Reason: fmt.Sprintf("more than %d things elsewhere are named", maxMounts)})
		}
		one, err := s.get(ctx, lack, true)
		var is *manifests.RenderError
		if errors.As(err, &is) {
			placed := *is
			placed.Span, placed.Elsewhere = lack.At, s.offline
			return m.lacking(&placed, failed.Lacks)
		}
		if err == nil && one.tree == nil { // nothing is fetched here: what rendering said of it holds
			plain := *failed
			plain.Elsewhere = s.offline
			return m.lacking(&plain, failed.Lacks)
		}
		if err != nil {
			return err
		}
		if err := m.add(lack, one); err != nil {
			return m.failure(&manifests.RenderError{Span: lack.At, Reason: one.Called + ": " + err.Error(), Cause: err})
		}
	}
	return nil
}

// mount is what was fetched.
type mount struct {
	manifests.Supplied
	tree    source.Tree
	address string // for a reader, in messages that name files of it
}

// get fetches one thing, or, when not whole, asks only what it is. It is the zero mount when nothing is fetched here.
func (s *supplier) get(ctx context.Context, lack manifests.Lack, whole bool) (mount, error) {
	if lack.Kind == manifests.LackChart {
		return s.getChart(ctx, lack, whole)
	}
	if s.bases == nil {
		return mount{}, nil
	}
	base, err := baseOf(lack)
	if err != nil {
		return mount{}, &manifests.RenderError{Reason: "what is named here cannot be fetched: " + err.Error(), Elsewhere: lack.Kind == manifests.LackGit || lack.Kind == manifests.LackGitRange}
	}
	ask := s.bases.Pin
	if whole {
		ask = s.bases.Get
	}
	got, err := ask(ctx, base)
	if err != nil {
		return mount{}, err
	}
	called := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(base.Shown(), "https://"), "http://"), ".git")
	if !base.File {
		called += " at " + got.Pinned[:min(len(got.Pinned), 12)]
	}
	return mount{manifests.Supplied{Lack: lack, Called: called, Pinned: got.Pinned, Notes: got.Notes, Moved: got.Moved}, got.Tree, base.Shown()}, nil
}

// baseOf reads the address of what is lacking.
func baseOf(lack manifests.Lack) (base manifests.Base, err error) {
	switch lack.Kind {
	case manifests.LackBase:
		return manifests.ParseBase(lack.Address)
	case manifests.LackFile:
		return manifests.FileAddress(lack.Address)
	case manifests.LackGitRange:
		base, err = manifests.GitBase(lack.Address, ".", "")
		base.Ref, base.Range = lack.Version, true
		return base, err
	}
	return manifests.GitBase(lack.Address, ".", lack.Version)
}

// getChart fetches a chart.
func (s *supplier) getChart(ctx context.Context, lack manifests.Lack, whole bool) (mount, error) {
	if s.charts == nil {
		return mount{}, nil
	}
	chart, err := s.charts.Pin(ctx, manifests.RemoteChart{URL: lack.Address, Name: lack.Name, Version: lack.Version, Digest: lack.Digest})
	if err != nil {
		return mount{}, err
	}
	one := mount{Supplied: manifests.Supplied{Lack: lack, Called: chart.Called(), Pinned: chart.Digest, Notes: chart.Notes, Moved: chart.Moved, Chart: &chart}, address: chart.Called()}
	if whole {
		files, err := s.charts.Files(ctx, chart)
		if err != nil {
			return mount{}, err
		}
		if one.tree, err = source.Memory(files, source.Limits{}); err != nil {
			return mount{}, err
		}
	}
	return one, nil
}

// current reports whether what a rendering was made with is what there is now, of which it then says what there is to say
// now.
func (s *supplier) current(ctx context.Context, r *manifests.Rendering) bool {
	if s == nil {
		return len(r.Supplied) == 0
	}
	for i := range r.Supplied {
		was := &r.Supplied[i]
		now, err := s.get(ctx, was.Lack, false)
		if err != nil || now.Pinned != was.Pinned || now.Pinned == "" {
			return false
		}
		was.Notes, was.Moved, was.Chart = now.Notes, now.Moved, now.Chart
	}
	return true
}

// noted is a rendering with what there is to say of what it was made with.
func noted(r *manifests.Rendering) *manifests.Rendering {
	own := *r
	own.Notes = nil
	for _, one := range r.Supplied {
		for _, note := range one.Notes {
			if !slices.Contains(own.Notes, note) {
				own.Notes = append(own.Notes, note)
			}
		}
	}
	if own.Notes == nil {
		return r
	}
	own.Notes = append(own.Notes, r.Notes...)
	return &own
}

// mounts are a tree with what was fetched for it.
type mounts struct {
	tree   source.Tree
	all    map[string]mount // by directory
	dirs   []string         // of all, in their order
	hidden bool             // the repository has something in the directory itself
}

// newMounts is a tree without what it has itself where the fetched is laid.
func newMounts(tree source.Tree) (*mounts, error) {
	m := &mounts{tree: tree, all: make(map[string]mount)}
	if _, err := tree.Stat(manifests.ElsewhereDir); errors.Is(err, source.ErrNotExist) {
		return m, nil // mostly
	}
	m.hidden = true
	own := map[string][]byte{manifests.ElsewhereDir: nil} // should it be a link, or a file
	err := source.Walk(tree, manifests.ElsewhereDir, func(f source.Info) error {
		if f.Kind != source.Dir || f.Link {
			own[f.Path] = nil
		}
		return nil
	})
	if err != nil {
		own = map[string][]byte{manifests.ElsewhereDir: nil}
	}
	if m.tree, err = source.Edit(tree, own); err != nil {
		return nil, fmt.Errorf("laying %s: %w", manifests.ElsewhereDir, err)
	}
	return m, nil
}

// add lays what was fetched over the tree.
func (m *mounts) add(lack manifests.Lack, one mount) (err error) {
	one.Lack.At = m.place(lack.At)
	if m.tree, err = source.Mount(m.tree, lack.Dir, one.tree); err != nil {
		return err
	}
	m.all[lack.Dir], m.dirs = one, append(m.dirs, lack.Dir)
	return nil
}

// of finds what was fetched that a file is in, and the file's path there.
func (m *mounts) of(file string) (one mount, below string, ok bool) {
	dir, below, ok := manifests.FetchedIn(file)
	if ok {
		one, ok = m.all[dir]
	}
	return one, below, ok
}

// place is a place in this repository: that which names what the span is in.
func (m *mounts) place(span source.Span) source.Span {
	if one, _, ok := m.of(span.File); ok {
		return one.Lack.At
	}
	return span
}

// reads is what was read of the repository itself.
func (m *mounts) reads(tree source.Tree, reads source.ReadSet) source.ReadSet {
	if len(m.all) == 0 && !m.hidden {
		return reads
	}
	own := slices.DeleteFunc(slices.Clone(reads), func(r source.Read) bool {
		return r.Path == manifests.ElsewhereDir || strings.HasPrefix(r.Path, manifests.ElsewhereDir+"/")
	})
	return own.On(tree, []string{manifests.ElsewhereDir})
}

// rendering leads what comes from elsewhere back to where it is named.
func (m *mounts) rendering(r *manifests.Rendering) *manifests.Rendering {
	if len(m.all) == 0 {
		return r
	}
	own := *r
	own.Notes = m.texts(slices.Clone(r.Notes))
	for _, dir := range m.dirs {
		own.Supplied = append(own.Supplied, m.all[dir].Supplied)
	}
	for _, o := range own.Objects {
		for i := range o.Origins {
			o.Origins[i] = m.origin(o.Origins[i])
		}
	}
	own.Failed = slices.Clone(r.Failed)
	for i, failed := range own.Failed {
		at := m.located(failed)
		own.Failed[i] = &at
	}
	return &own
}

func (m *mounts) origin(o manifests.Origin) manifests.Origin {
	if !slices.ContainsFunc(o, func(f manifests.Frame) bool { _, _, ok := m.of(f.Span.File); return ok }) {
		return o
	}
	back := make(manifests.Origin, 0, len(o))
	for _, frame := range o {
		one, below, ok := m.of(frame.Span.File)
		if !ok {
			back = append(back, frame)
			continue
		}
		from := one.Called
		if below != manifests.FileName {
			from += ": " + below
		}
		if frame.Span.Line > 0 {
			from += ":" + strconv.Itoa(frame.Span.Line)
		}
		if !slices.ContainsFunc(back, func(f manifests.Frame) bool { return f.Span == one.Lack.At }) {
			back = append(back, manifests.Frame{Span: one.Lack.At, Role: frame.Role, Precision: manifests.Exact, From: from})
		}
	}
	return back
}

// failure is an error in terms of this repository.
func (m *mounts) failure(e *manifests.RenderError) error {
	at := m.located(e)
	return &at
}

// lacking is an error of what could not be had, with what that is.
func (m *mounts) lacking(e *manifests.RenderError, lacks []manifests.Lack) error {
	at := m.located(e)
	at.Lacks = lacks
	return &at
}

func (m *mounts) located(e *manifests.RenderError) manifests.RenderError {
	own := *e
	own.Lacks = nil
	if one, below, ok := m.of(e.Span.File); ok {
		own.Reason = one.Called + ": " + below + ": " + own.Reason
	}
	own.Span, own.Reason = m.place(e.Span), m.text(own.Reason)
	return own
}

// text is a message without the names of directories that nobody knows.
func (m *mounts) text(s string) string {
	if !strings.Contains(s, manifests.ElsewhereDir) {
		return s
	}
	for dir, one := range m.all {
		s = strings.ReplaceAll(s, dir, one.address)
	}
	return s
}

func (m *mounts) texts(all []string) []string {
	for i := range all {
		all[i] = m.text(all[i])
	}
	return all
}
