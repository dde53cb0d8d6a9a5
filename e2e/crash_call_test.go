package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/internal/dbtest"
)

// callAndTell makes one call and says how it came out.
const callAndTell = `{"trigger":{"type":"message_received","conditions":[{"category":"message_text","operator":"is_equal_to","value":"METHOD"}]},"steps":[
	{"id":"call","type":"http_request","config":{"method":"METHOD","url":"BASE/METHOD","timeout":"3s","save_status_as":"status"},"next":"tell"},
	{"id":"tell","type":"send_message","config":{"channel":"last_interacted","message":{"type":"text","text":"status $status"}}}]}`

// TestCrashDuringCalls kills `ucal dev` while two calls are in the air, one that
// may be repeated and one that may not. The first is made again with the same
// key. Of the second nobody knows whether it arrived: it is not made again, its
// step fails, and the run goes on.
func TestCrashDuringCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("waits until the dead calls are taken for dead")
	}
	t.Parallel()
	lite, post := newCrash(t), newCrash(t)
	post.env = append(post.env, "UCAL_DATABASE_URL="+dbtest.PostgresURL(t))
	verify := []func(){lite.dieCalling(), post.dieCalling()} // both wait at the same time
	for _, f := range verify {
		f()
	}
}

// dieCalling starts a process, kills it while it makes its calls, and starts
// another one. verify looks what has become of the calls.
func (c *crash) dieCalling() (verify func()) {
	t := c.t
	out := newOutsider(t, func(n int, call outsideCall, w http.ResponseWriter) {
		if n == 1 {
			<-call.Gone
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	c.start()
	c.must("POST", "/space/channel", map[string]any{"source": "custom_channel", "name": "Shop", "config": map[string]any{"apiBaseUrl": c.sink.URL(), "idType": "custom"}}, &c.ch)
	c.sink.SetToken(c.ch.Token)
	for _, method := range []string{"GET", "POST"} {
		file := strings.NewReplacer("METHOD", method, "BASE", out.URL).Replace(callAndTell)
		var wf struct{ ID int64 }
		c.must("POST", "/workflow", map[string]any{"name": "Call " + method, "definition": json.RawMessage(file)}, &wf)
		c.must("POST", fmt.Sprintf("/workflow/%d/publish", wf.ID), map[string]any{}, nil)
		status, err := c.api("POST", "/custom/channel/webhook", c.ch.Token, inbound(c.ch.PublicID, strings.ToLower(method), "first-"+method, method), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
	}
	require.Eventually(t, func() bool { return len(out.to("/GET")) == 1 && len(out.to("/POST")) == 1 }, patience, tick, "both calls are in the air")
	c.kill()
	c.start()
	return func() {
		for contact, said := range map[string]string{"get": "status 204", "post": "status 0"} {
			require.Eventually(t, func() bool { return len(c.sink.Received(contact)) == 1 }, 2*patience, tick, "%s; log:\n%s", contact, c.log)
			require.Equal(t, said, c.sink.Received(contact)[0].Message.Summary())
		}
		require.Len(t, out.to("/POST"), 1)
		get := out.to("/GET")
		require.Len(t, get, 2)
		require.NotEmpty(t, get[0].Key)
		require.Equal(t, get[0].Key, get[1].Key)
		require.Equal(t, []string{"call ok next", "tell ok next"}, c.steps("get"))
		require.Equal(t, []string{"call failed next http.network", "tell ok next"}, c.steps("post"))
	}
}

// steps is the step log of a contact's only run, once it has ended.
func (c *crash) steps(contact string) []string {
	t := c.t
	var runs struct{ Items []struct{ ID int64 } }
	c.must("GET", "/run?contact=email:"+contact+"@contacts.example", nil, &runs)
	require.Len(t, runs.Items, 1)
	run := map[string]any{}
	require.Eventually(t, func() bool {
		c.must("GET", fmt.Sprintf("/run/%d", runs.Items[0].ID), nil, &run)
		return run["state"] == "completed"
	}, patience, tick, "%v", run)
	return stepLog(run)
}
