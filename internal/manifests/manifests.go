// Package manifests turns a source tree into Kubernetes objects that know which source line each field is from.
//
// A root is what is rendered and judged together: a kustomization that no other one uses, a chart with a set of
// values, or a directory of plain YAML. Rendering a root gives objects; an object's fields each have an Origin,
// the stack of places in the source that made the field what it is, innermost (nearest to the author's hand) first.
package manifests

import (
	"context"
	"fmt"

	"github.com/landwaiter/landwaiter/internal/source"
)

// RootKind says how a root renders.
type RootKind string

// The kinds of roots.
const (
	Kustomize RootKind = "kustomize"
	Helm      RootKind = "helm"
	Plain     RootKind = "plain"
	ArgoCD    RootKind = "argocd"
	Flux      RootKind = "flux"
	Kops      RootKind = "kops"

	// Terraform is a module, which makes no objects of Kubernetes: its blocks are judged beside them. See package terraform.
	Terraform RootKind = "terraform"
)

// Renders reports whether roots of the kind render objects of Kubernetes: those that people mean by roots.
func (k RootKind) Renders() bool { return k != Terraform }

// Root is something that renders, with its settings.
type Root struct {
	Path      string   // how it is shown and named: a directory, or CHARTDIR#VALUES
	Kind      RootKind //
	Dir       string   // the directory of the kustomization, chart or plain files, relative to the tree; "." is the tree's root
	Values    []string // values files of a chart, relative to the tree, later ones win
	Files     []string // the files of a plain root, relative to the tree
	Release   string   // a chart's release name; "release-name" by default
	Namespace string   // a chart's release namespace; "default" by default

	Free       bool        `json:",omitempty"` // a kustomization may read files outside of its directory
	Deployment *Deployment `json:",omitempty"` // of a root that an object of Argo CD or Flux makes
}

// Settings is what rendering depends on besides the tree and the root.
type Settings struct {
	KubeVersion string   // "1.34": major.minor, or a full version
	APIVersions []string // further API versions that charts may ask for
	HelmLine    int      // 3 or 4
	IncludeCRDs bool     // give the CRDs of charts' crds/ directories as well
	Strays      bool     // give the objects of crds/ directories that are no CRDs: Helm installs them, and prints none
	SkipSchema  bool     // values need not fit the charts' schemas
	Lines       bool     // trace Origins
}

// Precision says how much is known of where a field is from.
type Precision uint8

// The precisions, from worst to best.
const (
	Unknown Precision = iota
	InFile            // the file is known, the line is not
	Exact             // the line is known, and the value on it was verified
)

// String returns the precision as the JSON contract names it: "unknown", "file" or "exact".
func (p Precision) String() string {
	return [...]string{"unknown", "file", "exact"}[min(p, Exact)]
}

// Role says what a place in an Origin contributes.
type Role string

// The roles of the places in an Origin.
const (
	RoleResource    Role = "resource"    // a manifest, or a base's resource
	RolePatch       Role = "patch"       // a strategic merge or JSON patch
	RoleTransformer Role = "transformer" // an entry of a kustomization: images[].newTag, namespace, labels, replacements …
	RoleGenerator   Role = "generator"   // a generator's literal or file
	RoleValues      Role = "values"      // a leaf of a values file
	RoleTemplate    Role = "template"    // a line of a template or of a named template
	RoleCall        Role = "call"        // where a named template is called
)

// Frame is one place of an Origin.
type Frame struct {
	Span      source.Span
	Role      Role
	Precision Precision

	// From says where the place really is, when that is nowhere in the tree and Span is where it is named: "the chart redis
	// 19.0.2: templates/x.yaml:12"; "" for a place in the tree.
	From string
}

// Origin is the stack of places that made a field what it is, innermost first. An empty Origin is unknown.
type Origin []Frame

// Best returns the frame of which most is known, the innermost of equals; nil for an empty Origin.
func (o Origin) Best() *Frame {
	var best *Frame
	for i := range o {
		if best == nil || o[i].Precision > best.Precision {
			best = &o[i]
		}
	}
	return best
}

// Rendering is what a root became.
type Rendering struct {
	Root    Root
	Objects []*Object
	Notes   []string // what a reader should know: kinds of sources that are not rendered, values that are missing

	// Failed says which documents of a plain root could not be read. Objects holds what the others gave.
	Failed []*RenderError

	// Supplied is what came from elsewhere, and may be otherwise another time.
	Supplied []Supplied
}

// Renderer renders roots of one kind.
type Renderer interface {
	// Render renders root out of tree. An error is a *RenderError where the root is at fault; any other error
	// means that the bot or its surroundings failed.
	Render(ctx context.Context, tree source.Tree, root Root, settings Settings) (*Rendering, error)
}

// RenderError says why a root does not render. It is a finding, not a failure of the bot.
type RenderError struct {
	Reason string      // plain words: what happened and what to do
	Span   source.Span // where, as far as known
	Cause  error       // may be nil

	// Elsewhere says that nothing is wrong with the root: what it renders is not in the repository, and not fetched.
	Elsewhere bool

	// Lacks are what would have to be fetched for the root to render, as far as that is known.
	Lacks []Lack
}

// Error returns "file:line: reason".
func (e *RenderError) Error() string {
	switch {
	case e.Span.File == "":
		return e.Reason
	case e.Span.Line == 0:
		return fmt.Sprintf("%s: %s", e.Span.File, e.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", e.Span.File, e.Span.Line, e.Reason)
}

// Unwrap returns the cause.
func (e *RenderError) Unwrap() error { return e.Cause }

// ChartRelease is a chart of the tree with everything that decides how it renders. It serves a Root of kind Helm
// and a kustomization's helmCharts entry alike.
type ChartRelease struct {
	Dir         string   // the chart's directory, relative to the tree
	Name        string   // release name
	Namespace   string   // release namespace
	ValuesFiles []string // relative to the tree, later ones win
	Inline      []byte   // values as YAML over the files; nil for none
	InlineSpan  source.Span
	IncludeCRDs bool
	Strays      bool // see Settings
	SkipHooks   bool
	SkipTests   bool
	Kops        bool // templates have the functions of "kops toolbox template" instead of Helm's
}
