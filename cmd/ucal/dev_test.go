package main

import (
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver of a data folder's files
)

// TestDevRefuses: each error says which flag and which variable mend it, and
// nothing is left running.
func TestDevRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))

	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"API port in use":      {[]string{"--port", port}, []string{port, "in use", "--port", "UCAL_PORT"}},
		"Temporal port in use": {[]string{"--temporal-port", port}, []string{port, "in use", "--temporal-port", "UCAL_TEMPORAL_PORT"}},
		"UI port in use":       {[]string{"--temporal-ui-port", port}, []string{port, "in use", "--temporal-ui-port", "UCAL_TEMPORAL_UI_PORT"}},
		"all ports in use":     {[]string{"--port", port, "--temporal-port", port, "--temporal-ui-port", port}, []string{"UCAL_PORT", "UCAL_TEMPORAL_PORT", "UCAL_TEMPORAL_UI_PORT"}},
		"no such port":         {[]string{"--port", "70000"}, []string{"70000", "--port", "UCAL_PORT"}},
		"data is a file":       {[]string{"--data", file}, []string{file, "--data", "UCAL_DATA"}},
		"data below a file":    {[]string{"--data", file + "/data"}, []string{file, "--data", "UCAL_DATA"}},
		"data not writable":    {[]string{"--data", readOnly(t)}, []string{"cannot be written", "--data", "UCAL_DATA"}},
		"token too short":      {[]string{"--token", "short"}, []string{"--token", "UCAL_TOKEN", "at least 8"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := run(t, nil, devArgs(t.TempDir(), append([]string{"--fresh"}, tc.args...)...)...)
			require.Equal(t, 2, code, errOut)
			for _, want := range tc.want {
				require.Contains(t, errOut, want)
			}
			require.NotContains(t, out, "ready")
		})
	}
}

// readOnly is a folder in which nobody, root included, can make a file.
func readOnly(t *testing.T) string {
	if os.Geteuid() == 0 {
		return "/proc/self"
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o500))
	return dir
}

// TestDevInterrupted: Ctrl-C during the start says so and nothing else.
func TestDevInterrupted(t *testing.T) {
	s := begin(t, nil, devArgs(t.TempDir())...)
	s.out.shows(t, "starting Temporal", 1)
	s.stop()
	require.Equal(t, 1, <-s.code)
	require.Equal(t, "ucal: stopped before it was ready\n", s.err.String())
}

func TestDevNewerData(t *testing.T) {
	data := t.TempDir()
	startDev(t, data, "--fresh").quits()
	db, err := sql.Open("sqlite", filepath.Join(data, "ucal.db"))
	require.NoError(t, err)
	_, err = db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99990101, 1)`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	code, _, errOut := run(t, nil, devArgs(data)...)
	require.Equal(t, 1, code)
	require.Contains(t, errOut, "newer than this ucal")
	require.Contains(t, errOut, "--data")
}

// TestDevForeignToken: the token file does not belong to the database.
func TestDevForeignToken(t *testing.T) {
	data := t.TempDir()
	startDev(t, data, "--fresh").quits()
	for _, name := range []string{"ucal.db", "ucal.db-wal", "ucal.db-shm"} {
		_ = os.Remove(filepath.Join(data, name))
	}
	code, _, errOut := run(t, nil, devArgs(data)...)
	require.Equal(t, 1, code)
	require.Contains(t, errOut, filepath.Join(data, "token"))
	require.Contains(t, errOut, "--data")
}

// TestDevFresh: an empty workspace, which stays empty when it is started without
// the flag.
func TestDevFresh(t *testing.T) {
	data := t.TempDir()
	for _, args := range [][]string{{"--fresh"}, {}, {"--fresh"}} {
		d := startDev(t, data, args...)
		require.Equal(t, []any{"owner@ucal.example"}, column(d.items(d.token, "/space/user"), "email"))
		for _, path := range []string{"/space/team", "/space/channel", "/workflow", "/run"} {
			require.Empty(t, d.items(d.token, path), path)
		}
		d.quits()
	}
	info, err := os.Stat(filepath.Join(data, "token"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// TestDevDemo follows one data folder through its life.
func TestDevDemo(t *testing.T) {
	data := t.TempDir()
	first := startDev(t, data)
	requireDemo(t, first)
	greets(t, first, "ida")

	t.Run("a second ucal dev on the same folder", func(t *testing.T) {
		code, _, errOut := run(t, nil, devArgs(data)...)
		require.Equal(t, 1, code)
		require.Contains(t, errOut, "in use by another process")
		require.Contains(t, errOut, "--data")
	})
	first.quits()
	require.Contains(t, first.out.String(), "stopping")

	t.Run("another port and a token of one's own", func(t *testing.T) {
		d := startDev(t, data, "--token", "a-token-of-my-own")
		require.NotEqual(t, first.url, d.url)
		require.Equal(t, "a-token-of-my-own", d.token)
		requireDemo(t, d)
		require.NotEmpty(t, d.items(first.token, "/space/user"), "the first token is still good")
		greets(t, d, "jon")
		d.quits()
	})
	t.Run("an interrupted demo is completed", func(t *testing.T) {
		d := startDev(t, data)
		require.Equal(t, first.token, d.token)
		require.NotEmpty(t, d.items("a-token-of-my-own", "/space/user"), "the token that was given is kept")
		wf := fmt.Sprintf("/workflow/%v", d.items(d.token, "/workflow")[0]["id"])
		d.call(http.MethodPost, wf+"/stop", map[string]any{})
		d.call(http.MethodDelete, wf, nil)
		d.quits()
		require.NoError(t, os.Remove(filepath.Join(data, "demo.json")))
		d = startDev(t, data)
		requireDemo(t, d)
		greets(t, d, "kim")
		d.quits()
	})
	t.Run("--fresh cannot empty it", func(t *testing.T) {
		code, _, errOut := run(t, nil, devArgs(data, "--fresh")...)
		require.Equal(t, 2, code)
		for _, want := range []string{data, "--fresh", "--data", "UCAL_DATA"} {
			require.Contains(t, errOut, want)
		}
	})
}

// requireDemo checks that the demo is there, once, and points at this process.
func requireDemo(t *testing.T, d *devRun) {
	t.Helper()
	users := d.items(d.token, "/space/user")
	require.ElementsMatch(t, []any{"owner@ucal.example", "ann@ucal.example", "ben@ucal.example", "cem@ucal.example"}, column(users, "email"))
	require.Equal(t, []any{"Support"}, column(d.items(d.token, "/space/team"), "name"))
	workflows := d.items(d.token, "/workflow")
	require.Equal(t, []any{demoTemplate}, column(workflows, "slug"))
	require.Equal(t, []any{"published"}, column(workflows, "state"))
	channels := d.items(d.token, "/space/channel")
	require.Equal(t, []any{"Demo phone"}, column(channels, "name"))
	channel := d.call(http.MethodGet, fmt.Sprintf("/space/channel/%v", channels[0]["id"]), nil)
	require.Equal(t, d.url+"/demo/phone", channel["config"].(map[string]any)["apiBaseUrl"])
}

// greets writes as a contact, with the command that the banner shows, and waits
// for the welcome on the demo phone and for an assignee.
func greets(t *testing.T, d *devRun, contact string) {
	t.Helper()
	name := strings.ToUpper(contact[:1]) + contact[1:]
	body := fmt.Sprintf(`{"channelId":"%s","contactId":"%s","contact":{"firstName":"%s","email":"%s@contacts.example"},"events":[{"type":"message","mId":"m_%s","timestamp":1700000000000,`+
		`"message":{"type":"text","text":"Hello"}}]}`, d.find(`"channelId":"([^"]+)"`), contact, name, contact, contact)
	_, err := newClient(d.url, "").once(t.Context(), http.MethodPost, d.url+"/custom/channel/webhook", d.find(`Bearer (cht_\S+)'`), []byte(body), nil)
	require.NoError(t, err)
	d.out.shows(t, "→ "+contact+": Hi "+name+", thank you", 1)
	require.Eventually(t, func() bool {
		return d.call(http.MethodGet, "/contact/email:"+contact+"@contacts.example", nil)["assignee"] != nil
	}, patience, pollPause)
}
