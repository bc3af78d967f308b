package review

import "sync"

// memo keeps what rules made of a root, or of a repository, for each other. Rules run at the same time.
type memo struct {
	lock sync.Mutex
	made map[string]any // of func() T, which make it once
}

// Once returns what make makes of the root. It is made once for all rules that ask by the same key, which is the name
// of the caller's package, and must not be changed, unless by the rules of one area: these never run at the same time.
func Once[T any](v *RootView, key string, make func(*RootView) T) T {
	return once(&v.memo, key, func() T { return make(v) })
}

// OnceIn is Once for a pod.
func OnceIn[T any](w *Workload, key string, make func(*Workload) T) T {
	return once(&w.memo, key, func() T { return make(w) })
}

// OnceOf is Once for what the whole repository is known to hold.
func OnceOf[T any](x *Index, key string, make func(*Index) T) T {
	return once(&x.memo, key, func() T { return make(x) })
}

// once holds no lock while it makes something, which may ask for something else.
func once[T any](m *memo, key string, make func() T) T {
	m.lock.Lock()
	found, ok := m.made[key].(func() T)
	if !ok {
		if m.made == nil {
			m.made = map[string]any{}
		}
		found = sync.OnceValue(make)
		m.made[key] = found
	}
	m.lock.Unlock()
	return found()
}
