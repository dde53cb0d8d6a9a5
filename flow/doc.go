// Package flow is the product's workflow language: what a workflow is, how its
// file is read and checked, and how one contact's run walks through its steps.
//
// It is pure. It imports nothing of ours, no Temporal, Gin or GORM, no
// net/http, os, clock or randomness; internal/archtest guards that. The world
// is reached through [Host] alone, so the same interpreter serves Temporal,
// the tests and the simulator, and is deterministic inside a Temporal workflow.
//
// Start reading at [Definition] (what is written), then [Execute] (how it is
// run), then one step, for example send_message.go.
//
// The product's thing is called a workflow; in identifiers it is "flow", so
// that it is never confused with a Temporal workflow.
package flow
