package reviewtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
	"go.yaml.in/yaml/v3"
)

// Fetched are charts from elsewhere, by "ADDRESS NAME VERSION" as an object writes them, without the name for one in a
// registry; and repositories, by "ADDRESS REF". It implements review.Charts.
type Fetched map[string]FetchedChart

// FetchedChart is a chart, or a repository, as fetched.yaml writes it.
type FetchedChart struct {
	Found  string            // the version that a range is
	Files  map[string]string // by their paths below the chart
	Before map[string]string // what its version held before it was published anew; nil where it was not
}

// movedAt is when charts of fetched.yaml were published anew.
var movedAt = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// ParseFetched reads a fetched.yaml.
func ParseFetched(text []byte) (Fetched, error) {
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	fetched := Fetched{}
	err := decoder.Decode(&fetched)
	return fetched, err
}

// Fetching is a review.ChartsFunc that has these charts, whatever the policy says.
func (f Fetched) Fetching(*review.Policy, bool) (review.Charts, func(), error) {
	return f, func() {}, nil
}

func fetchedName(chart manifests.RemoteChart) string {
	return strings.Join(slices.DeleteFunc([]string{chart.URL, chart.Name, chart.Version}, func(s string) bool { return s == "" }), " ")
}

// Pin implements review.Charts.
func (f Fetched) Pin(_ context.Context, chart manifests.RemoteChart) (manifests.RemoteChart, error) {
	is, ok := f[fetchedName(chart)]
	if !ok {
		return chart, &manifests.RenderError{Reason: chart.String() + " is not in fetched.yaml"}
	}
	if chart.Found = is.Found; is.Found == "" {
		chart.Found = chart.Version
	}
	chart.Address, chart.Digest = chart.URL, digestOf(is.Files)
	if is.Before != nil {
		chart.Moved = &manifests.Moved{Was: digestOf(is.Before), At: movedAt}
	}
	return chart, nil
}

// Files implements review.Charts.
func (f Fetched) Files(_ context.Context, chart manifests.RemoteChart) (map[string][]byte, error) {
	is := f[fetchedName(chart)]
	from := is.Files
	if chart.Digest == digestOf(is.Before) {
		from = is.Before
	}
	files := make(map[string][]byte)
	for name, text := range from {
		files[name] = []byte(text)
	}
	return files, nil
}

// Sealed implements review.Charts: nobody seals the charts of examples.
func (f Fetched) Sealed(context.Context, manifests.RemoteChart) (manifests.SealedChart, error) {
	return manifests.SealedChart{}, nil
}

// bases are the repositories of fetched.yaml, as review.Bases.
type bases struct{ all Fetched }

// FetchingBases is a review.BasesFunc that has these repositories, whatever the policy says.
func (f Fetched) FetchingBases(*review.Policy, bool) (review.Bases, func(), error) {
	return bases{f}, func() {}, nil
}

// Pin implements review.Bases. The ID of a commit is made of the files.
func (b bases) Pin(_ context.Context, base manifests.Base) (got manifests.Fetched, err error) {
	called := strings.TrimSpace(base.URL + " " + base.Ref)
	is, ok := b.all[called]
	if !ok {
		return got, &manifests.RenderError{Reason: called + " is not in fetched.yaml", Elsewhere: true}
	}
	commit := func(files map[string]string) string { return digestOf(files)[len("sha256:"):][:40] }
	got.Pinned = commit(is.Files)
	if is.Before != nil {
		got.Moved = &manifests.Moved{Was: commit(is.Before), At: movedAt}
	}
	return got, nil
}

// Get implements review.Bases.
func (b bases) Get(ctx context.Context, base manifests.Base) (manifests.Fetched, error) {
	got, err := b.Pin(ctx, base)
	if err != nil {
		return got, err
	}
	files := make(map[string][]byte)
	for name, text := range b.all[strings.TrimSpace(base.URL+" "+base.Ref)].Files {
		files[name] = []byte(text)
	}
	got.Tree, err = source.Memory(files, source.Limits{})
	return got, err
}

func digestOf(files map[string]string) string {
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all.WriteString(name + "\x00" + files[name] + "\x00")
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(all.String())))
}
