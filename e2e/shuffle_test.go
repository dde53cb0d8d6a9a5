package e2e

import "math/rand/v2"

// shuffle mixes calls with a fixed seed, so that a failure can be repeated.
func shuffle[T any](list []T) {
	r := rand.New(rand.NewPCG(2, 7))
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}
