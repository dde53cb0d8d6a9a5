package api

import (
	"sync"
	"time"
)

// buckets limits each key to a rate with room for bursts: token buckets, in
// memory. Each process counts for itself.
type buckets struct {
	now   func() time.Time
	rate  float64 // a second
	burst float64

	mu    sync.Mutex
	m     map[string]bucket
	swept time.Time
}

// bucket is how much was left at a moment.
type bucket struct {
	left float64
	at   time.Time
}

func newBuckets(now func() time.Time, rate, burst float64) *buckets {
	return &buckets{now: now, rate: rate, burst: burst, m: map[string]bucket{}}
}

// take asks for one call and reports whether there is room for it; a refusal is
// not counted.
func (b *buckets) take(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.sweep(now)
	x, used := b.m[key]
	x.left = b.leftOf(x, used, now)
	ok := x.left >= 1
	if ok {
		x.left--
	}
	x.at = now
	b.m[key] = x
	return ok
}

func (b *buckets) leftOf(x bucket, used bool, now time.Time) float64 {
	if !used {
		return b.burst
	}
	return min(b.burst, x.left+b.rate*max(0, now.Sub(x.at).Seconds()))
}

// sweep forgets keys whose bucket is full again.
func (b *buckets) sweep(now time.Time) {
	if now.Sub(b.swept) < time.Minute {
		return
	}
	b.swept = now
	for key, x := range b.m {
		if b.leftOf(x, true, now) >= b.burst {
			delete(b.m, key)
		}
	}
}
