package kustomize

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// The limits of what one root may render to.
const (
	maxObjects     = 20_000
	maxOutputBytes = 32 << 20
)

// oneAtATime guards kyaml's schema, which is global to the process.
var oneAtATime sync.Mutex

// Inflater renders a chart for a kustomization's helmCharts.
type Inflater interface {
	// Release renders release out of tree and returns its objects in the order helm template prints them, with
	// their Origins when settings.Lines asks for them. An error is a *manifests.RenderError where the chart or
	// its values are at fault.
	Release(ctx context.Context, tree source.Tree, release manifests.ChartRelease, settings manifests.Settings) (objects []*manifests.Object, notes []string, err error)
}

// Renderer renders kustomizations as `kustomize build` of kustomize 5.8 does, object for object and byte for byte.
// It may be used by several goroutines, which take turns.
type Renderer struct {
	charts       Inflater
	unrestricted bool
}

var _ manifests.Renderer = (*Renderer)(nil)

// New makes a renderer that inflates helmCharts with charts. With nil, a kustomization that has helmCharts is not
// rendered. Files are read only at or below the kustomization that names them, as kustomize has it by default.
func New(charts Inflater) *Renderer { return &Renderer{charts: charts} }

// Unrestricted returns a renderer that reads files from anywhere in the tree, as Flux does and
// `kustomize build --load-restrictor LoadRestrictionsNone`.
func (r *Renderer) Unrestricted() *Renderer {
	free := *r
	free.unrestricted = true
	return &free
}

// build is the work on one root.
type build struct {
	*Renderer
	tree     source.Tree
	settings manifests.Settings
	notes    []string
}

// Render renders the kustomization in root.Dir. What keeps it from rendering is a *manifests.RenderError.
func (r *Renderer) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (rendering *manifests.Rendering, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &manifests.RenderError{Reason: fmt.Sprintf("kustomize broke down over it: %v", p), Span: source.Span{File: root.Dir}}
		}
	}()
	if root.Free && !r.unrestricted {
		r = r.Unrestricted()
	}
	b := &build{Renderer: r, tree: tree, settings: settings}
	s := scanner{tree: tree}
	info, err := tree.Stat(root.Dir)
	if err != nil {
		return nil, &manifests.RenderError{Reason: err.Error(), Span: source.Span{File: root.Dir}, Cause: err}
	}
	top, err := s.scan(info.Path, nil, false)
	if err != nil {
		return nil, err
	}
	if len(s.lacks) > 0 {
		return nil, s.lacking()
	}
	files := &fileSystem{ctx: ctx, tree: tree}
	if err := b.inflate(ctx, top, files); err != nil {
		return nil, err
	}
	if err := layRemotes(top, files); err != nil {
		return nil, err
	}
	built, err := b.run(files, top)
	if err != nil {
		return nil, err
	}
	objects, err := printObjects(built, top)
	if err != nil {
		return nil, err
	}
	if settings.Lines {
		if err := trace(ctx, tree, top, built, objects); err != nil {
			return nil, err
		}
	}
	return &manifests.Rendering{Root: root, Objects: objects, Notes: b.notes}, nil
}

// run has kustomize build what top describes.
func (b *build) run(files *fileSystem, top *layer) (resmap.ResMap, error) {
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified // the command's default, which sorts; the library's does not
	if b.unrestricted {
		options.LoadRestrictions = types.LoadRestrictionsNone
	}
	oneAtATime.Lock()
	defer oneAtATime.Unlock()
	defer resetSchema()
	built, err := krusty.MakeKustomizer(options).Run(files, "/"+top.dir)
	switch refused := files.refused; {
	case errors.Is(refused, context.Canceled), errors.Is(refused, context.DeadlineExceeded):
		return nil, refused
	case refused != nil:
		return nil, &manifests.RenderError{Reason: refused.Error(), Span: source.Span{File: files.at}, Cause: refused}
	case err != nil:
		return nil, explain(err, top, b.tree)
	}
	return built, nil
}

// resetSchema forgets the OpenAPI schema that a kustomization brought, which kyaml would keep for the next build.
func resetSchema() {
	if openapi.GetSchemaVersion() != openapi.DefaultOpenAPI {
		openapi.ResetOpenAPI()
	}
}

// printObjects makes objects of what kustomize built, with the very bytes that its command prints.
func printObjects(built resmap.ResMap, top *layer) ([]*manifests.Object, error) {
	var objects []*manifests.Object
	if built.Size() > maxObjects {
		return nil, top.fail(nil, fmt.Sprintf("renders to %d objects; the limit is %d", built.Size(), maxObjects))
	}
	size := 0
	for _, r := range built.Resources() {
		if items := r.Field("items"); !items.IsNilOrEmpty() && items.Value.YNode().Kind == yaml.SequenceNode {
			// Kustomize takes apart only what is called a list; what applies its output goes by the items alone.
			return nil, top.fail(nil, fmt.Sprintf("%s %s has a list of items, which whoever applies it takes for the objects: write kind: List", r.GetKind(), r.GetName()))
		}
		raw, err := r.AsYAML()
		if err != nil {
			return nil, top.fail(err, fmt.Sprintf("%s %s cannot be printed: %v", r.GetKind(), r.GetName(), err))
		}
		if size += len(raw); size > maxOutputBytes {
			return nil, top.fail(nil, fmt.Sprintf("renders to more than %d MB", maxOutputBytes>>20))
		}
		objects = append(objects, &manifests.Object{Raw: raw, Identity: manifests.Identity{
			APIVersion: r.GetApiVersion(), Kind: r.GetKind(), Namespace: r.GetNamespace(), Name: r.GetName(),
		}})
	}
	return objects, nil
}

func sameSpec(a, b types.Kustomization) bool { return reflect.DeepEqual(a, b) }
