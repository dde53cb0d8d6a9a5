package devserver_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"ucal/internal/devserver"
)

// childFile tells the test binary to be a server on that file until it is killed.
const childFile = "UCAL_TEST_DEVSERVER_FILE"

func TestMain(m *testing.M) {
	if file := os.Getenv(childFile); file != "" {
		s, err := devserver.Start(context.Background(), devserver.Config{DatabaseFile: file, UIPort: devserver.NoUI})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(s.Addr())
		select {}
	}
	os.Exit(m.Run())
}

func TestRunSurvivesKill(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "temporal.db")
	exe, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(ctx, exe) //nolint:gosec // this test binary
	child.Env = append(os.Environ(), childFile+"="+file)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill() })
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan(), "the child must print its address")
	c, err := client.Dial(client.Options{HostPort: lines.Text()})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "patient", TaskQueue: queue}, untilTold)
	require.NoError(t, err)

	_, err = devserver.Start(ctx, devserver.Config{DatabaseFile: file, UIPort: devserver.NoUI})
	require.ErrorContains(t, err, "is in use by another process; stop the other `ucal dev`")

	require.NoError(t, child.Process.Kill())
	require.ErrorContains(t, child.Wait(), "killed")

	s := start(t, devserver.Config{DatabaseFile: file, UIPort: devserver.NoUI})
	c = connect(t, s)
	require.NoError(t, c.SignalWorkflow(ctx, "patient", "", "tell", "word"))
	var got string
	require.NoError(t, c.GetWorkflow(ctx, "patient", "").Get(ctx, &got))
	require.Equal(t, "word", got)
}
