package fetch

import (
	"context"
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
	stale string // why it could not be asked for now; "" when it could
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
	key, before := "file\n"+base.URL, remembered[fileAt]{offline: b.config.Offline}
	if b.config.Store.note(key, &before.value) {
		before.value.data = b.config.Store.blob(before.value.Digest)
	}
	before.known = before.value.data != nil
	before.fresh = b.config.Now().Sub(before.value.Seen) < freshFor
	found, stale, asked, err := before.orAsk(func() (fileAt, error) { return b.askFile(ctx, base) })
	if found.stale = stale; asked {
		found.Seen = b.config.Now()
		b.config.Store.keepBlob(found.Digest, found.data)
		b.config.Store.keepNote(key, found)
	}
	return found, err
}

// askFile downloads what lies at an address.
func (b *Bases) askFile(ctx context.Context, base manifests.Base) (fileAt, error) {
	address, err := url.Parse(base.URL)
	if err == nil {
		err = b.oneMore()
	}
	if err != nil {
		return fileAt{}, err
	}
	data, err := b.download(ctx, registry.File{Place: &url.URL{Scheme: address.Scheme, Host: address.Host}, Address: address, Limit: b.config.Limits.File})
	return fileAt{Digest: digestOf(data), data: data}, err
}
