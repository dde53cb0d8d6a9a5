package dbtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// watch runs the server as its child and ends it when standard input closes,
// which happens whenever and however the test binary ends. So the packages that
// use this one need no TestMain, and a killed test leaves nothing behind.
const watch = `
dir=$1
shift
"$@" >"$dir/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$dir"
`

// postmaster is a running PostgreSQL server of ours.
type postmaster struct {
	url     string
	version int // major
	// alive is the watcher's standard input. It must stay referenced: when it is
	// garbage, Go closes it and the server ends.
	alive io.Closer
}

// startPostmaster runs PostgreSQL in a temporary folder on a free port of the
// loopback interface. Durability is switched off.
func startPostmaster(ctx context.Context) (*postmaster, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	owner, err := serverOwner()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(fastFolder(), "ucal-pg-")
	if err != nil {
		return nil, err
	}
	p, err := launch(ctx, bin, dir, owner)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return p, nil
}

// launch makes a data folder in dir and starts the server with it.
func launch(ctx context.Context, bin, dir string, owner *syscall.Credential) (*postmaster, error) {
	if owner != nil {
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data,
		"--username=ucal", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/bin/sh", "-c", watch, "sh", dir, filepath.Join(bin, "postgres"), "-D", data,
		"-c", "listen_addresses=127.0.0.1", "-c", "port="+strconv.Itoa(port), "-c", "unix_socket_directories=",
		"-c", "max_connections=200", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "wal_level=minimal", "-c", "max_wal_senders=0")
	cmd.Dir = dir
	// A process group of its own: Ctrl-C is for the test, and the watcher cleans up after it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	p := &postmaster{url: fmt.Sprintf("postgres://ucal@127.0.0.1:%d/postgres?sslmode=disable", port), alive: alive}
	if err := p.await(ctx); err != nil {
		text, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w\n%s", err, text), alive.Close(), cmd.Wait())
	}
	return p, nil
}

// await returns when the server answers, and notes its version.
func (p *postmaster) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, p.url)
		if err == nil {
			version, _, _ := strings.Cut(conn.PgConn().ParameterStatus("server_version"), ".")
			p.version, _ = strconv.Atoi(version) // a beta stays 0, the oldest
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// fastFolder is the memory file system where there is one with enough room, else
// "" for the temporary folder: a database is 600 small files, whose creation
// takes 350 ms on a disk and 20 ms in memory.
func fastFolder() string {
	const folder, enough = "/dev/shm", 2 << 30
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < enough {
		return ""
	}
	return folder
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
