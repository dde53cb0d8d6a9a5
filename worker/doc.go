// Package worker is the Temporal side of a ucal process: it registers workflows
// and activities, pumps the outbox into Temporal, and sweeps what only time
// changes (presence, queues, old records).
//
// The pump runs in the worker's process, so that Temporal hands the first task
// of a run that it starts straight back to it (eager start). It never imports
// api or Gin. Start reading at worker.go, then pump.go.
package worker
