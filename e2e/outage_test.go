package e2e

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTemporalDown: Temporal is stopped while 100 messages come in. All are
// answered 200; when it is back, every run happens once, in order per contact.
func TestTemporalDown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.cfg.ChannelRateLimit = 0
		file := filepath.Join(t.TempDir(), "temporal.db")
		w.stop()
		require.NoError(t, w.temporal.Stop(context.Background()))
		w.startTemporal(file, 0)
		_, port, err := net.SplitHostPort(w.temporal.Addr())
		require.NoError(t, err)
		w.cfg.TemporalAddress = w.temporal.Addr()
		w.start()
		w.connect()
		// The first message of a contact starts one workflow, the second another.
		for _, n := range []string{"0", "1"} {
			w.publish("Echo "+n, `{"trigger":{"type":"message_received","conditions":[{"category":"message_text","operator":"is_equal_to","value":"`+n+`"}]},"steps":[
				{"id":"echo","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"echo $trigger.text"}}}]}`)
		}
		w.write("warm", "0")
		w.messages("warm", 1)

		require.NoError(t, w.temporal.Stop(context.Background()))
		for i := range 100 {
			w.write(fmt.Sprintf("c%d", i%50), fmt.Sprintf("%d", i/50))
		}
		n, err := strconv.Atoi(port)
		require.NoError(t, err)
		w.startTemporal(file, n)

		ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
		defer cancel()
		require.NoError(t, w.sink.WaitForCount(ctx, 101), "got %d", w.sink.Count())
		for i := range 50 {
			contact := fmt.Sprintf("c%d", i)
			w.eventually("ended", func() bool {
				runs := w.runs(contact)
				return len(runs) == 2 && runs[0]["state"] == "completed" && runs[1]["state"] == "completed"
			})
			require.ElementsMatch(t, []string{"echo 0", "echo 1"}, w.messages(contact, 2))
			require.LessOrEqual(t, w.startedAt(w.runs(contact)[1], "echo-0"), w.startedAt(w.runs(contact)[0], "echo-1"), "the runs of %s start in the order of their messages", contact)
		}
		require.Zero(t, w.sink.Repeats())
		count, _, err := w.app.Desk.OutboxSize(t.Context())
		require.NoError(t, err)
		require.Zero(t, count)
	})
}

// startedAt is when Temporal started a run, in nanoseconds.
func (w *world) startedAt(run map[string]any, slug string) int64 {
	w.t.Helper()
	wid := fmt.Sprintf("%s/contact-%d/run-%d", slug, int64(run["contactId"].(float64)), id(run))
	d, err := w.app.Temporal.DescribeWorkflowExecution(w.t.Context(), wid, "")
	require.NoError(w.t, err)
	return d.GetWorkflowExecutionInfo().GetStartTime().AsTime().UnixNano()
}
