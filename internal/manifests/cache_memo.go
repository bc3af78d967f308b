package manifests

import "sync"

// Memo remembers what files say, by the identity of their bytes. A nil Memo remembers nothing. It may be used by
// several goroutines and several discoveries at once.
type Memo struct {
	mu    sync.Mutex
	facts map[string]fact
}

func (m *Memo) fact(key string) (fact, bool) {
	if m == nil {
		return fact{}, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.facts[key]
	return f, ok
}

func (m *Memo) remember(key string, f fact) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.facts == nil {
		m.facts = map[string]fact{}
	}
	m.facts[key] = f
}
