package devserver_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"ucal/internal/devserver"
)

// threeEffects is the shape of a short ucal run: three database effects, one after the other.
func threeEffects(ctx workflow.Context, name string) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 5 * time.Second})
	for range 3 {
		if err := workflow.ExecuteLocalActivity(ctx, hello, name).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkRun measures a run from start to result on a file, started eagerly, with 1 and 16 callers at a time.
// It reports runs per second and the median of a run's time.
func BenchmarkRun(b *testing.B) {
	begun := time.Now()
	s := start(b, devserver.Config{DatabaseFile: filepath.Join(b.TempDir(), "temporal.db"), UIPort: devserver.NoUI})
	b.Logf("ready after %v, %d MB of heap in use", time.Since(begun).Round(time.Millisecond), heapMB())
	c := connect(b, s)
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			var mu sync.Mutex
			var took []time.Duration
			next := make(chan int)
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					for i := range next {
						begun := time.Now()
						run, err := c.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{
							ID: fmt.Sprintf("%s-%d-%d", b.Name(), b.N, i), TaskQueue: queue, EnableEagerStart: true,
						}, threeEffects, "Ann")
						if err == nil {
							err = run.Get(b.Context(), nil)
						}
						if err != nil {
							b.Error(err)
							return
						}
						mu.Lock()
						took = append(took, time.Since(begun))
						mu.Unlock()
					}
				})
			}
			b.ResetTimer()
			for i := range b.N {
				next <- i
			}
			close(next)
			wg.Wait()
			b.StopTimer()
			require.Len(b, took, b.N)
			slices.Sort(took)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		})
	}
}

func heapMB() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse >> 20
}
