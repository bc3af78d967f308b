// Trim cuts what the test GitHub needs out of the packages in which Octokit publishes GitHub's own descriptions of its
// interfaces. It reads one package as "npm pack" fetches it from standard input and writes into
// internal/github/githubtest/contract and internal/github/testdata/webhooks, from the root of the repository:
//
//	npm pack @octokit/openapi@23.0.2 @octokit/webhooks-schemas@7.6.1 @octokit/graphql-schema@15.26.1 @octokit/webhooks-examples@7.6.1
//	for package in octokit-*.tgz; do go run ./internal/github/githubtest/trim < $package; done
//
// Run it when the server answers an operation, sends an event or resolves a field that it did not before, and for
// newer packages. The integrity that it prints and writes is the one that the registry states.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
)

const (
	contractDir = "internal/github/githubtest/contract"
	examplesDir = "internal/github/testdata/webhooks"
)

// source says where something is from.
type source struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	License   string `json:"license"`
	Integrity string `json:"integrity"`
}

func main() {
	log.SetFlags(0)
	if err := trim(os.Stdin); err != nil {
		log.Fatalf("trim: %v", err)
	}
}

func trim(in io.Reader) error {
	data, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	files, err := unpack(data)
	if err != nil {
		return fmt.Errorf("standard input is no package of npm: %w", err)
	}
	var from source
	if err := json.Unmarshal(files["package.json"], &from); err != nil {
		return fmt.Errorf("package.json: %w", err)
	}
	sum := sha512.Sum512(data)
	from.Integrity = "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
	fmt.Println(from.Name, from.Version, from.Integrity)
	switch from.Name {
	case "@octokit/openapi":
		err = trimOpenAPI(files["generated/api.github.com.json"])
	case "@octokit/webhooks-schemas":
		err = trimHookSchemas(files["schema.json"])
	case "@octokit/graphql-schema":
		err = trimGraphQL(string(files["schema.graphql"]))
	case "@octokit/webhooks-examples":
		return trimExamples(files["api.github.com/index.json"], from)
	default:
		return fmt.Errorf("nothing is needed of %s", from.Name)
	}
	if err != nil {
		return err
	}
	return writeSource(contractDir, from)
}

func unpack(data []byte) (map[string][]byte, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	for archive := tar.NewReader(zipped); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		files[strings.TrimPrefix(header.Name, "package/")] = content
	}
}

// writeSource notes in sources.json of a directory what it was made from.
func writeSource(dir string, from source) error {
	path := filepath.Join(dir, "sources.json")
	all := make(map[string]source)
	if old, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(old, &all); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	all[from.Name] = from
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// writeZipped writes a file that is the same for the same content.
func writeZipped(name string, data []byte) error {
	var out bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := zipped.Write(data); err != nil {
		return err
	}
	if err := zipped.Close(); err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes, %d zipped\n", name, len(data), out.Len())
	return os.WriteFile(filepath.Join(contractDir, name), out.Bytes(), 0o644)
}
