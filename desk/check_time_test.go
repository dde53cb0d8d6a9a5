package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const hoursFlow = `format: 1
id: hours
name: Hours
trigger:
  type: message_received
steps:
  - id: open
    type: date_time
    config:
      mode: business_hours
      business_hours:
        monday: ["09:00-17:00"]
    arms:
      success: inside
  - id: inside
    type: add_comment
    config:
      text: we are open
`

// Scenarios 73 and 74: the moment is that of the step, the clocks are those of the
// step's zone or the workspace's; outside, an empty arm ends the run.
func TestCheckTime(t *testing.T) {
	for name, c := range map[string]struct {
		zone, timezone string // of the workspace, in the step
		at             time.Time
		local          string
		inside         bool
	}{
		"Rome, a minute early":      {"Europe/Rome", "", time.Date(2026, 3, 2, 7, 59, 0, 0, time.UTC), "2026-03-02 08:59:00", false},
		"Rome, on time":             {"Europe/Rome", "", time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), "2026-03-02 09:00:00", true},
		"the step has its own zone": {"Asia/Tokyo", "Europe/Rome", time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), "2026-03-02 09:00:00", true},
		"in Tokyo it is late":       {"Asia/Tokyo", "", time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), "2026-03-02 17:00:00", false},
	} {
		t.Run(name, func(t *testing.T) {
			eachWorld(t, func(w *world) {
				w.exec("UPDATE workspaces SET timezone = ? WHERE id = ?", c.zone, w.p.WorkspaceID)
				w.clock.Store(c.at.UnixMilli())
				file, zone := hoursFlow, c.zone
				if c.timezone != "" {
					file, zone = strings.Replace(file, "      mode:", "      timezone: "+c.timezone+"\n      mode:", 1), c.timezone
				}
				w.publish(file)
				contact := w.writes("ana", "m1", "hi")
				line, detail := w.called(contact)
				want, comments := "open ok failure", 0
				if c.inside {
					want, comments = "open ok success", 1
				}
				require.Equal(w, want, line)
				require.Equal(w, map[string]any{"timezone": zone, "localTime": c.local}, detail)
				require.EqualValues(w, comments, w.count(&Comment{}, "contact_id = ?", contact.ID))
				require.EqualValues(w, "end_of_path", w.run(contact).ExitReason)
			})
		})
	}
}
