package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// databaseServer is a PostgreSQL of these tests' own, on a socket in a directory of its own, started when a test asks.
type databaseServer struct {
	once  sync.Once
	err   error // errNoServer: there is none on this machine
	dir   string
	stop  chan struct{}
	ended chan struct{}
}

var (
	postgres    = databaseServer{stop: make(chan struct{}), ended: make(chan struct{})}
	errNoServer = errors.New("there is no PostgreSQL server program on this machine")
)

// database makes an empty database and returns its URL. Without a server the test is skipped, but where
// LANDWAITER_REQUIRE asks for one it fails.
func (s *databaseServer) database(t *testing.T, name string) string {
	t.Helper()
	s.once.Do(s.start)
	if errors.Is(s.err, errNoServer) && !slices.Contains(strings.Split(os.Getenv("LANDWAITER_REQUIRE"), ","), "postgres") {
		t.Skip("postgres:", s.err)
	}
	if s.err == nil {
		s.err = s.psql("CREATE DATABASE " + name)
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
	return "postgres:///" + name + "?host=" + s.dir + "&user=postgres"
}

// psql lets PostgreSQL's own client do a statement.
func (s *databaseServer) psql(statement string) error {
	out, err := exec.Command(postgresProgram("psql"), "-h", s.dir, "-U", "postgres", "-d", "postgres", "-qc", statement).CombinedOutput()
	if err != nil {
		return fmt.Errorf("psql: %w: %s", err, out)
	}
	return nil
}

// postgresProgram finds one of PostgreSQL's, which Debian keeps out of the path.
func postgresProgram(name string) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		return found[len(found)-1]
	}
	path, _ := exec.LookPath(name)
	return path
}

func (s *databaseServer) start() {
	if postgresProgram("initdb") == "" || postgresProgram("postgres") == "" || postgresProgram("psql") == "" {
		s.err = errNoServer
		return
	}
	if s.dir, s.err = os.MkdirTemp("", "pg"); s.err != nil {
		return
	}
	create := exec.Command(postgresProgram("initdb"), "-D", filepath.Join(s.dir, "data"), "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
	if s.err = s.unprivileged(create); s.err != nil {
		return
	}
	if out, err := create.CombinedOutput(); err != nil {
		s.err = fmt.Errorf("initdb: %w\n%s", err, out)
		return
	}
	run := exec.Command(postgresProgram("postgres"), "-D", filepath.Join(s.dir, "data"), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=off")
	if s.err = s.unprivileged(run); s.err != nil {
		return
	}
	started := make(chan error, 1)
	go s.attend(run, started)
	if s.err = <-started; s.err != nil {
		return
	}
	for range 600 {
		if s.err = s.psql("SELECT 1"); s.err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// unprivileged lets a command run as somebody who is not root, as PostgreSQL wants it.
func (s *databaseServer) unprivileged(cmd *exec.Cmd) error {
	cmd.Dir = s.dir
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
	return os.Chown(s.dir, uid, gid)
}

// attend starts the server and ends it when stop is closed. Linux ends it with the thread that started it, should this
// process be killed, so that thread must live as long.
func (s *databaseServer) attend(run *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer close(s.ended)
	err := run.Start()
	if started <- err; err != nil {
		return
	}
	go func() {
		<-s.stop
		_ = run.Process.Signal(syscall.SIGQUIT) // at once: nothing is kept
	}()
	_ = run.Wait()
}

// end stops the server, if it runs, and deletes what it wrote.
func (s *databaseServer) end() {
	if s.dir == "" {
		return
	}
	close(s.stop)
	if s.err == nil {
		<-s.ended
	}
	_ = os.RemoveAll(s.dir)
}
