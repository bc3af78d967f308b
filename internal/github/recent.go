package github

import (
	"container/list"
	"sync"
)

// recent keeps the values that were used last, as many as fit.
type recent[K comparable, V any] struct {
	size  int
	mu    sync.Mutex
	byKey map[K]*list.Element
	order list.List // of entry[K, V], the last used first
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func newRecent[K comparable, V any](size int) *recent[K, V] {
	return &recent[K, V]{size: size, byKey: make(map[K]*list.Element)}
}

// get returns the value of a key, made when there is none.
func (r *recent[K, V]) get(key K, make func() V) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.byKey[key]; ok {
		r.order.MoveToFront(e)
		return e.Value.(entry[K, V]).value
	}
	value := make()
	r.byKey[key] = r.order.PushFront(entry[K, V]{key, value})
	if r.order.Len() > r.size {
		last := r.order.Remove(r.order.Back()).(entry[K, V])
		delete(r.byKey, last.key)
	}
	return value
}

// forget drops a key.
func (r *recent[K, V]) forget(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.byKey[key]; ok {
		r.order.Remove(e)
		delete(r.byKey, key)
	}
}
