package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// fileAt is what lies at an address.
type fileAt struct {
	Digest string    `json:"digest"`
	Seen   time.Time `json:"seen"`

	data  []byte
	moved *manifests.Moved
	stale string
}

// file returns a single file.
func (b *Bases) file(ctx context.Context, base manifests.Base) (manifests.Fetched, error) {
	at, err := b.files.do(base.URL, func() (fileAt, int, error) {
		f, err := b.resolveFile(ctx, base)
		if err == nil {
			f.moved = b.config.Store.Identify("file "+base.URL, f.Digest, b.config.Now())
		}
		return f, 0, err
	})
	if err != nil {
		return manifests.Fetched{}, err
	}
	var notes []string
	if at.stale != "" {
		notes = append(notes, fmt.Sprintf("%s is rendered as it was fetched before: %s", describe(base), at.stale))
	}
	tree, err := source.Memory(map[string][]byte{manifests.FileName: at.data}, source.Limits{FileSize: b.config.Limits.File})
	return manifests.Fetched{Tree: tree, Pinned: at.Digest, Notes: notes, Moved: at.moved}, err
}

// resolveFile finds out what lies at an address: what was fetched a moment ago, or what is there now.
func (b *Bases) resolveFile(ctx context.Context, base manifests.Base) (fileAt, error) {
	var known fileAt
	key := "file\n" + base.URL
	if b.config.Store.note(key, &known) {
		known.data = b.config.Store.blob(known.Digest)
	}
	remembered := known.data != nil
	switch {
	case b.config.Offline && !remembered:
		return fileAt{}, errOffline
	case remembered && (b.config.Offline || b.config.Now().Sub(known.Seen) < freshFor):
		return known, nil
	}
	address, err := url.Parse(base.URL)
	if err == nil {
		err = b.oneMore()
	}
	if err != nil {
		return fileAt{}, err
	}
	data, err := b.download(ctx, registry.File{Place: &url.URL{Scheme: address.Scheme, Host: address.Host}, Address: address, Limit: b.config.Limits.File})
	var unavailable *registry.UnavailableError
	switch {
	case remembered && errors.As(err, &unavailable) && !unavailable.Content:
		known.stale = err.Error()
		return known, nil
	case err != nil:
		return fileAt{}, err
	}
	found := fileAt{Digest: digestOf(data), Seen: b.config.Now(), data: data}
	b.config.Store.keepBlob(found.Digest, data)
	b.config.Store.keepNote(key, found)
	return found, nil
}
