package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	user    = 65532 // nobody's account, as distroless images have it
	program = "usr/bin/landwaiter"

	repository = "ghcr.io/landwaiter/landwaiter"
)

// recipe is what an image is made of. The same recipe makes the same digest.
type recipe struct {
	machine string // as Go calls it
	base    string // a directory of unpacked packages
	program string
	version string
	created time.Time
}

// imageVerb makes an image for each machine and one index of them.
func imageVerb(args []string, stdout io.Writer) error {
	set := flags("image")
	out, version := set.String("out", "", "directory"), set.String("version", "", "version")
	created := set.Int64("time", 0, "seconds since 1970")
	if err := set.Parse(args); err != nil {
		return err
	}
	var index v1.ImageIndex = mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	for _, arg := range set.Args() {
		machine, rest, _ := strings.Cut(arg, "=")
		dir, binary, ok := strings.Cut(rest, ",")
		if !ok {
			return fmt.Errorf("%q is not MACHINE=BASE,PROGRAM", arg)
		}
		r := recipe{machine, dir, binary, *version, time.Unix(*created, 0).UTC()}
		image, bill, err := r.image()
		if err != nil {
			return fmt.Errorf("%s: %w", machine, err)
		}
		if err := os.WriteFile(filepath.Join(*out, "image_"+machine+".spdx.json"), bill, 0o644); err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
			MediaType: types.OCIManifestSchema1, Platform: &v1.Platform{OS: "linux", Architecture: machine}}})
	}
	return write(index, *out, *version, stdout)
}

// write keeps an index as a directory and as one file, which docker load and podman load read. There it is called by its version,
// the images for other machines than the first by version and machine.
func write(index v1.ImageIndex, out, version string, stdout io.Writer) error {
	dir := filepath.Join(out, "oci")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	kept, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	name := layout.WithAnnotations(map[string]string{"io.containerd.image.name": repository + ":" + version, "org.opencontainers.image.ref.name": version})
	if err := kept.AppendIndex(index, name); err != nil {
		return err
	}
	files, err := filesOf(dir)
	if err != nil {
		return err
	}
	list, err := dockerList(index, version)
	if err != nil {
		return err
	}
	files = append(files, file{name: "manifest.json", content: list, mode: 0o644})
	archive, err := pack(files, time.Unix(0, 0))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "image.tar"), archive, 0o644); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, digest)
	return err
}

// dockerList says where the images' blobs are to a docker load that does not know OCI's layout: one that keeps images its own way.
//
// https://github.com/moby/moby/blob/master/image/spec/v1.2.md
func dockerList(index v1.ImageIndex, version string) ([]byte, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	at := func(digest v1.Hash) string { return path.Join("blobs", digest.Algorithm, digest.Hex) }
	var list tarball.Manifest
	for i, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		if err != nil {
			return nil, err
		}
		own, err := image.Manifest()
		if err != nil {
			return nil, err
		}
		tag := version
		if i > 0 {
			tag += "-" + m.Platform.Architecture
		}
		entry := tarball.Descriptor{Config: at(own.Config.Digest), RepoTags: []string{repository + ":" + tag}}
		for _, layer := range own.Layers {
			entry.Layers = append(entry.Layers, at(layer.Digest))
		}
		list = append(list, entry)
	}
	return json.Marshal(list)
}

// filesOf reads a directory.
func filesOf(dir string) (files []file, err error) {
	err = filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		as, err := filepath.Rel(dir, at)
		files = append(files, file{name: filepath.ToSlash(as), content: content, mode: 0o644})
		return err
	})
	return files, err
}

// image makes the image for one machine, and says what it is made of.
func (r recipe) image() (v1.Image, []byte, error) {
	b, err := newBase(r.base)
	if err != nil {
		return nil, nil, err
	}
	content, err := os.ReadFile(r.program)
	if err != nil {
		return nil, nil, err
	}
	bill, err := imageBill(r, b.packages)
	if err != nil {
		return nil, nil, err
	}
	ours := []file{{name: program, content: content, mode: 0o755}, {name: "usr/share/sbom/landwaiter.spdx.json", content: bill, mode: 0o644}}
	image, err := mutate.ConfigFile(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), r.config())
	if err != nil {
		return nil, nil, err
	}
	for _, files := range [][]file{b.files, ours} {
		archive, err := pack(files, r.created)
		if err != nil {
			return nil, nil, err
		}
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive)), nil },
			tarball.WithMediaType(types.OCILayer))
		if err != nil {
			return nil, nil, err
		}
		if image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: r.created}}}); err != nil {
			return nil, nil, err
		}
	}
	return image, bill, nil
}

// config says how the image is run: without privileges, and serving.
func (r recipe) config() *v1.ConfigFile {
	return &v1.ConfigFile{
		OS: "linux", Architecture: r.machine, Created: v1.Time{Time: r.created}, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User: fmt.Sprintf("%d:%d", user, user), Entrypoint: []string{"/" + program}, WorkingDir: "/",
			Env:          []string{"PATH=/usr/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", "LANDWAITER_DATA=/data", "HOME=/data"},
			ExposedPorts: map[string]struct{}{"8080/tcp": {}},
			Labels: map[string]string{
				"org.opencontainers.image.title": "landwaiter", "org.opencontainers.image.version": r.version, "org.opencontainers.image.licenses": "Apache-2.0",
				"org.opencontainers.image.source": "https://github.com/landwaiter/landwaiter",
			},
		},
	}
}

// pack writes files as a tar archive: sorted, with their directories, and with one time for all.
func pack(files []file, at time.Time) ([]byte, error) {
	all := slices.Clone(files)
	known := map[string]bool{}
	for _, f := range all {
		known[f.name] = true
	}
	for _, f := range files {
		for dir := path.Dir(f.name); dir != "." && !known[dir]; dir = path.Dir(dir) {
			known[dir] = true
			all = append(all, file{name: dir, mode: fs.ModeDir | 0o755})
		}
	}
	slices.SortFunc(all, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	for _, f := range all {
		if err := archive.WriteHeader(f.header(at)); err != nil {
			return nil, err
		}
		if _, err := archive.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (f file) header(at time.Time) *tar.Header {
	h := &tar.Header{Name: f.name, Mode: int64(f.mode.Perm()), Size: int64(len(f.content)), ModTime: at, Uid: f.owner, Gid: f.owner, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
	switch {
	case f.link != "":
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.link, 0o777
	case f.mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, f.name+"/"
	}
	if f.mode&fs.ModeSticky != 0 {
		h.Mode |= 0o1000
	}
	return h
}

// pushVerb sends a kept image to a registry, with the credentials of docker login.
func pushVerb(args []string, stdout io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("push wants a directory and a reference, got %d arguments", len(args))
	}
	reference, err := name.ParseReference(args[1], name.StrictValidation)
	if err != nil {
		return err
	}
	kept, err := layout.ImageIndexFromPath(args[0])
	if err != nil {
		return err
	}
	manifest, err := kept.IndexManifest()
	if err != nil {
		return err
	}
	if len(manifest.Manifests) != 1 {
		return fmt.Errorf("%s holds %d images, want one", args[0], len(manifest.Manifests))
	}
	digest := manifest.Manifests[0].Digest
	index, err := kept.ImageIndex(digest)
	if err != nil {
		return err
	}
	if err := remote.WriteIndex(reference, index, remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s@%s\n", reference.Context(), digest)
	return err
}
