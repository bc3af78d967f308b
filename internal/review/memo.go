package review

import "sync"

// memo keeps what rules made of a root, or of a repository, for each other.
type memo struct {
	lock sync.Mutex
	made map[string]any
}

// Once returns what make makes of the root. It is made once for all rules that ask by the same key, which is the name
// of the caller's package, and must not be changed.
func Once[T any](v *RootView, key string, make func(*RootView) T) T {
	return once(&v.memo, key, func() T { return make(v) })
}

// OnceOf is Once for what the whole repository is known to hold.
func OnceOf[T any](x *Index, key string, make func(*Index) T) T {
	return once(&x.memo, key, func() T { return make(x) })
}

func once[T any](m *memo, key string, make func() T) T {
	m.lock.Lock()
	defer m.lock.Unlock()
	if found, ok := m.made[key].(T); ok {
		return found
	}
	found := make()
	if m.made == nil {
		m.made = map[string]any{}
	}
	m.made[key] = found
	return found
}
