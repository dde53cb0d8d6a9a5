//go:build !linux && !darwin

package apart

import "runtime/debug"

const maxStack = 64 << 20 // bytes

// limit bounds what the process may use: elsewhere only its stack, and its time.
func limit() { debug.SetMaxStack(maxStack) }
