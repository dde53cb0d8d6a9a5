package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

// TestWaysOut is table 4.0 of the workflow specification as the desk carries it
// out: what happens while an optional arm is off, and what while it is on. The
// interpreter's part, for every step type, is flow's TestWaysOut.
func TestWaysOut(t *testing.T) { // 32, 33, 58, 115
	const (
		send   = "type: send_message, config: {channel: last_interacted, message: {type: text, text: Hi}}"
		ask    = "type: ask_question, config: {question: Well?, question_type: number}"
		soon   = "type: ask_question, config: {question: Well?, question_type: number, timeout: 2h}"
		queue  = "type: assign_to, config: {action: user_in_team, team: Support, logic: round_robin, only_online: true}"
		hour   = "type: assign_to, config: {action: user_in_team, team: Support, logic: round_robin, only_online: true, timeout: 1h}"
		user   = "type: assign_to, config: {action: specific_user, user: ann@example.com}"
		field  = "type: update_contact_field, config: {field: age, value: $contact.firstname}"
		open   = "type: open_conversation"
		closes = "type: close_conversation"
	)
	block := func(w *world, c *Contact) { w.exec("UPDATE contacts SET is_blocked = ? WHERE id = ?", true, c.ID) } // in that instant: the run is not ended by it
	wait := func(d time.Duration) func(*world, *Contact) {
		return func(w *world, _ *Contact) {
			w.advance(d - time.Millisecond)
			w.wake()
			require.EqualValues(w, 1, w.count(&Run{}, isLive), "it waits until then")
			w.advance(time.Millisecond)
			w.wake()
		}
	}
	leave := func(w *world, _ *Contact) { w.exec("UPDATE users SET state = ?", UserRemoved) }
	for name, x := range map[string]struct {
		step   string
		arm    string // that is on; it leads to the step other
		mute   bool   // the contact has no channel
		before func(*world, *Contact)
		after  func(*world, *Contact)
		want   []string
		end    flow.EndReason
	}{
		"send":               {step: send, arm: "message_failure", want: []string{"it ok next ", "next ok next "}, end: flow.EndOfPath},
		"send fails":         {step: send, mute: true, want: []string{"it failed next no_last_interacted_channel", "next ok next "}, end: flow.EndOfPath},
		"send fails, arm":    {step: send, arm: "message_failure", mute: true, want: []string{"it failed message_failure no_last_interacted_channel", "other ok next "}, end: flow.EndOfPath},
		"ask unsent":         {step: ask, mute: true, want: []string{"it failed  no_last_interacted_channel"}, end: flow.EndMessageFailed},
		"ask unsent, arm":    {step: ask, arm: "message_failure", mute: true, want: []string{"it failed message_failure no_last_interacted_channel", "other ok next "}, end: flow.EndOfPath},
		"ask, silence":       {step: ask, after: wait(flow.MaxWait), want: []string{"it ok  "}, end: flow.EndTimeout},
		"ask, silence, arm":  {step: soon, arm: "timeout", after: wait(2 * time.Hour), want: []string{"it ok timeout ", "other ok next "}, end: flow.EndOfPath},
		"queue":              {step: queue, after: wait(flow.MaxWait), want: []string{"it ok  "}, end: flow.EndTimeout},
		"queue, arm":         {step: hour, arm: "timeout", after: wait(time.Hour), want: []string{"it ok timeout ", "other ok next "}, end: flow.EndOfPath},
		"user gone":          {step: user, before: leave, want: []string{"it failed next assign.user_gone", "next ok next "}, end: flow.EndOfPath},
		"user gone, arm":     {step: user, arm: "failure", before: leave, want: []string{"it failed failure assign.user_gone", "other ok next "}, end: flow.EndOfPath},
		"field invalid":      {step: field, want: []string{"it failed next field.value_invalid", "next ok next "}, end: flow.EndOfPath},
		"field invalid, arm": {step: field, arm: "failure", want: []string{"it failed failure field.value_invalid", "other ok next "}, end: flow.EndOfPath},
		"open blocked":       {step: open, before: block, want: []string{"it failed next conversation.contact_blocked", "next ok next "}, end: flow.EndOfPath},
		"open blocked, arm":  {step: open, arm: "failure", before: block, want: []string{"it failed failure conversation.contact_blocked", "other ok next "}, end: flow.EndOfPath},
		"close blocked":      {step: closes, before: block, want: []string{"it failed next conversation.contact_blocked", "next ok next "}, end: flow.EndOfPath},
		"close blocked, arm": {step: closes, arm: "failure", before: block, want: []string{"it failed failure conversation.contact_blocked", "other ok next "}, end: flow.EndOfPath},
	} {
		t.Run(strings.ReplaceAll(name, ", ", " "), func(t *testing.T) {
			eachWorld(t, func(w *world) {
				_, users := w.team("Support", "Ann")
				w.status(users[0], Offline)
				w.makeField("Age", flow.FieldNumber)
				it, rest := "  - {id: it, "+x.step, ""
				if !strings.HasPrefix(x.step, "type: ask") {
					it, rest = it+", next: next", commented("next")
				}
				if x.arm != "" {
					it, rest = it+", arms: {"+x.arm+": other}", rest+commented("other")
				}
				w.publish(manualOr("manual_trigger", "ways") + "  - {id: first, type: wait, config: {wait_for: 1s}, next: it}\n" + it + "}\n" + rest)
				var c *Contact
				if x.mute {
					c = w.stranger("zoe@example.com", "")
				} else {
					c = w.writes("zoe", "m1", "hi")
				}
				w.start("ways", c)
				if x.before != nil {
					x.before(w, c)
				}
				w.advance(time.Second)
				w.wake()
				if x.after != nil {
					x.after(w, c)
				}
				run := w.run(c)
				require.Equal(w, append([]string{"first ok next "}, x.want...), w.logged(run))
				require.Equal(w, x.end, run.ExitReason)
			})
		})
	}
}
