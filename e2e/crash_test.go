package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel/channeltest"
	"ucal/internal/dbtest"
)

const (
	crashContacts = 200
	crashKills    = 20
)

// binary builds cmd/ucal once per test run.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "ucal-e2e-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "ucal")
	cmd := exec.Command("go", "build", "-o", path, "ucal/cmd/ucal")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build ucal: %w\n%s", err, out)
	}
	return path, nil
})

// TestCrash kills `ucal dev` with SIGKILL at random moments while contacts
// write. In the end every contact has exactly one welcome, one assignment and
// one completed run, and round robin is spread evenly.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a process for a minute")
	}
	t.Parallel()
	for name, url := range map[string]func(testing.TB) string{"sqlite": nil, "postgres": dbtest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // both mostly wait
			c := newCrash(t)
			if url != nil {
				c.env = append(c.env, "UCAL_DATABASE_URL="+url(t))
			}
			c.run()
		})
	}
}

// crash is a `ucal dev` child process that is killed again and again.
type crash struct {
	t     *testing.T
	data  string
	port  int
	env   []string
	args  []string
	child *exec.Cmd
	log   *bytes.Buffer
	token string
	sink  *channeltest.Sink
	ch    channelInfo
	http  *http.Client
	rng   *rand.Rand
}

func newCrash(t *testing.T) *crash {
	t.Helper()
	sink, err := channeltest.StartSink()
	require.NoError(t, err)
	t.Cleanup(func() { _ = sink.Close() })
	ports := freePorts(t, 3)
	c := &crash{t: t, data: t.TempDir(), port: ports[0], sink: sink, http: &http.Client{Timeout: 10 * time.Second}, rng: rand.New(rand.NewPCG(1, 2)), token: "crash-test-token"}
	c.env = append(os.Environ(), "UCAL_API_RATE_LIMIT=0", "UCAL_CHANNEL_RATE_LIMIT=0")
	c.args = []string{"dev", "--fresh", "--data", c.data, "--token", c.token, "--port", fmt.Sprint(ports[0]), "--temporal-port", fmt.Sprint(ports[1]),
		"--temporal-ui-port", fmt.Sprint(ports[2])}
	t.Cleanup(c.kill)
	return c
}

func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer ln.Close()
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func (c *crash) start() {
	c.t.Helper()
	path, err := binary()
	require.NoError(c.t, err)
	c.log = &bytes.Buffer{}
	c.child = exec.Command(path, c.args...)
	c.child.Env, c.child.Stdout, c.child.Stderr = c.env, c.log, c.log
	c.child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(c.t, c.child.Start())
	deadline := time.Now().Add(patience)
	for {
		// Ready, and the token that --token gives is accepted.
		ready, _ := c.api("GET", "/readyz", "", nil, nil)
		if ready == http.StatusOK {
			if known, _ := c.api("GET", "/v2/space/user", c.token, nil, nil); known == http.StatusOK {
				return
			}
		}
		require.True(c.t, time.Now().Before(deadline), "ucal dev does not get ready:\n%s", c.log)
		time.Sleep(20 * time.Millisecond)
	}
}

func (c *crash) kill() {
	if c.child == nil {
		return
	}
	_ = c.child.Process.Kill()
	_ = c.child.Wait()
	c.child = nil
}

// api makes one call; errors are the caller's, the process may just have died.
func (c *crash) api(method, path, token string, in, out any) (int, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(context.Background(), method, fmt.Sprintf("http://127.0.0.1:%d%s", c.port, path), bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	if out != nil && resp.StatusCode < 300 {
		err = json.Unmarshal(raw, out)
	} else if resp.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, raw)
	}
	return resp.StatusCode, err
}

func (c *crash) must(method, path string, in, out any) {
	c.t.Helper()
	_, err := c.api(method, "/v2"+path, c.token, in, out)
	require.NoError(c.t, err)
}

func (c *crash) run() {
	c.start()
	users := c.furnish()
	stop := make(chan struct{})
	var feeding sync.WaitGroup
	feeding.Go(func() { c.feed(stop) })
	for range crashKills {
		time.Sleep(time.Duration(200+c.rng.IntN(1500)) * time.Millisecond) // the random moment is the point
		c.kill()
		c.start()
		c.online(users)
	}
	close(stop)
	feeding.Wait()
	c.verify(users)
}

func (c *crash) furnish() []int64 {
	var users []int64
	for _, name := range []string{"ann", "ben", "cem"} {
		var u struct{ ID int64 }
		c.must("POST", "/space/user", map[string]any{"email": name + "@ucal.example", "firstName": name, "role": "agent"}, &u)
		users = append(users, u.ID)
	}
	c.must("POST", "/space/team", map[string]any{"name": "Support", "userIds": users}, nil)
	c.online(users)
	c.must("POST", "/space/channel", map[string]any{"source": "custom_channel", "name": "Shop", "config": map[string]any{"apiBaseUrl": c.sink.URL(), "idType": "custom"}}, &c.ch)
	c.sink.SetToken(c.ch.Token)
	c.sink.OnCall(func(channeltest.Received) channeltest.Trouble {
		return channeltest.Trouble{Delay: 30 * time.Millisecond}
	}) // so that kills hit sends in progress
	c.must("POST", "/template/assignment-round-robin-online-only/use", map[string]any{"parameters": map[string]any{"team": "Support"}, "publish": true}, nil)
	return users
}

func (c *crash) online(users []int64) {
	for _, u := range users {
		c.must("PUT", fmt.Sprintf("/space/user/%d/status", u), map[string]any{"status": "online"}, nil)
	}
}

// feed sends every contact's first message, again and again until it is answered 200.
func (c *crash) feed(stop <-chan struct{}) {
	pause := time.Duration(crashKills) * time.Second / crashContacts
	for i := range crashContacts {
		contact := fmt.Sprintf("c%d", i)
		for {
			status, err := c.api("POST", "/custom/channel/webhook", c.ch.Token, inbound(c.ch.PublicID, contact, "first-"+contact, "Hello"), nil)
			if err == nil && status == http.StatusOK {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		select {
		case <-stop: // the kills are over: the rest as fast as it goes
		case <-time.After(pause):
		}
	}
}

func (c *crash) verify(users []int64) {
	t := c.t
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	require.NoError(t, c.sink.WaitFor(ctx, func() bool { return c.sink.Contacts() >= crashContacts }), "%d contacts were welcomed; log:\n%s", c.sink.Contacts(), c.log)
	completed := func() int {
		n, cursor := 0, ""
		for {
			var page struct {
				Items []struct {
					ID    int64
					State string
				}
			}
			c.must("GET", "/run?limit=100"+cursor, nil, &page)
			for _, r := range page.Items {
				if r.State == "completed" {
					n++
				}
			}
			if len(page.Items) < 100 {
				return n
			}
			cursor = fmt.Sprintf("&cursorId=%d", page.Items[len(page.Items)-1].ID)
		}
	}
	require.Eventually(t, func() bool { return completed() == crashContacts }, 2*time.Minute, 500*time.Millisecond, "completed runs: %d\n%s", completed(), c.log)

	share := map[int64]int{}
	for i := range crashContacts {
		contact := fmt.Sprintf("c%d", i)
		got := c.sink.Received(contact)
		require.Len(t, got, 1, "welcomes of %s", contact)
		require.Contains(t, got[0].Message.Summary(), "thank you for your message")
		var ct struct {
			ID       int64
			Assignee struct{ ID int64 }
		}
		c.must("GET", "/contact/email:"+contact+"@contacts.example", nil, &ct)
		require.NotZero(t, ct.Assignee.ID, contact)
		share[ct.Assignee.ID]++
		var activity struct{ Items []struct{ Type string } }
		c.must("GET", fmt.Sprintf("/contact/id:%d/activity?limit=100", ct.ID), nil, &activity)
		assignments := 0
		for _, a := range activity.Items {
			if a.Type == "assignee.changed" {
				assignments++
			}
		}
		require.Equal(t, 1, assignments, "assignments of %s", contact)
	}
	low, high := crashContacts, 0
	for _, u := range users {
		low, high = min(low, share[u]), max(high, share[u])
	}
	require.LessOrEqual(t, high-low, 1, "round robin spread: %v", share)
	require.Empty(t, strings.Join(c.sink.Refused(), "\n"))
	t.Logf("%d kills, %d contacts, share %v, repeated calls at the endpoint with the same key: %d", crashKills, crashContacts, share, c.sink.Repeats())
}
