// Command bench measures the main job, a contact writes and is welcomed and assigned, against the same job as a
// straightforward Temporal program without a database, on one embedded Temporal server and in the same run.
//
// The two sides are ucal.go (a) and plain.go (b); load.go sends the webhooks, sink.go receives the welcomes of both, and
// report.go prints the table. README.md says what the numbers mean. Start reading at main.go.
package main
