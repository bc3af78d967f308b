package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxDepth = 32   // directories
	maxName  = 512  // bytes of a path
	perEntry = 4096 // bytes that an entry may take beside its content: headers and padding
)

// unpack returns the files of a chart's archive by their paths below the chart's directory. Links, devices, paths that
// lead out and names that come twice are refused: what Helm makes of them depends on its version.
func unpack(archive []byte, limits Limits) (map[string][]byte, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, errors.New("its archive is not compressed by gzip")
	}
	limited := &io.LimitedReader{R: zipped, N: limits.Unpacked + int64(limits.Files)*perEntry}
	in := tar.NewReader(limited)
	files, left := make(map[string][]byte), limits.Unpacked
	for entries := 0; ; entries++ {
		header, err := in.Next()
		switch {
		case err == io.EOF:
			if files["Chart.yaml"] == nil {
				return nil, errors.New("its archive has no Chart.yaml")
			}
			return files, nil
		case limited.N <= 0:
			return nil, fmt.Errorf("its archive unpacks to more than %d bytes", limits.Unpacked)
		case err != nil:
			return nil, errors.New("its archive is damaged")
		case entries >= limits.Files:
			return nil, fmt.Errorf("its archive has more than %d entries", limits.Files)
		}
		if header.Typeflag == tar.TypeDir || header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		name, err := below(header)
		if err != nil {
			return nil, err
		}
		if _, twice := files[name]; twice {
			return nil, fmt.Errorf("its archive has %q twice", name)
		}
		if left -= header.Size; left < 0 {
			return nil, fmt.Errorf("its archive unpacks to more than %d bytes", limits.Unpacked)
		}
		if files[name], err = io.ReadAll(io.LimitReader(in, header.Size)); err != nil {
			return nil, errors.New("its archive is damaged")
		}
	}
}

// below returns the path of a file below the chart's directory.
func below(header *tar.Header) (string, error) {
	if header.Typeflag != tar.TypeReg {
		return "", fmt.Errorf("its archive has %.100q, which is neither a file nor a directory", header.Name)
	}
	_, name, inside := strings.Cut(header.Name, "/")
	odd := func(r rune) bool { return r == '\\' || unicode.IsControl(r) }
	switch {
	case !inside || path.IsAbs(header.Name) || path.Clean(header.Name) != header.Name || strings.HasPrefix(header.Name, ".."),
		len(name) > maxName || strings.Count(name, "/") > maxDepth,
		!utf8.ValidString(name) || strings.ContainsFunc(name, odd):
		return "", fmt.Errorf("its archive has a file at %.100q, which is no place below a chart's directory", header.Name)
	}
	return name, nil
}
