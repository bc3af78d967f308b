package review

import (
	"context"
	"slices"
	"sync"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// beyondKinds are the kinds that references lead to, or that have such objects made. There are many of them in most
// repositories, so that they are only looked for when a reference leads nowhere in what was rendered.
func beyondKinds() []string {
	return []string{"ConfigMap", "Secret", "Service", "PersistentVolumeClaim", "Deployment", "StatefulSet", "DaemonSet", "Pod", "Rollout",
		"SealedSecret", "ExternalSecret", "ClusterExternalSecret", "Certificate", "SopsSecret", "Bundle", "OnePasswordItem",
		"VaultStaticSecret", "VaultDynamicSecret", "VaultPKISecret", "InfisicalSecret", "SecretProviderClass"}
}

// search finds what the plain source of one side holds of beyondKinds, once. The error is that of a context that ended.
type search = func() ([]*manifests.Object, error)

// beyond lets rules look for what the plain source of both sides holds beyond what is rendered.
func (r *run) beyond(ctx context.Context, plan *Plan, base, head *side) {
	var one sync.Mutex // the discovery of head goes on from that of base
	look := func(tree source.Tree, d *manifests.Discovery) search {
		return sync.OnceValues(func() (all []*manifests.Object, err error) {
			if tree == nil || d == nil {
				return nil, nil
			}
			one.Lock()
			defer one.Unlock()
			index, err := manifests.IndexObjects(ctx, tree, d, beyondKinds())
			if err != nil {
				return nil, err
			}
			for _, found := range index.Found {
				all = append(all, found.Object)
			}
			return all, nil
		})
	}
	base.beyond, head.beyond = look(r.change.Base, plan.base), look(r.change.Head, plan.found)
}

// Beyond returns the objects of a kind, whatever its group, that are plain in the source of the repository and that no
// rendered root has made something of: parts of roots that were not rendered, and files that no root uses. Names and
// namespaces may become others there. It is for kinds that references lead to (workloads that serve, Service, ConfigMap,
// Secret, PersistentVolumeClaim) and those of which Secrets and ConfigMaps are made; the first call reads them all, so
// that only those should ask who have found nothing in what is rendered.
func (x *Index) Beyond(kind string) []*manifests.Object {
	x.searchBeyond()
	return slices.Clip(x.beyondKind[kind])
}

// Searched reports whether Beyond knows what there is; it does not when the review ran out of time.
func (x *Index) Searched() bool {
	x.searchBeyond()
	return x.beyondKind != nil
}

func (x *Index) searchBeyond() {
	x.beyondOnce.Do(func() {
		var all []*manifests.Object
		if x.beyond != nil {
			var err error
			if all, err = x.beyond(); err != nil {
				return
			}
		}
		x.beyondKind = make(map[string][]*manifests.Object)
		for _, o := range all {
			if span, ok := startOf(o); !ok || !x.standing.read[span.File] {
				x.beyondKind[o.Kind] = append(x.beyondKind[o.Kind], o)
			}
		}
	})
}

// BeyondKinds returns the kinds of which Beyond knows.
func BeyondKinds() []string { return beyondKinds() }
