package fetch

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// chartLayer is the media type of a chart's archive (Helm's OCI support, https://helm.sh/docs/topics/registries/).
const chartLayer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

// inRegistry finds the manifest that a chart's version or digest names in a registry.
func (c *Charts) inRegistry(ctx context.Context, at place, chart manifests.RemoteChart) (version, error) {
	ref := at.ref
	v := version{Version: chart.Version, Digest: chart.Digest, Address: "oci://" + ref.Name()}
	if chart.Digest != "" {
		if !images.IsDigest(chart.Digest) {
			return version{}, fmt.Errorf("%.100q is no digest", chart.Digest)
		}
		return v, nil
	}
	tag, err := c.tag(ctx, ref, chart)
	if err != nil {
		return version{}, err
	}
	ref.Tag = tag
	found, err := c.config.Client.Resolve(ctx, ref)
	if errors.Is(err, registry.ErrAbsent) {
		return version{}, fmt.Errorf("%s does not have it", ref.Host)
	}
	v.Version, v.Digest = strings.ReplaceAll(tag, "_", "+"), found.Digest
	return v, err
}

// tag is what a version is called in a registry, in which "+" may not stand. Of a range the newest is taken that there is.
func (c *Charts) tag(ctx context.Context, ref images.Reference, chart manifests.RemoteChart) (string, error) {
	if _, err := semver.StrictNewVersion(strings.TrimPrefix(chart.Version, "v")); err == nil || chart.Tag && chart.Version != "" {
		tag := strings.ReplaceAll(chart.Version, "+", "_")
		if named, err := images.ParseReference(ref.Name() + ":" + tag); err != nil || named.Tag != tag {
			return "", fmt.Errorf("%.100q is no tag", tag)
		}
		return tag, nil
	}
	tags, err := c.config.Client.Tags(ctx, ref)
	if errors.Is(err, registry.ErrAbsent) {
		return "", fmt.Errorf("%s does not have it", ref.Host)
	}
	if err != nil {
		return "", err
	}
	if tags, err = filtered(tags, chart.Filter); err != nil {
		return "", err
	}
	versions := make([]string, len(tags))
	for i, tag := range tags {
		versions[i] = strings.ReplaceAll(tag, "_", "+")
	}
	i, err := newest(versions, chart.Version)
	if err != nil {
		return "", fmt.Errorf("%s: %w", ref.Host, err)
	}
	if named, err := images.ParseReference(ref.Name() + ":" + tags[i]); err != nil || named.Tag != tags[i] {
		return "", fmt.Errorf("%s lists a tag that is none", ref.Host)
	}
	return tags[i], nil
}

// filtered are the tags that an expression matches; all of them for none.
func filtered(tags []string, expression string) ([]string, error) {
	if expression == "" {
		return tags, nil
	}
	if len(expression) > maxRange {
		return nil, fmt.Errorf("the filter %.80q… is too long", expression)
	}
	matching, err := regexp.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("the filter %.80q is no regular expression", expression)
	}
	return slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return !matching.MatchString(tag) }), nil
}

// manifest returns the manifest of a chart in a registry.
func (c *Charts) manifest(ctx context.Context, chart manifests.RemoteChart) (images.Reference, *registry.Manifest, error) {
	at, err := c.config.Places.find(manifests.RemoteChart{URL: chart.Address})
	if err != nil {
		return images.Reference{}, nil, err
	}
	ref := at.ref
	ref.Digest = chart.Digest
	m, err := c.config.Client.Manifest(ctx, ref)
	if errors.Is(err, registry.ErrAbsent) {
		return ref, nil, fmt.Errorf("%s does not have it", ref.Host)
	}
	return ref, m, err
}

// layer returns the archive of a chart in a registry, which its manifest names.
func (c *Charts) layer(ctx context.Context, chart manifests.RemoteChart) ([]byte, error) {
	if archive := c.config.Store.blob(c.config.Store.layer(chart.Digest)); archive != nil {
		return archive, nil
	}
	if c.config.Offline {
		return nil, errOffline
	}
	ref, m, err := c.manifest(ctx, chart)
	if err != nil {
		return nil, err
	}
	for _, l := range m.Layers {
		if l.MediaType != chartLayer {
			continue
		}
		archive, err := c.config.Client.Blob(ctx, ref, l, c.config.Limits.Archive)
		if err == nil {
			c.config.Store.keepBlob(l.Digest, archive)
			c.config.Store.keepLayer(chart.Digest, l.Digest)
		}
		return archive, err
	}
	return nil, fmt.Errorf("what %s has there is no chart: it has no layer of the type %s", ref.Host, chartLayer)
}
