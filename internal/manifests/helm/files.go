package helm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"helm.sh/helm/v4/pkg/ignore"
)

// limits counts down what loading a chart may still take.
type limits struct {
	bytes   int64
	files   int
	perFile int64 // 0 for none but bytes
}

var errChartSize = errors.New("the chart is larger than the limit")

// take uses up one file of a size.
func (l *limits) take(size int64) error {
	l.files--
	l.bytes -= size
	switch {
	case l.files < 0:
		return fmt.Errorf("%w of %d files", errChartSize, maxChartFiles)
	case l.bytes < 0:
		return fmt.Errorf("%w of %d MiB", errChartSize, maxChartBytes>>20)
	case l.perFile > 0 && size > l.perFile:
		return fmt.Errorf("the file is larger than Helm 3's limit of %d MiB", maxFileBytes>>20)
	}
	return nil
}

// readChart reads the files of a chart's directory that its .helmignore leaves, sorted by name.
func readChart(ctx context.Context, tree source.Tree, dir string, limit *limits) ([]file, error) {
	rules := ignore.Empty()
	ignoreFile := path.Join(dir, ignore.HelmIgnore)
	data, err := tree.ReadFile(ignoreFile)
	switch {
	case err == nil:
		if rules, err = ignore.Parse(bytes.NewReader(data)); err != nil {
			return nil, &manifests.RenderError{Reason: "the patterns cannot be used: " + err.Error(), Span: source.Span{File: ignoreFile}, Cause: err}
		}
	case !errors.Is(err, source.ErrNotExist):
		return nil, treeError(ignoreFile, err)
	}
	rules.AddDefaults()
	w := walker{ctx, tree, dir, rules, limit, nil}
	if err := w.walk(""); err != nil {
		return nil, err
	}
	return w.files, nil
}

// walker collects the files of one chart.
type walker struct {
	ctx   context.Context
	tree  source.Tree
	dir   string
	rules *ignore.Rules
	limit *limits
	files []file
}

func (w *walker) walk(below string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	dir := path.Join(w.dir, below)
	entries, err := w.tree.ReadDir(dir)
	if err != nil {
		return treeError(dir, err)
	}
	for _, e := range entries {
		name := path.Join(below, e.Name)
		if e.Kind == source.Submodule || w.rules.Ignore(name, entry{e}) {
			continue
		}
		if e.Kind == source.Dir {
			err = w.walk(name)
		} else {
			err = w.read(name, e.Size)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) read(name string, size int64) error {
	at := path.Join(w.dir, name)
	if err := w.limit.take(size); err != nil {
		return treeError(at, err)
	}
	data, err := w.tree.ReadFile(at)
	if err != nil {
		return treeError(at, err)
	}
	w.files = append(w.files, file{name, trimBOM(data)})
	return nil
}

// treeError says which path of the chart cannot be read. A missing one stays recognisable.
func treeError(at string, err error) error {
	return &manifests.RenderError{Reason: "cannot be read as part of a chart: " + err.Error(), Span: source.Span{File: at}, Cause: err}
}

// entry shows a tree's entry to Helm's ignore rules, which ask for no more than whether it is a directory.
type entry struct{ info source.Info }

func (e entry) Name() string       { return e.info.Name }
func (e entry) Size() int64        { return e.info.Size }
func (e entry) IsDir() bool        { return e.info.Kind == source.Dir }
func (e entry) ModTime() time.Time { return time.Time{} }
func (e entry) Sys() any           { return nil }
func (e entry) Mode() fs.FileMode {
	if e.IsDir() {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

// unpack reads the files of a packaged chart: a gzipped tar archive with one directory. It refuses what would
// leave that directory, links, and what grows beyond the limits.
func unpack(data []byte, limit *limits) ([]file, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	// Headers count as well: an archive of empty files compresses very far.
	archive := tar.NewReader(io.LimitReader(unzipped, limit.bytes+int64(limit.files)*1024+1))
	var all []file
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) && len(all) > 0 {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		f, err := unpackFile(header, archive, limit)
		if err != nil {
			return nil, err
		}
		if f != nil {
			all = append(all, *f)
		}
	}
}

// unpackFile reads one entry of an archive; nil for entries that are no files.
func unpackFile(header *tar.Header, from io.Reader, limit *limits) (*file, error) {
	switch header.Typeflag {
	case tar.TypeReg:
	case tar.TypeDir, tar.TypeXGlobalHeader, tar.TypeXHeader:
		return nil, limit.take(0)
	default:
		return nil, fmt.Errorf("%q is a link or a device", header.Name)
	}
	full := strings.ReplaceAll(header.Name, `\`, "/")
	top, name, found := strings.Cut(full, "/")
	name = path.Clean(name)
	switch {
	case !found, name == ".", top == "", top == "..":
		return nil, fmt.Errorf("%q lies outside of the chart's directory", header.Name)
	case name == "..", strings.HasPrefix(name, "../"), path.IsAbs(name), strings.Contains(name, ":/"):
		return nil, fmt.Errorf("%q leads out of the chart", header.Name)
	}
	if err := limit.take(header.Size); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(from, header.Size))
	if err != nil {
		return nil, err
	}
	return &file{name, trimBOM(data)}, nil
}
