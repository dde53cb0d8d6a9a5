package devserver

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

func TestLogBridge(t *testing.T) {
	var out bytes.Buffer
	root := newLogBridge(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	child := log.With(root, tag.NewStringTag("shard", "1"))

	child.Error("services look for each other")
	root.started()
	child.Info("hundreds of these")
	child.Warn(largePage)
	child.Warn("disk is slow", tag.NewStringTag("file", "temporal.db"))
	root.stopping()
	child.Error("connection closed")

	require.Equal(t, "level=WARN msg=\"disk is slow\" component=temporal shard=1 file=temporal.db\n", out.String())
}

func TestFatalBecomesError(t *testing.T) {
	start := func() (err error) {
		defer recoverFatal(&err)
		newLogBridge(slog.New(slog.DiscardHandler)).Fatal("no listener", tag.Error(errors.New("port taken")))
		return nil
	}
	require.EqualError(t, start(), "Temporal server: no listener [error=port taken]")
}
