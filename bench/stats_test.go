package main

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPercentile(t *testing.T) {
	ms := func(values ...int) []time.Duration {
		var out []time.Duration
		for _, v := range values {
			out = append(out, time.Duration(v)*time.Millisecond)
		}
		return out
	}
	hundred := []time.Duration{}
	for i := 100; i > 0; i-- {
		hundred = append(hundred, time.Duration(i)*time.Millisecond)
	}
	tests := []struct {
		name    string
		samples []time.Duration
		p       float64
		want    float64
	}{
		{"one sample is every percentile", ms(7), 99, 7},
		{"the lowest", ms(3, 1, 2), 0, 1},
		{"the highest", ms(3, 1, 2), 100, 3},
		{"odd count", ms(3, 1, 2), 50, 2},
		{"even count takes a sample, not a mean", ms(4, 1, 3, 2), 50, 2},
		{"p95 of a hundred, unsorted", hundred, 95, 95},
		{"p99 of a hundred", hundred, 99, 99},
		{"just above a rank goes to the next", ms(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 90.1, 10},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) { require.Equal(t, tc.want, percentile(tc.samples, tc.p)) })
	}
	require.True(t, math.IsNaN(percentile(nil, 50)))
}

func TestMedian(t *testing.T) {
	nan := math.NaN()
	tests := []struct {
		name   string
		values []float64
		want   float64
	}{
		{"one", []float64{5}, 5},
		{"odd", []float64{9, 1, 5}, 5},
		{"even", []float64{4, 1, 2, 9}, 3},
		{"what is no number does not count", []float64{nan, 2, nan, 4, 3}, 3},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, median(tc.values))
		})
	}
	require.True(t, math.IsNaN(median(nil)))
	require.True(t, math.IsNaN(median([]float64{nan})))
}

func TestPerSecond(t *testing.T) {
	require.Equal(t, 50.0, perSecond(100, 2*time.Second))
	require.True(t, math.IsNaN(perSecond(100, 0)))
}
