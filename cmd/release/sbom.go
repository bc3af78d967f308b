package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"time"
)

// bill is a bill of materials, SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/).
type bill struct {
	Version       string         `json:"spdxVersion"`
	License       string         `json:"dataLicense"`
	ID            string         `json:"SPDXID"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Creation      billCreation   `json:"creationInfo"`
	Packages      []billPackage  `json:"packages"`
	Relationships []billRelation `json:"relationships"`
}

type billCreation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type billPackage struct {
	ID            string          `json:"SPDXID"`
	Name          string          `json:"name"`
	Version       string          `json:"versionInfo,omitempty"`
	Location      string          `json:"downloadLocation"`
	FilesAnalyzed bool            `json:"filesAnalyzed"`
	References    []billReference `json:"externalRefs"`
}

type billReference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type billRelation struct {
	From string `json:"spdxElementId"`
	Kind string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

const document = "SPDXRef-DOCUMENT"

// newBill is a bill of one program: itself and its modules, as Go's linker has written them into it.
func newBill(binary string, created time.Time) (*bill, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	b := &bill{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: document, Name: "landwaiter",
		Namespace: "https://github.com/landwaiter/landwaiter/spdx/" + hex.EncodeToString(sum[:]),
		Creation:  billCreation{created.Format(time.RFC3339), []string{"Tool: landwaiter-release"}},
	}
	b.describes(info.Main.Path, info.Main.Version, "pkg:golang/"+info.Main.Path+"@"+url.QueryEscape(info.Main.Version))
	b.contains("stdlib", info.GoVersion, "pkg:golang/stdlib@"+info.GoVersion)
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		b.contains(module.Path, module.Version, "pkg:golang/"+module.Path+"@"+url.QueryEscape(module.Version))
	}
	return b, nil
}

// imageBill is the bill of an image: the program and Debian's packages.
func imageBill(r recipe, packages []debPackage) ([]byte, error) {
	b, err := newBill(r.program, r.created)
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		b.contains(p.name, p.version, fmt.Sprintf("pkg:deb/debian/%s@%s?arch=%s", url.QueryEscape(p.name), url.QueryEscape(p.version), p.machine))
	}
	return b.text()
}

func (b *bill) describes(name, version, locator string) {
	b.add(document, "DESCRIBES", name, version, locator)
}

func (b *bill) contains(name, version, locator string) {
	b.add(b.Packages[0].ID, "CONTAINS", name, version, locator)
}

var notInID = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

func (b *bill) add(from, kind, name, version, locator string) {
	id := fmt.Sprintf("SPDXRef-%d-%s", len(b.Packages), notInID.ReplaceAllString(name, "-"))
	b.Packages = append(b.Packages, billPackage{id, name, version, "NOASSERTION", false, []billReference{{"PACKAGE-MANAGER", "purl", locator}}})
	b.Relationships = append(b.Relationships, billRelation{from, kind, id})
}

func (b *bill) text() ([]byte, error) {
	text, err := json.MarshalIndent(b, "", " ")
	return append(text, '\n'), err
}

// sbomVerb prints the bill of a program. Its time is that of the first second, so that it can be made anew and compared.
func sbomVerb(args []string, stdout io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("sbom wants a program, got %d arguments", len(args))
	}
	b, err := newBill(args[0], time.Unix(0, 0).UTC())
	if err != nil {
		return err
	}
	text, err := b.text()
	if err != nil {
		return err
	}
	_, err = stdout.Write(text)
	return err
}
