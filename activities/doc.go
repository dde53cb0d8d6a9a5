// Package activities carries out what runs want from the world: short changes
// in the database as local activities, messages through the channels' adapters.
// Every activity may be attempted several times; the desk makes each effect
// happen once.
//
// It never imports workflows, api or Gin. Start reading at activities.go.
package activities
