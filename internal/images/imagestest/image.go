package imagestest

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// Media types.
const (
	ociIndex    = "application/vnd.oci.image.index.v1+json"
	ociManifest = "application/vnd.oci.image.manifest.v1+json"
	ociConfig   = "application/vnd.oci.image.config.v1+json"
	ociLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
	ociEmpty    = "application/vnd.oci.empty.v1+json"

	SimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"
	DSSE          = "application/vnd.dsse.envelope.v1+json"
	Bundle        = "application/vnd.dev.sigstore.bundle.v0.3+json"
)

// manifest is a manifest as it is pushed.
type manifest struct {
	SchemaVersion int                    `json:"schemaVersion"`
	MediaType     string                 `json:"mediaType"`
	ArtifactType  string                 `json:"artifactType,omitempty"`
	Config        *registry.Descriptor   `json:"config,omitempty"`
	Layers        []registry.Descriptor  `json:"layers,omitempty"`
	Manifests     *[]registry.Descriptor `json:"manifests,omitempty"`
	Subject       *registry.Descriptor   `json:"subject,omitempty"`
	Annotations   map[string]string      `json:"annotations,omitempty"`
}

// Image pushes an image of linux/amd64 that no other one is equal to, under a tag, "" for none, and returns its descriptor
// and its reference by digest.
func (r *Registry) Image(t testing.TB, repository, tag string) (images.Reference, registry.Descriptor) {
	t.Helper()
	return r.ImageFor(t, repository, tag, "linux/amd64")
}

// ImageFor is Image for a platform.
func (r *Registry) ImageFor(t testing.TB, repository, tag, platform string) (images.Reference, registry.Descriptor) {
	t.Helper()
	p := parsePlatform(platform)
	config, err := json.Marshal(map[string]any{"architecture": p.Architecture, "os": p.OS, "variant": p.Variant, "config": map[string]any{}, "random": rand.Text()})
	if err != nil {
		t.Fatal(err)
	}
	configured := r.Blob(t, repository, ociConfig, config)
	layer := r.Blob(t, repository, ociLayer, []byte(rand.Text()))
	d := r.Manifest(t, repository, tag, manifest{SchemaVersion: 2, MediaType: ociManifest, Config: &configured, Layers: []registry.Descriptor{layer}})
	d.Platform = &p
	return Reference(t, "%s/%s@%s", r.Host, repository, d.Digest), d
}

func parsePlatform(s string) registry.Platform {
	parts := append(strings.Split(s, "/"), "")
	return registry.Platform{OS: parts[0], Architecture: parts[1], Variant: parts[2]}
}

// Index pushes an index of manifests. mediaType "" is OCI's.
func (r *Registry) Index(t testing.TB, repository, tag, mediaType string, children ...registry.Descriptor) (images.Reference, registry.Descriptor) {
	t.Helper()
	if mediaType == "" {
		mediaType = ociIndex
	}
	d := r.Manifest(t, repository, tag, manifest{SchemaVersion: 2, MediaType: mediaType, Manifests: &children})
	return Reference(t, "%s/%s@%s", r.Host, repository, d.Digest), d
}

// Artifact pushes an artifact that is no image, as Helm pushes charts.
func (r *Registry) Artifact(t testing.TB, repository, tag, configType string) (images.Reference, registry.Descriptor) {
	t.Helper()
	config := r.Blob(t, repository, configType, []byte(`{"name":"`+rand.Text()+`"}`))
	d := r.Manifest(t, repository, tag, manifest{SchemaVersion: 2, MediaType: ociManifest, Config: &config,
		Layers: []registry.Descriptor{r.Blob(t, repository, "application/octet-stream", []byte(rand.Text()))}})
	return Reference(t, "%s/%s@%s", r.Host, repository, d.Digest), d
}

// Seal is something signed, as it lies beside an image: a layer with its annotations.
type Seal struct {
	MediaType   string
	Content     []byte
	Annotations map[string]string
}

// SealOf is content without annotations.
func SealOf(mediaType string, content []byte) Seal {
	return Seal{MediaType: mediaType, Content: content}
}

// Tag pushes seals as the layers of one manifest under the tag of an image that cosign's first format keeps them at: suffix
// is ".sig" or ".att".
func (r *Registry) Tag(t testing.TB, image images.Reference, suffix string, seals ...Seal) {
	t.Helper()
	m := manifest{SchemaVersion: 2, MediaType: ociManifest}
	config := r.Blob(t, image.Repository, ociConfig, []byte("{}"))
	m.Config = &config
	for _, s := range seals {
		d := r.Blob(t, image.Repository, s.MediaType, s.Content)
		d.Annotations = s.Annotations
		m.Layers = append(m.Layers, d)
	}
	r.Manifest(t, image.Repository, strings.Replace(image.Digest, ":", "-", 1)+suffix, m)
}

// Referrer is a manifest that refers to an image.
type Referrer struct {
	ArtifactType string
	ListedAs     string // in the fallback's list; "" for the artifact type
	Annotations  map[string]string
	Subject      *registry.Descriptor // nil for the image
	Unlinked     bool                 // it has no subject, and is in the list under the fallback tag only
	Seals        []Seal
}

// Refer pushes a referrer of an image, and lists it under the fallback tag where the registry has no API.
func (r *Registry) Refer(t testing.TB, image images.Reference, ref Referrer) registry.Descriptor {
	t.Helper()
	config := r.Blob(t, image.Repository, ociEmpty, []byte("{}"))
	subject := ref.Subject
	if subject == nil {
		subject = &registry.Descriptor{MediaType: ociManifest, Digest: image.Digest, Size: 1}
	}
	m := manifest{SchemaVersion: 2, MediaType: ociManifest, ArtifactType: ref.ArtifactType, Config: &config, Subject: subject, Annotations: ref.Annotations}
	for _, s := range ref.Seals {
		d := r.Blob(t, image.Repository, s.MediaType, s.Content)
		d.Annotations = s.Annotations
		m.Layers = append(m.Layers, d)
	}
	if ref.Unlinked {
		m.Subject = nil
	}
	d := r.Manifest(t, image.Repository, "", m)
	d.ArtifactType, d.Annotations = ref.ArtifactType, ref.Annotations
	if ref.ListedAs != "" {
		d.ArtifactType = ref.ListedAs
	}
	if r.Mode == Fallback || ref.Subject != nil || ref.Unlinked {
		r.List(t, image, d)
	}
	return d
}

// Attach pushes one Sigstore bundle as cosign does since version 3.
func (r *Registry) Attach(t testing.TB, image images.Reference, predicateType string, bundle []byte) registry.Descriptor {
	t.Helper()
	return r.Refer(t, image, Referrer{ArtifactType: Bundle, ListedAs: ociEmpty,
		Annotations: map[string]string{"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicateType},
		Seals:       []Seal{{MediaType: Bundle, Content: bundle}}})
}

// List adds descriptors to the list under an image's fallback tag.
func (r *Registry) List(t testing.TB, image images.Reference, add ...registry.Descriptor) {
	t.Helper()
	tag := strings.Replace(image.Digest, ":", "-", 1)
	var list manifest
	if text := r.Content(t, image.Repository, tag); text != nil {
		if err := json.Unmarshal(text, &list); err != nil {
			t.Fatal(err)
		}
	}
	var all []registry.Descriptor
	if list.Manifests != nil {
		all = *list.Manifests
	}
	all = append(all, add...)
	r.Manifest(t, image.Repository, tag, manifest{SchemaVersion: 2, MediaType: ociIndex, Manifests: &all})
}
