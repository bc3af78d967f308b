package report

import (
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// fingerprintOf makes a fingerprint of the right shape.
func fingerprintOf(digit string) string { return strings.Repeat(digit, 32) }

// sample is a report in which everything occurs that a report can hold. The name is put in wherever something of a
// repository is shown.
func sample(name string) *Report {
	web := manifests.Identity{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "web", Name: "web" + name}
	finding := review.Finding{
		Rule: "privileged", Level: review.Error, Status: review.New, Root: "apps/prod" + name, Object: web,
		Path: "spec.template.spec.containers[0].securityContext.privileged" + name, Message: "container web" + name + " is privileged",
		Detail:     "It owns the node" + name + ".",
		Location:   review.Location{File: "apps/base.yaml" + name, Line: 3, EndLine: 3, Column: 5, Precision: "exact", Changed: true},
		Guidelines: []string{"G1"}, Fingerprint: fingerprintOf("a"), Roots: []string{"apps/staging" + name}, Also: []string{"pss-baseline"},
		Related: []review.Related{{File: "apps/patch.yaml" + name, Line: 7, Message: "set here" + name}},
		Fix: &review.Fix{Title: "Set privileged to false" + name, Safe: true, Edits: []review.Edit{
			{File: "apps/base.yaml" + name, Line: 3, EndLine: 3, NewText: "    privileged: false\n"}}},
	}
	second := finding
	second.Rule, second.Level, second.Message, second.Fix = "low-uid", review.Warning, "container web"+name+" has a low user id", nil
	second.Fingerprint, second.Also, second.Related = fingerprintOf("b"), nil, nil
	inFile := second
	inFile.Location = review.Location{File: "chart/values.yaml" + name, Line: 1, EndLine: 1, Column: 1, Precision: "file"}
	unknown := second
	unknown.Level, unknown.Location = review.Info, review.Location{Precision: "unknown"}
	exempt := second
	exempt.Status, exempt.Exemption = review.Exempt, &review.Exemption{Reason: "reads logs" + name, Until: "2026-06-15", By: "@acme/ops" + name}
	existing, fixed := second, second
	existing.Status, fixed.Status = review.Existing, review.Fixed
	return &Report{
		Result: &review.Result{
			BaseID: "55230713e875d7a87db6a9bc8f9ef689c85e437f", Verdict: review.Fails, Total: 41,
			Roots: []review.RootResult{
				{Path: "apps/prod" + name, Kind: manifests.Kustomize, Status: review.Rendered, Reason: "generators are not run" + name, Objects: 12, Changed: 2, Because: []string{"apps/base.yaml" + name}},
				{Path: "charts/api" + name, Kind: manifests.Helm, Status: review.Failed, Reason: "redis 19.0 is missing" + name},
				{Path: "old" + name, Kind: manifests.Plain, Status: review.Skipped, Reason: "removed"},
			},
			Findings: []review.Finding{finding, second, inFile, unknown, exempt, existing, fixed},
			Images: []review.ImageResult{
				{Image: "ghcr.io/acme/web:1.2" + name, Digest: "sha256:" + strings.Repeat("0", 64), Reason: "denied" + name, Registry: "ghcr.io" + name,
					Evidence: "untrusted", Platforms: []string{"linux/arm64" + name}, TagDigest: "sha256:" + strings.Repeat("1", 64),
					Moved:  &review.TagMove{From: "sha256:" + strings.Repeat("2", 64), To: "sha256:" + strings.Repeat("0", 64), Seen: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)},
					Proofs: map[string]review.ImageProof{"signature": {Evidence: "verified", Detail: "by Ada" + name}, "sbom": {Evidence: "verified"}, "scan": {Evidence: "untrusted", Reason: "too old" + name}},
					Facts:  map[string]string{"signer": "Ada" + name},
					UsedBy: []review.ImageUse{{Root: "apps/prod" + name, Object: web, Path: "spec.template.spec.containers[0].image"}, {Root: "apps/dev", Object: web, Path: "spec.template.spec.containers[0].image"}}},
				{Image: "ghcr.io/acme/charts/web:1", Kind: "chart", Allowed: true, Missing: true, Registry: "ghcr.io", Evidence: "indeterminate", Reason: "it did not answer" + name,
					UsedBy: []review.ImageUse{{Root: "apps/prod" + name, Object: web, Path: "spec.source.targetRevision"}}},
			},
			ImageChanges: []review.ImageChange{{Root: "apps/prod" + name, Object: web, Title: "container web" + name, From: "web:1.1" + name, To: "web:1.2" + name}},
			Reaches: []review.Reach{{Root: "apps/prod" + name, Cluster: "https://prod.example" + name, Namespaces: []string{"web" + name}, Effect: "is applied by itself after db" + name, Before: "in its own cluster" + name,
				Object: manifests.Identity{APIVersion: "argoproj.io/v1alpha1", Kind: "Application", Namespace: "argocd", Name: "prod" + name}, Automated: true, Prune: true, Waves: []int{-1, 5}},
				{Root: "apps/old" + name, Effect: "is gone: its objects are deleted"}},
			Diff: []manifests.ObjectDiff{
				{Root: "apps/prod" + name, Object: manifests.Identity{APIVersion: "v1", Kind: "ConfigMap", Name: "c" + name}, Change: manifests.Added, Unified: "--- base\n+++ head\n@@ -0,0 +1 @@\n+a: 1\n"},
				{Root: "apps/prod" + name, Object: web, Change: manifests.Modified, Unified: "--- base\n+++ head\n@@ -1 +1 @@\n-a: 1\n+a: " + name + "\n"},
			},
			Summary: review.Summary{New: review.LevelCounts{Error: 1, Warning: 2, Info: 1}, Existing: 1, Fixed: 1, Exempt: 1},
			Notes:   []string{"apps/big.yaml" + name + " is too large"}, Unreached: []string{"docs/x.md" + name},
			Timings: review.Timings{Discover: 0.01, Render: 0.2, Review: 0.02, Total: 0.25},
		},
		Rules: []*review.Rule{
			{ID: "privileged", Area: "pod", Level: review.Error, Guidelines: []string{"G1"}, Summary: "A container is privileged", Doc: "# privileged\n\nWhy.\n"},
			{ID: "low-uid", Area: "pod", Level: review.Warning, Summary: "A low user id", Doc: "# low-uid\n\nWhy.\n"},
		},
		Version: "v1.2.3", Renderers: "kustomize 5.7, Helm 4.3", Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
		Source: func(file string) []byte {
			if file != "apps/base.yaml"+name {
				return nil
			}
			return []byte("containers:\n- name: web # " + name + "\n    privileged: true # " + name + "\n")
		},
	}
}
