// Generate makes the data of package kubeapi, schemas.txt.gz and lifecycle.txt, out of what Kubernetes publishes: the
// OpenAPI descriptions in k8s.io/kubernetes, and in k8s.io/api the enumerations, which those leave out, and the markers
// that say in which versions an API is served. Both modules are only read, never imported. From the root of the repository:
//
//	go mod download -json \
//	  k8s.io/kubernetes@v1.{30.14,31.14,32.13,33.13,34.4,35.4,36.3} k8s.io/api@v0.{30.14,31.14,32.13,33.13,34.4,35.4,36.3} \
//	  k8s.io/api@v0.{20.15,22.17,25.16,28.15,37.2} k8s.io/{apiextensions-apiserver,kube-aggregator}@v0.37.2 |
//	  go run ./internal/manifests/kubeapi/generate
//
// Each k8s.io/kubernetes needs the k8s.io/api of the same version beside it; all others only give markers, the newest
// word winning. For a new version of Kubernetes add both, drop the oldest, and set review.NewestKube.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const outDir = "internal/manifests/kubeapi"

// module is what "go mod download -json" says of one.
type module struct {
	Path, Version, Dir, Sum, Error string
}

// minor returns the minor version of Kubernetes that a module belongs to: 34 of v1.34.4 and of v0.34.4.
func (m module) minor() int {
	parts := strings.Split(m.Version, ".")
	if len(parts) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(parts[1])
	return n
}

func main() {
	log.SetFlags(0)
	if err := generate(os.Stdin); err != nil {
		log.Fatalf("generate: %v", err)
	}
}

func generate(in io.Reader) error {
	modules, err := readModules(in)
	if err != nil {
		return err
	}
	if err := writeSchemas(modules); err != nil {
		return err
	}
	return writeLifecycles(modules)
}

// readModules reads the answer of "go mod download -json", sorted by version.
func readModules(in io.Reader) (modules []module, err error) {
	for decoder := json.NewDecoder(in); ; {
		var m module
		switch err := decoder.Decode(&m); {
		case errors.Is(err, io.EOF):
			slices.SortFunc(modules, func(a, b module) int {
				return cmp.Or(cmp.Compare(a.minor(), b.minor()), cmp.Compare(a.Path, b.Path))
			})
			return modules, nil
		case err != nil:
			return nil, fmt.Errorf("standard input is no answer of go mod download -json: %w", err)
		case m.Error != "":
			return nil, fmt.Errorf("%s: %s", m.Path, m.Error)
		}
		modules = append(modules, m)
	}
}

// header says where a file is from.
func header(what string, modules []module) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s, made by internal/manifests/kubeapi/generate. Do not edit.\n", what)
	fmt.Fprint(&b, "# Derived from the Kubernetes project's modules below, Copyright The Kubernetes Authors,\n# Apache License 2.0 (see LICENSE).\n")
	for _, m := range modules {
		fmt.Fprintf(&b, "# %s %s %s\n", m.Path, m.Version, m.Sum)
	}
	return b.Bytes()
}

func write(name string, data []byte) error {
	fmt.Printf("%s: %d bytes\n", name, len(data))
	return os.WriteFile(filepath.Join(outDir, name), data, 0o644)
}
