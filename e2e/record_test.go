package e2e

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"ucal/channel/channeltest"
	"ucal/internal/dbtest"
)

var record = flag.Bool("record", false, "write workflows/testdata/histories from the runs of TestRecordHistories")

// TestRecordHistories runs one case for each way in which a run meets Temporal.
// With -record it writes their histories for the replay test.
func TestRecordHistories(t *testing.T) {
	if !*record {
		t.Skip("only with -record")
	}
	w := newWorld(t, dbtest.SQLiteURL(t))
	staff := w.staff()
	w.connect()
	opened := `{"type":"conversation_opened","conditions":[{"category":"source","operator":"is_equal_to","value":"contact"}]}`
	cases := []struct {
		name, steps string
		play        func(contact string)
	}{
		{"welcome_and_assign", `[{"id":"hi","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Hi"}},"next":"assign"},
			{"id":"assign","type":"assign_to","config":{"action":"user_in_team","team":"Support","logic":"round_robin","only_online":true}}]`, func(string) {}},
		{"question_retry_answer", `[{"id":"ask","type":"ask_question","config":{"question":"n?","question_type":"number","save_as_variable":"n","save_as_tag":false,"retries":1,"retry_message":"a number"},
			"arms":{"success":"thanks","failure":"end"}},{"id":"thanks","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"$n"}}}]`,
			func(c string) {
				w.messages(c, 1)
				w.write(c, "x")
				w.messages(c, 2)
				w.write(c, "3")
			}},
		{"question_timeout", `[{"id":"ask","type":"ask_question","config":{"question":"n?","question_type":"text","timeout":"1s"},"arms":{"success":"end","failure":"end","timeout":"late"}},
			{"id":"late","type":"add_comment","config":{"text":"too late"}}]`, func(string) {}},
		{"queue_then_grant", `[{"id":"assign","type":"assign_to","config":{"action":"user_in_team","team":"Support","logic":"round_robin","only_online":true}}]`,
			func(c string) {
				w.eventually("queued", func() bool { return len(w.runs(c)) == 1 && w.runs(c)[0]["state"] == "waiting" })
				w.status(staff["Ben"], "online")
			}},
		{"wait_branch_jump", `[{"id":"pause","type":"wait","config":{"wait_for":"1s"},"next":"which"},
			{"id":"which","type":"branch","config":{"branches":[{"name":"has","conditions":[{"category":"contact_field","field":"email","operator":"exists"}]}]},"arms":{"has":"again","else":"end"}},
			{"id":"again","type":"jump_to","config":{"step":"pause","max_jumps":1},"next":"field"},
			{"id":"field","type":"update_contact_field","config":{"field":"lastname","value":"Doe"},"next":"tag"},
			{"id":"tag","type":"update_contact_tag","config":{"action":"add","tags":["seen"]},"next":"close"},
			{"id":"close","type":"close_conversation","config":{},"next":"open"},{"id":"open","type":"open_conversation","config":{}}]`, func(string) {}},
		{"send_goes_on_later", `[{"id":"hi","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Hi"}}}]`, func(c string) {
			w.messages(c, 1)
		}},
		{"stopped_by_user", `[{"id":"pause","type":"wait","config":{"wait_for":"1h"}}]`, func(c string) {
			w.eventually("waiting", func() bool { return len(w.runs(c)) == 1 && w.runs(c)[0]["state"] == "waiting" })
			w.must("POST", fmt.Sprintf("/run/%d/stop", id(w.runs(c)[0])), map[string]any{})
		}},
	}
	for i, c := range cases {
		contact := fmt.Sprintf("rec%d", i)
		wf := w.publish(c.name, `{"trigger":`+opened+`,"steps":`+c.steps+`}`)
		if c.name == "send_goes_on_later" {
			first := time.Now()
			w.sink.OnCall(func(channeltest.Received) channeltest.Trouble {
				if time.Since(first) < 4*time.Second {
					return channeltest.Trouble{Status: 503}
				}
				return channeltest.Trouble{}
			})
		}
		if c.name == "queue_then_grant" {
			w.status(staff["Ann"], "busy")
			w.status(staff["Cem"], "busy")
		}
		w.write(contact, "Hello")
		c.play(contact)
		w.eventually(c.name+" ends", func() bool { r := w.runs(contact); return len(r) == 1 && r[0]["endedAt"] != nil })
		run := w.runs(contact)[0]
		w.must("POST", fmt.Sprintf("/workflow/%d/stop", id(wf)), map[string]any{})
		wid := fmt.Sprintf("%s/contact-%d/run-%d", wf["slug"], int64(run["contactId"].(float64)), id(run))
		require.NoError(t, w.app.Temporal.GetWorkflow(t.Context(), wid, "").Get(t.Context(), nil))
		w.save(wid, c.name)
	}
}

// save writes the present execution of a run into the replay test's folder.
func (w *world) save(workflowID, name string) { w.saveExecution(workflowID, "", name) }

func (w *world) saveExecution(workflowID, execution, name string) {
	h := &history.History{}
	events := w.app.Temporal.GetWorkflowHistory(w.t.Context(), workflowID, execution, false, 0)
	for events.HasNext() {
		ev, err := events.Next()
		require.NoError(w.t, err)
		h.Events = append(h.Events, ev)
	}
	raw, err := protojson.MarshalOptions{Multiline: true, Indent: " "}.Marshal(h)
	require.NoError(w.t, err)
	dir := filepath.Join("..", "workflows", "testdata", "histories")
	require.NoError(w.t, os.MkdirAll(dir, 0o755))
	require.NoError(w.t, os.WriteFile(filepath.Join(dir, name+".json"), append(raw, '\n'), 0o644))
}
