package workspace

import (
	"sync"
)

// memo remembers results by what they were made of (a content hash, as a rule), so that nothing known is computed twice. What no
// snapshot asked for during two generations is forgotten.
type memo struct {
	mu         sync.Mutex
	generation int
	entries    map[any]*memoEntry
}

type memoEntry struct {
	once       sync.Once
	value      any
	generation int
}

// keptGenerations is how long an unused result stays: an undo or a branch switched back finds it again.
const keptGenerations = 4

func (m *memo) nextGeneration() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	for key, entry := range m.entries {
		if entry.generation < m.generation-keptGenerations {
			delete(m.entries, key)
		}
	}
}

// memoised gives the result for key, computing it if it is not known. Keys of different computations need different types.
func memoised[K comparable, V any](m *memo, key K, compute func() V) V {
	m.mu.Lock()
	entry := m.entries[key]
	if entry == nil {
		if m.entries == nil {
			m.entries = map[any]*memoEntry{}
		}
		entry = &memoEntry{}
		m.entries[key] = entry
	}
	entry.generation = m.generation
	m.mu.Unlock()
	entry.once.Do(func() { entry.value = compute() })
	return entry.value.(V)
}
