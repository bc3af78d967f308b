package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

const (
	// sealLayer is the media type of a provenance file beside a chart in a registry (https://helm.sh/docs/topics/registries/).
	sealLayer = "application/vnd.cncf.helm.chart.provenance.v1.prov"
	// maxSeal bounds a provenance file: it holds a Chart.yaml and a signature.
	maxSeal = 512 << 10
)

// Sealed returns the archive of a chart that Pin has found, with its provenance file. The error is a *manifests.RenderError
// without a place.
func (c *Charts) Sealed(ctx context.Context, chart manifests.RemoteChart) (manifests.SealedChart, error) {
	archive, err := c.kept(ctx, chart)
	if err != nil {
		return manifests.SealedChart{}, failed(chart, err)
	}
	name, err := c.fileName(chart, archive)
	if err != nil {
		return manifests.SealedChart{}, failed(chart, err)
	}
	seal, err := c.seals.do(chart.Address+"\n"+chart.Digest, func() ([]byte, int, error) {
		seal, err := c.seal(ctx, chart)
		return seal, len(seal), err
	})
	if err != nil {
		return manifests.SealedChart{}, failed(chart, fmt.Errorf("its provenance file: %w", err))
	}
	return manifests.SealedChart{Name: name, Archive: archive, Seal: seal}, nil
}

// fileName is what the archive of a chart is called: as its address ends, in a registry as Helm calls it.
func (c *Charts) fileName(chart manifests.RemoteChart, archive []byte) (string, error) {
	if !strings.HasPrefix(chart.Address, "oci://") {
		at, err := url.Parse(chart.Address)
		if err != nil {
			return "", errors.New("its archive lies at no address")
		}
		return path.Base(at.Path), nil
	}
	files, err := unpack(archive, c.config.Limits)
	if err != nil {
		return "", err
	}
	node, err := manifests.ParseYAML(files["Chart.yaml"])
	if err != nil || node == nil {
		return "", errors.New("its Chart.yaml cannot be read")
	}
	is := manifests.NewField(node, "")
	return is.Get("name").Text() + "-" + is.Get("version").Text() + ".tgz", nil
}

// seal returns the provenance file of a chart, nil when there is none: out of the store, or from beside the archive. That a
// repository has none is asked for each time, since it may be put there later; what a manifest lists stays as it is.
func (c *Charts) seal(ctx context.Context, chart manifests.RemoteChart) ([]byte, error) {
	if seal, known := c.config.Store.seal(chart.Digest); known {
		return seal, nil
	}
	if c.config.Offline {
		return nil, errOffline
	}
	if strings.HasPrefix(chart.Address, "oci://") {
		seal, err := c.sealInRegistry(ctx, chart)
		if err == nil {
			c.config.Store.keepSeal(chart.Digest, seal)
		}
		return seal, err
	}
	at, err := c.config.Places.find(chart)
	if err != nil {
		return nil, err
	}
	to, err := url.Parse(chart.Address)
	if err != nil {
		return nil, errors.New("its archive lies at no address")
	}
	to.Path += ".prov"
	to.RawPath = ""
	seal, err := c.config.Client.Download(ctx, registry.File{Place: at.url, Address: to, Limit: maxSeal, Within: c.config.Limits.Time})
	if errors.Is(err, registry.ErrAbsent) {
		return nil, nil
	}
	if err == nil {
		c.config.Store.keepSeal(chart.Digest, seal)
	}
	return seal, err
}

// sealInRegistry returns the provenance file that the manifest of a chart names; nil when it names none.
func (c *Charts) sealInRegistry(ctx context.Context, chart manifests.RemoteChart) ([]byte, error) {
	ref, m, err := c.manifest(ctx, chart)
	if err != nil {
		return nil, err
	}
	for _, l := range m.Layers {
		if l.MediaType == sealLayer {
			return c.config.Client.Blob(ctx, ref, l, maxSeal)
		}
	}
	return nil, nil
}
