// Package desk is the desk itself: contacts, conversations, messages, users,
// teams, assignment, workflows and runs. Every rule, every transaction and
// every event of ucal is here; an agent's change and a workflow's go through
// the same functions and leave the same traces.
//
// The database decides: who answers which question, who got an assignment,
// whether a run is live is a row under a lock. What Temporal must be told is
// written to the outbox in the same transaction.
//
// Locks are taken in one order: the workspace's assignment lock, the contact,
// its runs. Whoever may free or take an assignee's capacity takes the first one.
//
// It imports flow, store, channel (the contract only) and internal/secret;
// never Temporal, Gin or a provider adapter. Start reading at txn.go, then
// receive.go (a message comes in) and effect.go (a run does something).
package desk
