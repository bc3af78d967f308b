package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// inRepository finds a version of a chart in the index of its repository, as Helm does.
func (c *Charts) inRepository(ctx context.Context, at place, chart manifests.RemoteChart) (version, error) {
	index, err := c.indexes.do(at.url.String(), func() ([]byte, int, error) {
		index, err := c.index(ctx, at)
		return index, len(index), err
	})
	if errors.Is(err, registry.ErrAbsent) {
		return version{}, fmt.Errorf("%s has no index.yaml there", at.url.Host)
	}
	if err != nil {
		return version{}, err
	}
	entries, err := entriesOf(index, at.name)
	if err != nil {
		return version{}, fmt.Errorf("reading the index of %s: %w", at.url.Host, err)
	}
	entry, err := choose(entries, chart.Version)
	if err != nil {
		return version{}, fmt.Errorf("%s: %w", at.url.Host, err)
	}
	return c.indexed(ctx, at, entry)
}

// index returns the index of a repository. One that is kept is asked for only if it is another one now.
func (c *Charts) index(ctx context.Context, at place) ([]byte, error) {
	kept, tag := c.config.Store.index(at.url.String())
	file := registry.File{Place: at.url, Address: at.url.JoinPath("index.yaml"), Limit: c.config.Limits.Index, Within: c.config.Limits.Time}
	index, tag, err := c.config.Client.DownloadUnless(ctx, file, tag)
	switch {
	case errors.Is(err, registry.ErrUnchanged):
		return kept, nil
	case err == nil && tag != "":
		c.config.Store.keepIndex(at.url.String(), tag, index)
	}
	return index, err
}

// indexed is the version that an entry of an index stands for. Where the entry has no digest the archive is read for it.
func (c *Charts) indexed(ctx context.Context, at place, entry indexEntry) (version, error) {
	address, err := archiveURL(at.url, entry.url)
	if err != nil {
		return version{}, fmt.Errorf("%s: version %.80q: %w", at.url.Host, entry.version, err)
	}
	if rest, ok := strings.CutPrefix(address, "oci://"); ok { // an index may lead to a registry, which has to be allowed too
		ref, err := images.ParseReference(rest)
		if err != nil {
			return version{}, fmt.Errorf("%s: version %.80q: %w", at.url.Host, entry.version, err)
		}
		tag := ref.Tag
		ref.Tag = ""
		there := manifests.RemoteChart{URL: "oci://" + ref.Name(), Version: tag, Tag: true, Digest: ref.Digest}
		if _, err := c.config.Places.find(there); err != nil {
			return version{}, err
		}
		return c.inRegistry(ctx, place{ref: ref}, there)
	}
	v := version{Version: entry.version, Address: address, Digest: "sha256:" + strings.TrimPrefix(strings.ToLower(entry.digest), "sha256:")}
	if entry.digest != "" {
		if !images.IsDigest(v.Digest) {
			return version{}, fmt.Errorf("%s: version %.80q has something for a digest that is none", at.url.Host, entry.version)
		}
		return v, nil
	}
	archive, err := c.download(ctx, at, address)
	if err != nil {
		return version{}, err
	}
	v.Digest = digestOf(archive)
	c.config.Store.keepBlob(v.Digest, archive)
	return v, nil
}

// archiveURL is where an entry's archive lies: beside the index, or where it says.
func archiveURL(repository *url.URL, text string) (string, error) {
	if strings.HasPrefix(text, "oci://") {
		return text, nil
	}
	to, err := url.Parse(text)
	if err != nil || text == "" {
		return "", errors.New("it has no address of an archive")
	}
	base := *repository
	base.Path += "/"
	to = base.ResolveReference(to)
	if to.Scheme != "https" && to.Scheme != "http" || to.Host == "" || to.User != nil {
		return "", errors.New("its archive lies at an address that is none over HTTP without credentials")
	}
	to.Fragment = ""
	return to.String(), nil
}

// download gets an archive that an index leads to.
func (c *Charts) download(ctx context.Context, at place, address string) ([]byte, error) {
	to, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("its archive lies at no address")
	}
	archive, err := c.config.Client.Download(ctx, registry.File{Place: at.url, Address: to, Limit: c.config.Limits.Archive, Within: c.config.Limits.Time})
	if errors.Is(err, registry.ErrAbsent) {
		return nil, fmt.Errorf("%s does not have the archive that the index names", to.Host)
	}
	return archive, err
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
