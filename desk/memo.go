package desk

import (
	"sync"
	"time"
)

// memoLife is how long an answer may be older than the database: a token that
// another process revoked works that much longer.
const memoLife = 3 * time.Second

// memoSize bounds a memo; when it is full it starts over.
const memoSize = 10_000

// recent are answers that every request or effect needs. Changes made by this
// process clear them at once.
type recent struct {
	principals memo[Principal]
	channels   memo[*Channel]
	workflows  memo[Workflow] // slug and name
	owners     memo[owner]    // of runs; they never change
}

// memo keeps answers for memoLife.
type memo[V any] struct {
	mu sync.Mutex
	m  map[string]memoEntry[V]
}

type memoEntry[V any] struct {
	value V
	until int64
}

func (c *memo[V]) get(key string, now int64) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.m[key]
	if !ok || now >= e.until {
		var none V
		return none, false
	}
	return e.value, true
}

func (c *memo[V]) put(key string, v V, now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil || len(c.m) >= memoSize {
		c.m = map[string]memoEntry[V]{}
	}
	c.m[key] = memoEntry[V]{v, now + memoLife.Milliseconds()}
}

func (c *memo[V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m = nil
}
