// Package archtest holds the tests that keep the house in order: who may import whom, no init functions, no clock in pure
// code, files of a readable length. It has no code of its own.
//
// Start reading at table_test.go, which states the rules as data; docs/architecture.md gives the reasons.
package archtest
