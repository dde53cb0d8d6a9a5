package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel/channeltest"
	"ucal/internal/dbtest"
	"ucal/internal/devserver"
)

// deployment is ucal as it runs in production, without the containers: one
// binary, started several times with an environment, on PostgreSQL and a
// Temporal that knows nothing of ucal yet.
type deployment struct {
	t        *testing.T
	bin      string
	env      []string
	temporal *devserver.Server
	sink     *channeltest.Sink
	apis     []string // base addresses
	token    string
	channel  channelInfo
	http     *http.Client
	calls    int
}

// process is one running ucal.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	log  string // file
}

func newDeployment(t *testing.T) *deployment {
	t.Helper()
	database := dbtest.PostgresURL(t)
	bin, err := binary()
	require.NoError(t, err)
	sink, err := channeltest.StartSink()
	require.NoError(t, err)
	t.Cleanup(func() { _ = sink.Close() })
	temporal, err := devserver.Start(t.Context(), devserver.Config{DatabaseFile: filepath.Join(t.TempDir(), "temporal.db"), UIPort: devserver.NoUI})
	require.NoError(t, err)
	t.Cleanup(func() { _ = temporal.Stop(context.Background()) })
	d := &deployment{t: t, bin: bin, temporal: temporal, sink: sink, http: &http.Client{Timeout: 20 * time.Second}}
	d.env = bareEnvironment("UCAL_DATABASE_URL="+database, "UCAL_ENCRYPTION_KEY="+encryptionKey, "UCAL_TEMPORAL_ADDRESS="+temporal.Addr(),
		"UCAL_API_RATE_LIMIT=0", "UCAL_CHANNEL_RATE_LIMIT=0")
	return d
}

const allowLoopback = "UCAL_ALLOW_PRIVATE_NETWORKS=127.0.0.0/8"

// bareEnvironment is the environment of the tests without their own UCAL_ settings.
func bareEnvironment(settings ...string) []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "UCAL_") {
			env = append(env, kv)
		}
	}
	return append(env, settings...)
}

// command runs ucal to its end and returns exit code, standard output and
// standard error.
func (d *deployment) command(env []string, args ...string) (int, string, string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, d.bin, args...)
	var out, errOut bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &errOut
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		require.NoError(d.t, err, "ucal %s", strings.Join(args, " "))
	}
	require.NoError(d.t, ctx.Err(), "ucal %s does not end:\n%s", strings.Join(args, " "), &errOut)
	return cmd.ProcessState.ExitCode(), out.String(), errOut.String()
}

// start starts a process that stays. Its log is shown when the test fails.
func (d *deployment) start(name string, args []string, settings ...string) *process {
	d.t.Helper()
	file := filepath.Join(d.t.TempDir(), "log")
	log, err := os.Create(file)
	require.NoError(d.t, err)
	defer log.Close()
	p := &process{t: d.t, name: name, cmd: exec.Command(d.bin, args...), log: file}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append(d.env[:len(d.env):len(d.env)], settings...), log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(d.t, p.cmd.Start())
	d.t.Cleanup(func() {
		p.kill()
		if d.t.Failed() {
			d.t.Logf("log of %s:\n%s", name, p.said())
		}
	})
	return p
}

func (d *deployment) startAPI(name string, settings ...string) (*process, string) {
	d.t.Helper()
	addr := fmt.Sprintf("127.0.0.1:%d", freePorts(d.t, 1)[0])
	p := d.start(name, []string{"api"}, append(settings, "UCAL_LISTEN="+addr)...)
	url := "http://" + addr
	require.Eventually(d.t, func() bool {
		code, out, _ := d.command(bareEnvironment(), "health", url+"/readyz")
		return code == 0 && out == "ready\n"
	}, patience, 50*time.Millisecond, "%s does not get ready", name)
	return p, url
}

func (d *deployment) startWorker(name string, settings ...string) *process {
	d.t.Helper()
	p := d.start(name, []string{"worker"}, settings...)
	require.Eventually(d.t, func() bool { return strings.Contains(p.said(), "worker runs") }, patience, 20*time.Millisecond, "%s does not start", name)
	return p
}

func (p *process) said() string {
	raw, err := os.ReadFile(p.log)
	require.NoError(p.t, err)
	return string(raw)
}

func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

// terminate asks the process to end, as an orchestrator does.
func (p *process) terminate() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(p.t, p.cmd.Wait(), "%s does not end cleanly", p.name)
}

// call makes one request; the APIs take turns.
func (d *deployment) call(method, path, token string, in, out any) int {
	d.t.Helper()
	d.calls++
	status, raw := d.callAt(d.apis[d.calls%len(d.apis)], method, path, token, in)
	if out != nil {
		require.Less(d.t, status, 300, "%s %s: %s", method, path, raw)
		require.NoError(d.t, json.Unmarshal(raw, out), "%s", raw)
	}
	return status
}

func (d *deployment) callAt(url, method, path, token string, in any) (int, []byte) {
	d.t.Helper()
	body, err := json.Marshal(in)
	require.NoError(d.t, err)
	req, err := http.NewRequestWithContext(d.t.Context(), method, url+path, bytes.NewReader(body))
	require.NoError(d.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := d.http.Do(req)
	require.NoError(d.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(d.t, err)
	return resp.StatusCode, raw
}

func (d *deployment) must(method, path string, in, out any) {
	d.t.Helper()
	if out == nil {
		out = &map[string]any{}
	}
	d.call(method, "/v2"+path, d.token, in, out)
}

func (d *deployment) write(contact string) {
	d.t.Helper()
	status := d.call("POST", "/custom/channel/webhook", d.channel.Token, inbound(d.channel.PublicID, contact, "first_"+contact, "Hello"), nil)
	require.Equal(d.t, http.StatusOK, status, contact)
}

// deployedContact is what the test reads of a contact.
type deployedContact struct {
	ID       int64
	Assignee *struct{ ID int64 }
}

func (d *deployment) contact(name string) (c deployedContact) {
	d.t.Helper()
	d.must("GET", "/contact/email:"+name+"@contacts.example", nil, &c)
	return c
}

func (d *deployment) assignee(name string) int64 {
	d.t.Helper()
	if c := d.contact(name); c.Assignee != nil {
		return c.Assignee.ID
	}
	return 0
}

type deployedRun struct{ State, ExitReason string }

func (d *deployment) runs(name string) []deployedRun {
	d.t.Helper()
	var page struct{ Items []deployedRun }
	d.must("GET", "/run?contact=email:"+name+"@contacts.example", nil, &page)
	return page.Items
}

func (d *deployment) completed(name string) bool {
	runs := d.runs(name)
	return len(runs) == 1 && runs[0].State == "completed"
}

func (d *deployment) eventually(what string, cond func() bool) {
	d.t.Helper()
	require.Eventually(d.t, cond, 3*patience, 50*time.Millisecond, what)
}

// furnish makes users, team, channel and workflow: Ann and Cem online, Ben busy.
func (d *deployment) furnish() map[string]int64 {
	d.t.Helper()
	ids, list := map[string]int64{}, []int64{}
	for _, name := range []string{"Ann", "Ben", "Cem"} {
		var u struct{ ID int64 }
		d.must("POST", "/space/user", map[string]any{"email": strings.ToLower(name) + "@acme.example", "firstName": name, "role": "agent"}, &u)
		ids[name], list = u.ID, append(list, u.ID)
	}
	d.must("POST", "/space/team", map[string]any{"name": "Support", "userIds": list}, nil)
	for name, status := range map[string]string{"Ann": "online", "Ben": "busy", "Cem": "online"} {
		d.must("PUT", fmt.Sprintf("/space/user/%d/status", ids[name]), map[string]any{"status": status}, nil)
	}
	d.must("POST", "/space/channel", d.shop(), &d.channel)
	d.sink.SetToken(d.channel.Token)
	d.must("POST", "/template/assignment-round-robin-online-only/use", map[string]any{"parameters": map[string]any{"team": "Support"}, "publish": true}, nil)
	return ids
}

func (d *deployment) shop() map[string]any {
	return map[string]any{"source": "custom_channel", "name": "Shop", "config": map[string]any{"apiBaseUrl": d.sink.URL(), "idType": "custom"}}
}
