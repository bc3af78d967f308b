package api

import (
	"strings"
	"sync"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

// definitions are the CustomResourceDefinitions of the repository, and what was made of them.
type definitions struct {
	byKind map[groupKind][]*definition

	mu sync.Mutex // of what is compiled
}

type groupKind struct{ group, kind string }

// definition is a CustomResourceDefinition with the schemas of its versions, compiled when they are needed.
type definition struct {
	*kubeapi.Definition
	twins    []*manifests.Object // the same text in further roots
	compiled map[string]*kubeapi.Schema
}

// definitionsIn reads the definitions that an index holds. The same text may stand in it many times.
func definitionsIn(x *review.Index) *definitions {
	all := &definitions{byKind: map[groupKind][]*definition{}}
	seen := map[string]*definition{}
	for _, o := range x.Standing("CustomResourceDefinition") {
		if o.Group() != "apiextensions.k8s.io" {
			continue
		}
		if twin := seen[string(o.Raw)]; twin != nil {
			twin.twins = append(twin.twins, o)
			continue
		}
		read, err := kubeapi.ReadDefinition(o)
		if err != nil {
			continue // a patch, or one that the rule schema finds wrong itself
		}
		d := &definition{Definition: read, compiled: map[string]*kubeapi.Schema{}}
		seen[string(o.Raw)] = d
		key := groupKind{read.Group, read.Kind}
		all.byKind[key] = append(all.byKind[key], d)
	}
	return all
}

func repositoryDefinitions(p *review.Pass) *definitions {
	return review.OnceOf(p.Index, "api", definitionsIn)
}

// definitionsOf returns the definitions of an object's kind: those of its root where there are any, else whatever the
// repository holds, of which nobody knows which one the cluster has.
func definitionsOf(p *review.Pass, o *manifests.Object) []*definition {
	if !strings.Contains(o.Group(), ".") {
		return nil
	}
	all := repositoryDefinitions(p).byKind[groupKind{o.Group(), o.Kind}]
	var near []*definition
	for _, d := range all {
		for _, at := range append([]*manifests.Object{d.Object}, d.twins...) {
			if p.Index.View(at) == p.Root {
				near = append(near, d)
				break
			}
		}
	}
	if len(near) > 0 {
		return near
	}
	return all
}

// schemaOf returns the schema of a version that a definition has; nil for one that does not compile.
func (d *definition) schemaOf(all *definitions, version *kubeapi.DefinedVersion, meta *kubeapi.Schema) *kubeapi.Schema {
	all.mu.Lock()
	defer all.mu.Unlock()
	s, known := d.compiled[version.Name]
	if !known {
		s, _ = version.Compile(meta)
		d.compiled[version.Name] = s
	}
	return s
}

// versionOf is the version of an object without its group.
func versionOf(o *manifests.Object) string {
	return o.APIVersion[strings.LastIndexByte(o.APIVersion, '/')+1:]
}
