package main

import (
	"math"
	"slices"
	"time"
)

// percentile is the smallest sample that at least p percent of the samples do not exceed (nearest rank, nothing
// interpolated). It sorts the samples; NaN without any.
func percentile(samples []time.Duration, p float64) float64 {
	if len(samples) == 0 {
		return math.NaN()
	}
	slices.Sort(samples)
	rank := int(math.Ceil(p / 100 * float64(len(samples))))
	return millis(samples[min(max(rank, 1), len(samples))-1])
}

// median of the values that are numbers; NaN without any. Of an even count it is the mean of the middle two.
func median(values []float64) float64 {
	v := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func perSecond(n int, d time.Duration) float64 {
	if d <= 0 {
		return math.NaN()
	}
	return float64(n) / d.Seconds()
}
