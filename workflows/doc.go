// Package workflows is the code that Temporal replays: deterministic, and
// changed only behind the version marker in version.go, with a recorded history
// in testdata/histories that proves it.
//
// Run drives the interpreter of package flow over one contact's run; Deliver
// hands over one message of a user or the API. Effects are carried out by
// package activities, which this package knows by name only.
//
// It imports flow and the Temporal SDK, nothing else. Start reading at run.go.
package workflows
