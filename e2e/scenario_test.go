package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
)

// TestScenario is the seed of the product, sentence by sentence.
func TestScenario(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		staff := w.staff()
		w.connect()
		wf := w.use("assignment-round-robin-online-only", map[string]any{"team": "Support"})
		require.Equal(t, "published", wf["state"])

		t.Run("welcome with the first name, then Ann, Cem, Ann, Cem, never Ben", func(t *testing.T) {
			for i, contact := range []string{"ida", "jon", "kim", "lea"} {
				w.write(contact, "Hello")
				texts := w.messages(contact, 1)
				require.Equal(t, "Hi "+strings.ToUpper(contact[:1])+contact[1:]+", thank you for your message. A colleague will be with you shortly.", texts[0])
				want := staff["Ann"]
				if i%2 == 1 {
					want = staff["Cem"]
				}
				w.eventually(contact+" is assigned in turn", func() bool { return w.assignee(contact) == want })
			}
			require.Empty(t, w.sink.Refused(), "the endpoint refused calls")
		})

		t.Run("a message in an open conversation starts nothing", func(t *testing.T) {
			w.write("ida", "Still there?")
			require.Len(t, w.runs("ida"), 1)
		})

		t.Run("the run tells its steps", func(t *testing.T) {
			w.eventually("the run ends", func() bool { return w.runs("ida")[0]["state"] == "completed" })
			run := w.must("GET", fmt.Sprintf("/run/%d", id(w.runs("ida")[0])), nil)
			require.Equal(t, "end_of_path", run["exitReason"])
			steps := run["steps"].([]any)
			require.Len(t, steps, 2)
			first, second := steps[0].(map[string]any), steps[1].(map[string]any)
			require.Equal(t, "Welcome Message", first["name"])
			require.NotNil(t, first["detail"].(map[string]any)["messageId"])
			require.Equal(t, "Assign to the team", second["name"])
			require.Equal(t, "next", second["arm"])
			require.Contains(t, second["detail"].(map[string]any)["reason"], "round robin")
			for _, s := range []map[string]any{first, second} {
				require.NotNil(t, s["endedAt"])
				require.Equal(t, "ok", s["outcome"])
			}
		})

		t.Run("Temporal shows the run under its readable id with named steps", func(t *testing.T) {
			run := w.runs("ida")[0]
			wid := fmt.Sprintf("assignment-round-robin-online-only/contact-%d/run-%d", int64(run["contactId"].(float64)), id(run))
			d, err := w.app.Temporal.DescribeWorkflowExecution(t.Context(), wid, "")
			require.NoError(t, err)
			require.Equal(t, "WORKFLOW_EXECUTION_STATUS_COMPLETED", "WORKFLOW_EXECUTION_STATUS_"+strings.ToUpper(d.GetWorkflowExecutionInfo().GetStatus().String()))
			require.Contains(t, string(d.GetExecutionConfig().GetUserMetadata().GetSummary().GetData()), "Ida")
			var names []string
			history := w.app.Temporal.GetWorkflowHistory(t.Context(), wid, "", false, 0)
			for history.HasNext() {
				ev, err := history.Next()
				require.NoError(t, err)
				names = append(names, string(ev.GetUserMetadata().GetSummary().GetData()))
			}
			require.Contains(t, strings.Join(names, " "), "Welcome Message")
			require.Contains(t, strings.Join(names, " "), "Assign to the team")
			w.eventually("the run is listed by its search attributes", func() bool {
				list, err := w.app.Temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: "default",
					Query: "UcalWorkflow = 'assignment-round-robin-online-only' AND UcalContact = '" + fmt.Sprint(int64(run["contactId"].(float64))) + "'"})
				return err == nil && len(list.GetExecutions()) == 1
			})
		})

		t.Run("closing keeps the assignee, and with the template clears it", func(t *testing.T) {
			w.must("POST", "/contact/email:ida@contacts.example/conversation/status", map[string]any{"status": "close"})
			require.Equal(t, "close", w.contact("ida")["status"])
			require.Equal(t, staff["Ann"], w.assignee("ida"))
			un := w.use("assignment-unassign-after-conversation-closes", nil)
			w.must("POST", "/contact/email:jon@contacts.example/conversation/status", map[string]any{"status": "close"})
			w.eventually("jon is unassigned", func() bool { return w.assignee("jon") == 0 && w.contact("jon")["status"] == "close" })
			w.must("POST", fmt.Sprintf("/workflow/%d/stop", id(un)), map[string]any{})
		})
	})
}

func TestLeastOpenContacts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		staff := w.staff()
		w.connect()
		w.status(staff["Ben"], "online")
		w.use("assignment-least-open-contacts", map[string]any{"team": "Support"})
		for i, contact := range []string{"ida", "jon", "kim"} {
			w.write(contact, "Hello")
			w.messages(contact, 1)
			w.eventually("assigned", func() bool { return w.assignee(contact) == staff[[]string{"Ann", "Ben", "Cem"}[i]] })
		}
		// Jon's conversation closes: Ben has none open and is next.
		w.must("POST", "/contact/email:jon@contacts.example/conversation/status", map[string]any{"status": "close"})
		w.write("lea", "Hello")
		w.eventually("the one with the fewest", func() bool { return w.assignee("lea") == staff["Ben"] })
	})
}

func TestSpecificUser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		staff := w.staff()
		w.connect()
		w.publish("Dedicated", `{"trigger":{"type":"conversation_opened","conditions":[{"category":"source","operator":"is_equal_to","value":"contact"}]},
			"steps":[{"id":"hello","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Hi $contact.firstname"}},"next":"assign"},
			         {"id":"assign","type":"assign_to","config":{"action":"specific_user","user":"ben@ucal.example"}}]}`)
		w.write("ida", "Hello")
		require.Equal(t, []string{"Hi Ida"}, w.messages("ida", 1))
		w.eventually("Ben, although he is busy", func() bool { return w.assignee("ida") == staff["Ben"] })
	})
}

// TestQueue: nobody is eligible, the contact waits, survives a restart, and is
// assigned at once when Ben comes online.
func TestQueue(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		staff := w.staff()
		w.connect()
		w.status(staff["Ann"], "busy")
		w.status(staff["Cem"], "busy")
		w.use("assignment-round-robin-online-only", map[string]any{"team": "Support"})
		w.write("ida", "Hello")
		w.messages("ida", 1)
		w.eventually("the run waits", func() bool {
			runs := w.runs("ida")
			return len(runs) == 1 && runs[0]["state"] == "waiting"
		})
		waiting := w.runs("ida")[0]["waitingFor"].(map[string]any)
		require.Equal(t, "assignment", waiting["kind"])
		require.Contains(t, waiting["reason"], "Ben busy")
		queue := w.must("GET", "/queue?teamId=1", nil)["items"].([]any)
		require.Len(t, queue, 1)
		require.EqualValues(t, 1, queue[0].(map[string]any)["position"])

		w.stop()
		w.start()
		require.Zero(t, w.assignee("ida"))
		w.status(staff["Ben"], "online")
		// The same transaction that made Ben available has assigned the contact.
		require.Equal(t, staff["Ben"], w.assignee("ida"))
		w.eventually("the run goes on", func() bool { return w.runs("ida")[0]["state"] == "completed" })
	})
}

func TestAssignmentTimeout(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		staff := w.staff()
		w.connect()
		w.status(staff["Ann"], "busy")
		w.status(staff["Cem"], "busy")
		w.publish("With timeout", `{"trigger":{"type":"conversation_opened"},"steps":[
			{"id":"assign","type":"assign_to","config":{"action":"user_in_team","team":"Support","logic":"round_robin","only_online":true,"timeout":"1s"},"arms":{"timeout":"sorry"}},
			{"id":"sorry","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Everyone is busy."}}}]}`)
		w.write("ida", "Hello")
		require.Equal(t, []string{"Everyone is busy."}, w.messages("ida", 1))
		require.Zero(t, w.assignee("ida"))
		require.Empty(t, w.must("GET", "/queue?teamId=1", nil)["items"])
	})
}

// TestQuestion: the answer is taken by the run that asked, in the database,
// whatever Temporal is doing.
func TestQuestion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.staff()
		w.connect()
		w.publish("Ask", `{"trigger":{"type":"conversation_opened"},"steps":[
			{"id":"ask","type":"ask_question","config":{"question":"How many, $contact.firstname?","question_type":"number","min":1,"max":5,"save_as_variable":"n","retries":1,"retry_message":"A number from 1 to 5, please."},
			 "arms":{"success":"thanks","failure":"sorry"}},
			{"id":"thanks","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"$n it is."}},"next":"tag"},
			{"id":"tag","type":"update_contact_tag","config":{"action":"add","tags":["answered"]},"next":"note"},
			{"id":"note","type":"add_comment","config":{"text":"said $n"}},
			{"id":"sorry","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"Never mind."}}}]}`)
		w.write("ida", "Hello")
		require.Equal(t, []string{"How many, Ida?"}, w.messages("ida", 1))
		w.write("ida", "many")
		require.Equal(t, "A number from 1 to 5, please.", w.messages("ida", 2)[1])
		w.write("ida", "3")
		require.Equal(t, "3 it is.", w.messages("ida", 3)[2])
		w.eventually("tagged", func() bool { return fmt.Sprint(w.contact("ida")["tags"]) == "[answered]" })
		w.eventually("ended", func() bool { return w.runs("ida")[0]["state"] == "completed" })
	})
}

// TestRedelivery: every webhook three times, in shuffled order, has the same
// result as once.
func TestRedelivery(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.staff()
		w.connect()
		w.use("assignment-round-robin-online-only", map[string]any{"team": "Support"})
		type call struct{ contact, mID string }
		var calls []call
		for i := range 10 {
			for range 3 {
				calls = append(calls, call{fmt.Sprintf("c%d", i), fmt.Sprintf("first-%d", i)})
			}
		}
		shuffle(calls)
		for _, c := range calls {
			status, raw := w.webhook(c.contact, c.mID, "Hello")
			for status == http.StatusTooManyRequests { // 20 a second, as the channel says
				status, raw = w.webhook(c.contact, c.mID, "Hello")
			}
			require.Equal(t, 200, status, "%s", raw)
		}
		for i := range 10 {
			contact := fmt.Sprintf("c%d", i)
			w.eventually("done", func() bool { return len(w.runs(contact)) > 0 && w.runs(contact)[0]["state"] == "completed" })
			require.Len(t, w.runs(contact), 1)
			require.Len(t, w.messages(contact, 1), 1)
			list := w.must("GET", "/contact/email:"+contact+"@contacts.example/message/list?limit=100", nil)["items"].([]any)
			require.Len(t, list, 2, "one in, one out")
		}
		require.Zero(t, w.sink.Repeats())
	})
}
