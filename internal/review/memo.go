package review

import "sync"

// memo keeps what rules made of a root for each other.
type memo struct {
	lock sync.Mutex
	made map[string]any
}

// Once returns what make makes of the root. It is made once for all rules that ask by the same key, which is the name
// of the caller's package, and must not be changed.
func Once[T any](v *RootView, key string, make func(*RootView) T) T {
	v.memo.lock.Lock()
	defer v.memo.lock.Unlock()
	if found, ok := v.memo.made[key].(T); ok {
		return found
	}
	found := make(v)
	if v.memo.made == nil {
		v.memo.made = map[string]any{}
	}
	v.memo.made[key] = found
	return found
}
