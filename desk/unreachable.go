package desk

import "ucal/store"

// Unreachable reports whether an error says that the database cannot be
// reached, so that the same call may well succeed later.
func Unreachable(err error) bool { return store.IsUnreachable(err) }
