package review

import (
	"context"
	"errors"
	"fmt"
	"path"
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
		one, err := s.get(ctx, lack)
		var is *manifests.RenderError
		if errors.As(err, &is) {
			placed := *is
			placed.Span, placed.Elsewhere = lack.At, s.offline
			return m.failure(&placed)
		}
		if err == nil && one.tree == nil { // nothing is fetched here: what rendering said of it holds
			plain := *failed
			plain.Elsewhere = s.offline
			return m.failure(&plain)
		}
		if err != nil {
			return err
		}
		if err := m.add(lack, one); err != nil {
			return m.failure(&manifests.RenderError{Span: lack.At, Reason: one.called + ": " + err.Error(), Cause: err})
		}
	}
	return nil
}

// mount is what was fetched.
type mount struct {
	tree    source.Tree
	called  string // for a reader
	address string // likewise, in messages that name files of it
	notes   []string
	at      source.Span // in this repository
}

// get fetches one thing. It has no tree when nothing is fetched.
func (s *supplier) get(ctx context.Context, lack manifests.Lack) (mount, error) {
	if lack.Kind == manifests.LackChart {
		return s.getChart(ctx, lack)
	}
	if s.bases == nil {
		return mount{}, nil
	}
	var base manifests.Base
	var err error
	switch lack.Kind {
	case manifests.LackBase:
		base, err = manifests.ParseBase(lack.Address)
	case manifests.LackFile:
		base, err = manifests.FileAddress(lack.Address)
	default:
		base, err = manifests.GitBase(lack.Address, ".", lack.Version)
	}
	if err != nil {
		return mount{}, &manifests.RenderError{Reason: "what is named here cannot be fetched: " + err.Error()}
	}
	got, err := s.bases.Get(ctx, base)
	if err != nil {
		return mount{}, err
	}
	at := got.Pinned
	if !base.File {
		at = at[:min(len(at), 12)]
	}
	called := strings.TrimPrefix(strings.TrimPrefix(base.URL, "https://"), "http://")
	if !base.File {
		called += " at " + at
	}
	return mount{tree: got.Tree, called: called, address: base.URL, notes: got.Notes}, nil
}

// getChart fetches a chart.
func (s *supplier) getChart(ctx context.Context, lack manifests.Lack) (mount, error) {
	if s.charts == nil {
		return mount{}, nil
	}
	chart, err := s.charts.Pin(ctx, manifests.RemoteChart{URL: lack.Address, Name: lack.Name, Version: lack.Version, Digest: lack.Digest})
	if err != nil {
		return mount{}, err
	}
	files, err := s.charts.Files(ctx, chart)
	if err != nil {
		return mount{}, err
	}
	tree, err := source.Memory(files, source.Limits{})
	return mount{tree: tree, called: chart.Called(), address: chart.Called(), notes: chart.Notes}, err
}

// mounts are a tree with what was fetched for it.
type mounts struct {
	tree   source.Tree
	all    map[string]mount // by directory
	notes  []string
	hidden bool // the repository has something in the directory itself
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
	one.at = m.place(lack.At)
	if m.tree, err = source.Mount(m.tree, lack.Dir, one.tree); err != nil {
		return err
	}
	m.all[lack.Dir] = one
	for _, note := range one.notes {
		if !slices.Contains(m.notes, note) {
			m.notes = append(m.notes, note)
		}
	}
	return nil
}

// of finds what was fetched that a file is in, and the file's path there.
func (m *mounts) of(file string) (one mount, below string, ok bool) {
	rest, ok := strings.CutPrefix(file, manifests.ElsewhereDir+"/")
	if !ok {
		return mount{}, "", false
	}
	id, below, _ := strings.Cut(rest, "/")
	one, ok = m.all[path.Join(manifests.ElsewhereDir, id)]
	return one, below, ok
}

// place is a place in this repository: that which names what the span is in.
func (m *mounts) place(span source.Span) source.Span {
	if one, _, ok := m.of(span.File); ok {
		return one.at
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
	own.Notes = m.texts(append(slices.Clone(m.notes), r.Notes...))
	own.Fetched = true
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
		from := one.called
		if below != manifests.FileName {
			from += ": " + below
		}
		if frame.Span.Line > 0 {
			from += ":" + strconv.Itoa(frame.Span.Line)
		}
		if !slices.ContainsFunc(back, func(f manifests.Frame) bool { return f.Span == one.at }) {
			back = append(back, manifests.Frame{Span: one.at, Role: frame.Role, Precision: manifests.Exact, From: from})
		}
	}
	return back
}

// failure is an error in terms of this repository.
func (m *mounts) failure(e *manifests.RenderError) error {
	at := m.located(e)
	return &at
}

func (m *mounts) located(e *manifests.RenderError) manifests.RenderError {
	own := *e
	own.Lacks = nil
	if one, below, ok := m.of(e.Span.File); ok {
		own.Reason = one.called + ": " + below + ": " + own.Reason
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
