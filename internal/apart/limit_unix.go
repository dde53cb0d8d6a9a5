//go:build linux || darwin

package apart

import (
	"runtime/debug"
	"syscall"
)

const (
	maxData  = 1 << 30  // bytes of memory
	maxStack = 64 << 20 // bytes
	maxCPU   = 30       // seconds
)

// limit bounds what the process may use, as far as the system lets it.
func limit() {
	debug.SetMaxStack(maxStack)
	for what, most := range map[int]uint64{syscall.RLIMIT_DATA: maxData, syscall.RLIMIT_CPU: maxCPU, syscall.RLIMIT_CORE: 0} {
		l := syscall.Rlimit{}
		if syscall.Getrlimit(what, &l) != nil {
			continue
		}
		l.Cur = min(l.Cur, most)
		_ = syscall.Setrlimit(what, &l) // then its time is limited all the same
	}
}
