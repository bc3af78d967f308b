package queue

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
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
	err   error // errNoServer: there is none on this machine
	dir   string
	count atomic.Int64
	stop  chan struct{}
	ended chan struct{}
}

var (
	postgres    = server{stop: make(chan struct{}), ended: make(chan struct{})}
	errNoServer = errors.New("there is no PostgreSQL server program on this machine")
)

// newDatabase makes an empty database, or one with our tables, and returns its URL. Without a server the test is
// skipped, but where LANDWAITER_REQUIRE asks for one it fails.
func (s *server) newDatabase(t testing.TB, template string) string {
	s.once.Do(s.start)
	if errors.Is(s.err, errNoServer) {
		if slices.Contains(strings.Split(os.Getenv("LANDWAITER_REQUIRE"), ","), "postgres") {
			t.Fatal(s.err)
		}
		t.Skip("postgres:", s.err)
	}
	if s.err != nil {
		t.Fatal(s.err)
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
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
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
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(dir, uid, gid)
}

func (s *server) start() {
	initdb, postgres := program("initdb"), program("postgres")
	if initdb == "" || postgres == "" {
		s.err = errNoServer
		return
	}
	if s.dir, s.err = os.MkdirTemp("", "pg"); s.err != nil {
		return
	}
	data := filepath.Join(s.dir, "data")
	create := exec.Command(initdb, "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
	create.Dir = s.dir
	if s.err = unprivileged(create, s.dir); s.err != nil {
		return
	}
	if out, err := create.CombinedOutput(); err != nil {
		s.err = fmt.Errorf("initdb: %w\n%s", err, out)
		return
	}
	run := exec.Command(postgres, "-D", data, "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=300", "-c", "shared_buffers=64MB",
		"-c", "fsync="+map[bool]string{true: "off", false: "on"}[flag.Lookup("test.bench").Value.String() == ""]) // only figures need a disk
	run.Dir = s.dir
	log := &strings.Builder{}
	run.Stdout, run.Stderr = log, log
	if s.err = unprivileged(run, s.dir); s.err != nil {
		return
	}
	started := make(chan error, 1)
	go s.attend(run, started)
	if s.err = <-started; s.err == nil {
		s.err = s.prepare()
	}
}

// attend starts the server and ends it when stop is closed. Linux ends it with the thread that started it, should this
// process be killed, so that thread must live as long.
func (s *server) attend(run *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	err := run.Start()
	started <- err
	if err != nil {
		close(s.ended)
		return
	}
	go func() {
		<-s.stop
		_ = run.Process.Signal(syscall.SIGQUIT) // at once: nothing is kept
	}()
	_ = run.Wait()
	close(s.ended)
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
	if s.dir == "" {
		return
	}
	close(s.stop)
	<-s.ended
	_ = os.RemoveAll(s.dir)
}
