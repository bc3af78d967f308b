package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

type versionCmd struct {
	Output string `short:"o" help:"text or json." enum:"text,json" default:"text"`
}

// Run prints the version, what renders, and what is reviewed for when nobody says otherwise.
func (c versionCmd) Run(sys surroundings) error {
	b := thisBuild()
	if c.Output == "json" {
		encoder := json.NewEncoder(sys.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(b)
	}
	_, err := fmt.Fprintf(sys.stdout, "landwaiter %s (commit %s, %s, %s)\nkustomize %s\nHelm %s\nKubernetes schemas %s to %s, %s by default\n",
		b.Version, b.commit(), b.Go, b.Platform, orUnknown(b.Kustomize), orUnknown(strings.Join(b.Helm, " and ")),
		b.Kubernetes.From, b.Kubernetes.To, b.Kubernetes.Default)
	return err
}

// buildInfo is what "landwaiter version -o json" prints. Go's linker has written it into the program.
type buildInfo struct {
	Version    string      `json:"version"`    // of the tag, or Go's pseudo-version; (devel) where there is none
	Commit     string      `json:"commit"`     // empty when it was not built in a work tree
	Modified   bool        `json:"modified"`   // whether the work tree differed from the commit
	Go         string      `json:"go"`         // the toolchain
	Platform   string      `json:"platform"`   // as in linux/amd64
	Kustomize  string      `json:"kustomize"`  // sigs.k8s.io/kustomize/api
	Helm       []string    `json:"helm"`       // the lines that render, ascending
	Kubernetes kubeSchemas `json:"kubernetes"` // the API versions that objects are checked with
}

type kubeSchemas struct {
	Default string `json:"default"`
	From    string `json:"from"`
	To      string `json:"to"`
}

// thisBuild reads what the linker wrote.
func thisBuild() buildInfo {
	minors := kubeapi.Minors()
	b := buildInfo{
		Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Helm: []string{},
		Kubernetes: kubeSchemas{Default: review.NewestKube, From: fmt.Sprintf("1.%d", minors[0]), To: fmt.Sprintf("1.%d", minors[len(minors)-1])},
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	for _, module := range info.Deps { // sorted by path
		switch number := strings.TrimPrefix(module.Version, "v"); module.Path {
		case "sigs.k8s.io/kustomize/api":
			b.Kustomize = number
		case "helm.sh/helm/v3", "helm.sh/helm/v4":
			b.Helm = append(b.Helm, number)
		}
	}
	return b
}

func (b buildInfo) commit() string {
	if b.Modified {
		return orUnknown(b.Commit) + ", modified"
	}
	return orUnknown(b.Commit)
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// version is what reports name and what the cache is bound to.
func version() string {
	b := thisBuild()
	return strings.TrimSpace(b.Version + " " + b.Commit[:min(12, len(b.Commit))])
}

// rendererVersions names what renders and checks, since the same source may come out otherwise with another version.
func rendererVersions() string {
	b := thisBuild()
	return fmt.Sprintf("kustomize/api %s, Helm %s, Kubernetes schemas %s–%s",
		orUnknown(b.Kustomize), orUnknown(strings.Join(b.Helm, " and ")), b.Kubernetes.From, b.Kubernetes.To)
}
