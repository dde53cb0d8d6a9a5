package api

import (
	"sync"
	"time"
)

// limiter counts the accepted requests of each key in the last second: a
// sliding window, exact, in memory. Each process counts for itself.
type limiter struct {
	now func() time.Time

	mu      sync.Mutex
	windows map[string]*window
	swept   time.Time
}

// window holds the times of the accepted requests, oldest first.
type window struct{ at []time.Time }

const windowSpan = time.Second

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, windows: map[string]*window{}}
}

// take asks for one request of at most limit in a second. It returns how many
// are left, or how long to wait when there is none; a refusal is not counted.
func (l *limiter) take(key string, limit int) (left int, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.sweep(now)
	w := l.windows[key]
	if w == nil {
		w = &window{}
		l.windows[key] = w
	}
	w.expire(now)
	if len(w.at) >= limit {
		return 0, max(w.at[len(w.at)-limit].Add(windowSpan).Sub(now), time.Millisecond)
	}
	w.at = append(w.at, now)
	return limit - len(w.at), 0
}

func (w *window) expire(now time.Time) {
	n := 0
	for n < len(w.at) && now.Sub(w.at[n]) >= windowSpan {
		n++
	}
	w.at = w.at[n:]
}

// sweep forgets keys that were not used for a while.
func (l *limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < time.Minute {
		return
	}
	l.swept = now
	for key, w := range l.windows {
		if w.expire(now); len(w.at) == 0 {
			delete(l.windows, key)
		}
	}
}
