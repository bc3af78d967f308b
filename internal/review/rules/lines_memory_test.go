package rules_test

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

// memoryRenderer remembers what the roots of base render to, as long as nothing that they read changes.
type memoryRenderer struct {
	review.Renderer
	mu    sync.Mutex
	known map[string]remembered                 // by root
	heads map[source.Tree]map[string]remembered // what the same became at the head of a change, by root
}

type remembered struct {
	root      manifests.Root
	rendering *manifests.Rendering
	reads     source.ReadSet
	err       error
}

func (m *memoryRenderer) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	key := memoryKey(root)
	old, ok := m.recall(key)
	if ok && len(old.reads.Changed(tree)) == 0 {
		return old.rendering, old.reads, old.err
	}
	rendering, reads, err := m.Renderer.Render(ctx, tree, root, settings)
	m.mu.Lock()
	defer m.mu.Unlock()
	if head := m.heads[tree]; head != nil {
		head[key] = remembered{root, rendering, reads, err}
	} else if !ok {
		m.known[key] = remembered{root, rendering, reads, err}
	}
	return rendering, reads, err
}

func memoryKey(root manifests.Root) string { return string(root.Kind) + root.Path }

// rendered lists what base rendered, what Argo CD and Flux render among it.
func (m *memoryRenderer) rendered() []remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.known))
}

// watch remembers what is rendered of a head, until it is forgotten.
func (m *memoryRenderer) watch(head source.Tree) (forget func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heads[head] = map[string]remembered{}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.heads, head)
	}
}

func (m *memoryRenderer) recall(key string) (remembered, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.known[key]
	return old, ok
}

func (m *memoryRenderer) recallHead(head source.Tree, key string) (remembered, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.heads[head][key]
	return found, ok
}
