package queue

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
)

func TestMain(m *testing.M) {
	if os.Getenv("LANDWAITER_QUEUE_CHILD") != "" {
		child()
		return
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // they wait more than they work
	code := m.Run()
	postgres.end()
	os.Exit(code)
}

// patience is how long something may take that is expected to happen.
const patience = time.Minute

// quick is the pace of tests.
var quick = pace{fetch: 50 * time.Millisecond, beat: 50 * time.Millisecond, lease: 2 * time.Second, orphan: 10 * time.Second, end: 5 * time.Second}

// lab is a database of a test's own.
type lab struct {
	*testing.T
	url string
}

// conform runs a test on each kind of database.
func conform(t *testing.T, test func(l lab)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "a ?#%.db")
		if err := os.WriteFile(path, emptySQLite(t), 0o600); err != nil {
			t.Fatal(err)
		}
		test(lab{t, "sqlite:" + path})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(lab{t, postgres.newDatabase(t, "ready")})
	})
}

// emptySQLite is a database with our tables, which take a while to make.
func emptySQLite(t *testing.T) []byte {
	t.Helper()
	sqliteTemplate.Do(func() {
		path := filepath.Join(t.TempDir(), "dir", "template.db")
		q, err := Open(t.Context(), Config{Database: "sqlite:" + path, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		q.Close() // which empties the write-ahead log into the file
		if sqliteBytes, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	})
	return sqliteBytes
}

var (
	sqliteTemplate sync.Once
	sqliteBytes    []byte
)

// replicas runs a test on PostgreSQL only.
func replicas(t *testing.T, test func(l lab)) {
	t.Helper()
	t.Parallel()
	test(lab{t, postgres.newDatabase(t, "ready")})
}

// open opens the database, after having changed the quick defaults.
func (l lab) open(change ...func(*Config)) *Queue {
	l.Helper()
	config := Config{Database: l.url, Workers: 4, Attempts: 3, Retry: 5 * time.Millisecond, Logger: slog.New(slog.DiscardHandler), pace: quick}
	for _, c := range change {
		c(&config)
	}
	q, err := Open(l.Context(), config)
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { halt(q) })
	return q
}

// halt ends a queue at once, as often as it is called.
func halt(q *Queue) {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = q.Stop(over)
	q.Close()
}

// start runs jobs with a worker.
func (l lab) start(q *Queue, w *recorder) *recorder {
	l.Helper()
	w.queue = q
	if err := q.Start(l.Context(), w); err != nil {
		l.Fatal(err)
	}
	return w
}

func (l lab) accept(q *Queue, delivery string, tasks ...event.Task) bool {
	l.Helper()
	stored, err := q.Accept(l.Context(), delivery, "pull_request", tasks)
	if err != nil {
		l.Fatal(err)
	}
	return stored
}

// until waits for something to become so.
func (l lab) until(what string, so func() bool) {
	l.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.Fatal("not within ", patience, ": ", what)
		}
	}
}

// idle waits until there is nothing left to do.
func (l lab) idle(q *Queue) {
	l.Helper()
	l.until("every job has ended", func() bool {
		status, err := q.Status(l.Context())
		if err != nil {
			l.Fatal(err)
		}
		return status == Status{}
	})
}

func (l lab) count(q *Queue, statement string, args ...any) int {
	l.Helper()
	var n int
	if err := q.query(l.Context(), statement, func(scan scanner) error { return scan(&n) }, args...); err != nil {
		l.Fatal(err)
	}
	return n
}

func (l lab) progress(q *Queue, subject event.Subject) Progress {
	l.Helper()
	all, err := q.Progress(l.Context(), subject.Repository)
	if err != nil {
		l.Fatal(err)
	}
	return all[subject.Key()]
}

func pull(installation int64, number int) event.Subject {
	return event.Subject{Repository: event.Repository{Installation: installation, ID: 10 * installation, Owner: "acme", Name: "infra"}, Number: number}
}

func review(number int, head string) event.Task {
	return event.Task{Kind: event.Review, Subject: pull(1, number), Head: head, Base: "base"}
}

func command(number int, text string) event.Task {
	return event.Task{Kind: event.Command, Subject: pull(1, number), Text: text}
}

// recorder is a worker that notes its calls and does what a test tells it.
type recorder struct {
	queue  *Queue
	work   func(ctx context.Context, job Job) error
	failed func(ctx context.Context, job Job, err error) error

	mu    sync.Mutex
	calls []call
}

// call is one of Work or of Failed, with the error that Failed was given.
type call struct {
	job Job
	err error
}

func (c call) String() string {
	text := fmt.Sprintf("%s %s %s%s", c.job.Kind, c.job.Subject, c.job.Head, c.job.Text)
	if c.err != nil {
		text += ": " + c.err.Error()
	}
	return text
}

func (r *recorder) note(c call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
}

func (r *recorder) Work(ctx context.Context, job Job) error {
	r.note(call{job, nil})
	if r.work == nil {
		return nil
	}
	return r.work(ctx, job)
}

func (r *recorder) Failed(ctx context.Context, job Job, err error) error {
	if err == nil {
		return errors.New("failed without an error")
	}
	r.note(call{job, err})
	if r.failed == nil {
		return nil
	}
	return r.failed(ctx, job, err)
}

// works are the calls of Work, ends those of Failed.
func (r *recorder) works() []call { return r.those(func(c call) bool { return c.err == nil }) }
func (r *recorder) ends() []call  { return r.those(func(c call) bool { return c.err != nil }) }

func (r *recorder) those(which func(call) bool) []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []call
	for _, c := range r.calls {
		if which(c) {
			all = append(all, c)
		}
	}
	return all
}

// blocked is work that waits until it is cancelled, and returns why.
func blocked(ctx context.Context, _ Job) error {
	<-ctx.Done()
	return context.Cause(ctx)
}
