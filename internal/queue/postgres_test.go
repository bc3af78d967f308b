package queue

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// server is a PostgreSQL of these tests' own, on a socket in a directory of its own, started when the first test asks.
type server struct {
	once  sync.Once
	err   error // why there is none
	dir   string
	count atomic.Int64
	cmd   *exec.Cmd
	alive io.Closer // the server ends when this is closed, or when this process ends
}

var postgres server

// newDatabase makes an empty database, or one with our tables, and returns its URL. Without a server the test is
// skipped, but where LANDWAITER_REQUIRE asks for one it fails.
func (s *server) newDatabase(t testing.TB, template string) string {
	s.once.Do(func() { s.err = s.start() })
	if s.err != nil {
		if slices.Contains(strings.Split(os.Getenv("LANDWAITER_REQUIRE"), ","), "postgres") {
			t.Fatal("postgres:", s.err)
		}
		t.Skip("postgres:", s.err)
	}
	name := fmt.Sprintf("t%d", s.count.Add(1))
	if err := s.execute("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatal(err)
	}
	return s.url(name)
}

func (s *server) url(name string) string {
	return "postgres:///" + name + "?host=" + s.dir + "&user=postgres"
}

func (s *server) execute(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	connection, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	_, err = connection.Exec(ctx, statement)
	return err
}

// program finds one of PostgreSQL's, which Debian keeps out of the path.
func program(name string) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		return found[len(found)-1]
	}
	path, _ := exec.LookPath(name)
	return path
}

// unprivileged lets a command run as somebody who is not root, as PostgreSQL wants it.
func unprivileged(cmd *exec.Cmd, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		if who, err = user.Lookup("nobody"); err != nil {
			return err
		}
	}
	uid, _ := strconv.Atoi(who.Uid)
	gid, _ := strconv.Atoi(who.Gid)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return os.Chown(dir, uid, gid)
}

func (s *server) start() (err error) {
	initdb, server := program("initdb"), program("postgres")
	if initdb == "" || server == "" {
		return errors.New("there is no PostgreSQL server on this machine")
	}
	if s.dir, err = os.MkdirTemp("", "pg"); err != nil {
		return err
	}
	create := exec.Command(initdb, "-D", "data", "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
	create.Dir = s.dir
	if err := unprivileged(create, s.dir); err != nil {
		return err
	}
	if out, err := create.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	fsync := "off" // only figures need a disk
	if flag.Lookup("test.bench").Value.String() != "" {
		fsync = "on"
	}
	// The shell ends the server, at once, when nobody holds the other end of its input any more.
	s.cmd = exec.Command("sh", "-c", `"$@" & read x; kill -QUIT $!; wait`, "sh", server, "-D", "data", "-k", s.dir,
		"-c", "listen_addresses=", "-c", "max_connections=300", "-c", "shared_buffers=64MB", "-c", "fsync="+fsync)
	s.cmd.Dir = s.dir
	if err := unprivileged(s.cmd, s.dir); err != nil {
		return err
	}
	if s.alive, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return s.prepare()
}

// prepare waits for the server and makes the database that others are copied from.
func (s *server) prepare() error {
	var err error
	for range 600 {
		if err = s.execute("SELECT 1"); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		return err
	}
	if err := s.execute("CREATE DATABASE ready"); err != nil {
		return err
	}
	q, err := Open(context.Background(), Config{Database: s.url("ready"), Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		q.Close()
	}
	return err
}

// end stops the server, if it runs, and deletes what it wrote.
func (s *server) end() {
	if s.alive != nil {
		_ = s.alive.Close()
		_ = s.cmd.Wait()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}
