package e2e

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/workflows"
)

// TestTopology is the production shape from the first command to the stop of
// Temporal: a wrong configuration, an empty database, migration, a workspace,
// two API processes, workers of which one is killed, and a graceful end.
func TestTopology(t *testing.T) {
	d := newDeployment(t)

	d.refusesWrongSettings()
	d.wantsMigration()
	d.migrates()
	d.createsWorkspace()

	api1, url1 := d.startAPI("api 1", allowLoopback)
	api2, url2 := d.startAPI("api 2", allowLoopback)
	d.apis = []string{url1, url2}
	staff := d.furnish()
	d.refusesLoopback()

	worker1, worker2 := d.startWorker("worker 1", allowLoopback), d.startWorker("worker 2", allowLoopback)
	d.takesTurns(staff)
	d.survivesKill(staff, worker1)

	said := api1.said() + api2.said() + worker1.said() + worker2.said()
	for _, secret := range []string{d.token, d.channel.Token, encryptionKey} {
		require.NotContains(t, said, secret, "a secret in the log")
	}
	require.NotContains(t, said, `"level":"ERROR"`)

	require.NoError(t, d.temporal.Stop(context.Background()))
	d.eventually("readiness says that Temporal is gone", func() bool {
		code, _, errOut := d.command(bareEnvironment(), "health", url1+"/readyz")
		return code == 1 && strings.Contains(errOut, `"temporal":`) && strings.Contains(errOut, "503")
	})
	d.write("late") // still taken
	for _, p := range []*process{api1, api2, worker2} {
		p.terminate()
	}
	code, _, errOut := d.command(bareEnvironment("UCAL_URL="+url1), "health")
	require.Equal(t, 1, code)
	require.Contains(t, errOut, "UCAL_URL")
}

// refusesWrongSettings: everything that is wrong is named at once.
func (d *deployment) refusesWrongSettings() {
	for _, args := range [][]string{{"api"}, {"worker"}, {"workspace", "create", "--name", "Acme", "--owner-email", "you@acme.example"}} {
		code, out, errOut := d.command(bareEnvironment("UCAL_LOG_LEVEL=loud", "UCAL_ALLOW_PRIVATE_NETWORKS=lan", "UCAL_DATABSE_URL=typo", "UCAL_TEMPORAL_TLS_CERT=c.pem"), args...)
		require.Equal(d.t, 2, code, "%v: %s", args, errOut)
		require.Empty(d.t, out)
		for _, name := range []string{"UCAL_DATABASE_URL: is not set", "UCAL_ENCRYPTION_KEY: is not set", `UCAL_LOG_LEVEL: "loud"`, `UCAL_ALLOW_PRIVATE_NETWORKS: "lan"`, "UCAL_TEMPORAL_TLS_KEY", "warning: UCAL_DATABSE_URL"} {
			require.Contains(d.t, errOut, name, "%v", args)
		}
	}
	code, _, errOut := d.command(bareEnvironment(), "migrate")
	require.Equal(d.t, 2, code)
	require.Contains(d.t, errOut, "UCAL_DATABASE_URL")
}

// wantsMigration: nothing runs on an empty database, and what to do is said.
func (d *deployment) wantsMigration() {
	for _, args := range [][]string{{"api"}, {"worker"}, {"workspace", "create", "--name", "Acme", "--owner-email", "you@acme.example"}} {
		code, _, errOut := d.command(append(d.env, "UCAL_LISTEN=127.0.0.1:0"), args...)
		require.Equal(d.t, 1, code, "%v", args)
		require.Contains(d.t, errOut, "run `ucal migrate`", "%v", args)
	}
}

// migrates: schema and search attributes; a second time changes nothing.
func (d *deployment) migrates() {
	n := len(workflows.SearchAttributes())
	code, out, errOut := d.command(d.env, "migrate")
	require.Equal(d.t, 0, code, errOut)
	require.Contains(d.t, out, fmt.Sprintf("temporal: %d search attributes registered, 0 were there", n))
	code, out, errOut = d.command(d.env, "migrate")
	require.Equal(d.t, 0, code, errOut)
	require.Contains(d.t, out, fmt.Sprintf("temporal: 0 search attributes registered, %d were there", n))
}

func (d *deployment) createsWorkspace() {
	code, out, errOut := d.command(d.env, "workspace", "create", "--name", "Acme", "--owner-email", "you@acme.example")
	require.Equal(d.t, 0, code, errOut)
	found := regexp.MustCompile(`(?m)^token (\S+)$`).FindStringSubmatch(out)
	require.Len(d.t, found, 2, out)
	d.token = found[1]
}

// refusesLoopback: in production a channel may lie on this machine only where
// the settings allow it, when it is made and when something is sent to it.
func (d *deployment) refusesLoopback() {
	strictAPI, url := d.startAPI("strict api")
	status, raw := d.callAt(url, "POST", "/v2/space/channel", d.token, d.shop())
	require.Equal(d.t, http.StatusBadRequest, status, "%s", raw)
	require.Contains(d.t, string(raw), "apiBaseUrl")
	require.Contains(d.t, string(raw), "not allowed by the configuration")
	strictAPI.terminate()

	strict := d.startWorker("strict worker")
	d.write("eve")
	var page struct {
		Items []struct {
			Traffic string
			Status  []struct{ Value, Message string }
		}
	}
	d.eventually("the message to a refused address fails", func() bool {
		d.must("GET", "/contact/email:eve@contacts.example/message/list", nil, &page)
		return len(page.Items) == 2 && page.Items[0].Status[len(page.Items[0].Status)-1].Value == "failed"
	})
	d.eventually("the run goes on", func() bool { return d.completed("eve") && d.assignee("eve") != 0 })
	require.Empty(d.t, d.sink.Received("eve"))
	strict.terminate()
}

// takesTurns: eve has Ann, so Cem is next.
func (d *deployment) takesTurns(staff map[string]int64) {
	require.Equal(d.t, staff["Ann"], d.assignee("eve"))
	for i, contact := range []string{"ida", "jon", "kim", "lea"} {
		d.write(contact)
		want := staff[[]string{"Cem", "Ann"}[i%2]]
		d.eventually(contact+" is assigned in turn", func() bool { return d.assignee(contact) == want })
	}
}

// survivesKill: one of two workers is killed while 40 contacts write.
func (d *deployment) survivesKill(staff map[string]int64, victim *process) {
	const contacts = 40
	for i := range contacts {
		d.write(fmt.Sprintf("c%d", i))
		if i == contacts/2 {
			victim.kill()
		}
	}
	share := map[int64]int{}
	for i := range contacts {
		name := fmt.Sprintf("c%d", i)
		d.eventually(name+" has one completed run", func() bool { return d.completed(name) })
		require.Len(d.t, d.sink.Received(name), 1, "welcomes of %s", name)
		share[d.assignee(name)]++
	}
	require.Equal(d.t, map[int64]int{staff["Ann"]: contacts / 2, staff["Cem"]: contacts / 2}, share)
	require.Empty(d.t, d.sink.Refused())
	d.t.Logf("repeated calls at the endpoint with the same key: %d", d.sink.Repeats())
}
