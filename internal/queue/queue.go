// Package queue keeps what GitHub told us until it is done, so that nothing is lost and nothing is done twice.
//
// A delivery is one webhook call. It becomes tasks, and a task becomes a job, which River runs on SQLite inside this
// process or on PostgreSQL for several processes, called replicas. A subject is what a review is about; of a subject only
// its newest head counts. Each time something newer is to be done for a subject its generation grows by one, and a job of
// an older generation is superseded: it stops at once, wherever it runs.
//
// A job may run more than once: after an error, after a crash, after its replica was cut off from the database and
// another took it over. So what a worker does to the world must be findable and repeatable (Job.Review names the check
// run), and Current must be asked before every write. What cannot happen is that a job is forgotten: it ends when
// Worker.Work or Worker.Failed has returned nil, or when something newer took its place before it ever began.
//
// Times between replicas are compared by the database's clock only.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"github.com/landwaiter/landwaiter/internal/event"
)

var (
	// ErrSuperseded says that something newer is to be done for the subject of a job, or that the subject is gone.
	ErrSuperseded = errors.New("something newer is known of it")
	// ErrLost says that a job is no longer this process's to do: its replica was cut off from the database for too long
	// and another one does it, or the installation was deleted. Nothing may be written for it.
	ErrLost = errors.New("the job was taken from this process")
	// ErrStopping says that a job must end because the process does; it is done again soon, here or elsewhere.
	ErrStopping = errors.New("the process stops")
	// ErrInterrupted is what Worker.Failed is given for a job whose last attempt ended with the process that made it.
	ErrInterrupted = errors.New("the process that worked on it ended before it was done")
	// ErrClosed is the error of a Queue after Close.
	ErrClosed = errors.New("the queue is closed")
)

// Job is a task with what the queue knows about it.
type Job struct {
	event.Task
	ID         int64  // of this row of work; a job that is taken over from a dead replica gets a new one
	Review     string // names the review for the check run's external id, the same in all attempts; of tasks with a generation
	Generation int64  // of the subject; 0 for tasks that nothing supersedes
	Attempt    int    // 1 is the first
	Last       bool   // no attempt follows this one
	Resumed    bool   // it was worked on before, in an attempt that may not count, so it may have shown something
	Delivery   string // the webhook call that the task came from
}

// Worker does jobs. Both methods may be called for several jobs at once, and more than once for one job.
type Worker interface {
	// Work does a job, within ctx. Its cancellation has a cause: ErrSuperseded (then what the job showed is ended by
	// Failed), ErrLost, ErrStopping, or the time for one attempt is over. Work returns nil when the job is done, a
	// *SnoozeError to be called again later without using up an attempt, and any other error to be tried again.
	Work(ctx context.Context, job Job) error
	// Failed ends what a job showed, because it will not be done: err is ErrSuperseded, or what its last attempt failed
	// with. It is not called for a job that never began. It is called until it returns nil, for days, so that an outage
	// of GitHub loses no verdict; Current is of no use in it, for a superseded job's is ErrSuperseded.
	Failed(ctx context.Context, job Job, err error) error
}

// SnoozeError asks that a job is tried again after a time, and that this attempt does not count.
type SnoozeError struct {
	After time.Duration // from now, held between a second and six hours
	Err   error         // why
}

func (e *SnoozeError) Error() string { return fmt.Sprintf("later, after %s: %v", e.After, e.Err) }

// Unwrap returns why.
func (e *SnoozeError) Unwrap() error { return e.Err }

// Config says how a Queue works. Database and Workers are needed, the rest has defaults.
type Config struct {
	// Database is sqlite:PATH, for one process, or the postgres:// URL of a direct connection (no transaction pooler),
	// for several.
	Database string
	Workers  int           // jobs at a time
	Attempts int           // to do a job, by default 8
	Retry    time.Duration // until the second attempt, by default 5 s; three times as long until each further one, up to 240 times this
	Timeout  time.Duration // of one attempt, by default 15 min
	Logger   *slog.Logger  // by default slog.Default()

	pace pace
}

// pace is how often things are looked after. Tests hurry.
type pace struct {
	fetch  time.Duration // look for jobs whose time has come; new ones are told of at once
	beat   time.Duration // look after running jobs
	lease  time.Duration // a replica that was silent for so long is dead
	orphan time.Duration // a row that says it runs here, and does not, is given back
	clean  time.Duration // delete what is too old
	end    time.Duration // for jobs to return once they were cancelled
}

func (c Config) withDefaults() Config {
	defaults := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	defaults(&c.Retry, 5*time.Second)
	defaults(&c.Timeout, 15*time.Minute)
	defaults(&c.pace.fetch, time.Second)
	defaults(&c.pace.beat, time.Second)
	defaults(&c.pace.lease, 20*time.Second)
	defaults(&c.pace.orphan, 30*time.Second)
	defaults(&c.pace.clean, time.Hour)
	defaults(&c.pace.end, 15*time.Second)
	if c.Attempts <= 0 {
		c.Attempts = 8
	}
	if c.Workers <= 0 {
		c.Workers = 1
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Queue keeps deliveries and runs their jobs. Its methods may be called at the same time.
type Queue struct {
	config  Config
	id      string // of this replica
	log     *slog.Logger
	engine  engine
	worker  Worker // set by Start
	runs    runs
	renewed atomic.Pointer[time.Time] // the lease, when that was asked for
	offset  atomic.Int64              // what the database's clock is ahead of ours, in nanoseconds

	database database

	accepts  chan *acceptance
	closing  chan struct{}
	closed   sync.Once
	stopping atomic.Bool
	stopBeat context.CancelFunc // set by Start
	tasks    sync.WaitGroup     // our own goroutines
}

// Open opens the database, making it and bringing its tables up to date where needed. Deliveries are accepted from then
// on; jobs run after Start. It fails when the database cannot be used, when a newer program has changed its tables, and,
// for SQLite, when another process has it open.
func Open(ctx context.Context, config Config) (*Queue, error) {
	q := &Queue{
		config:  config.withDefaults(),
		id:      replicaID(),
		accepts: make(chan *acceptance),
		closing: make(chan struct{}),
		runs:    runs{byID: make(map[int64]*run)},
	}
	q.log = q.config.Logger
	if err := q.open(ctx); err != nil {
		return nil, fmt.Errorf("open the database: %w", explain(q.database.name, err))
	}
	q.tasks.Go(q.acceptAll)
	return q, nil
}

func (q *Queue) open(ctx context.Context) error {
	scheme, rest, _ := strings.Cut(q.config.Database, ":")
	var err error
	switch scheme {
	case "sqlite":
		q.database, err = openSQLite(ctx, rest, q.log)
	case "postgres", "postgresql":
		q.database, err = openPostgres(ctx, q.config.Database, q.log)
	default:
		err = errors.New(`it must be "sqlite:PATH" or "postgres://…"`) // what it is instead may hold a password
	}
	if err != nil {
		return err
	}
	if q.engine, err = q.database.attach(q.riverConfig()); err == nil && !q.database.shared {
		err = q.reap(ctx) // nobody else can be running what is marked as running
	}
	if err != nil {
		q.database.close()
	}
	return err
}

// riverConfig holds River to our times. Its own rescue of jobs is the last resort, behind leases and attempts.
func (q *Queue) riverConfig() *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, &performer{queue: q})
	timeout := q.config.Timeout + 2*closingTime
	return &river.Config{
		ID:                   q.id,
		FetchCooldown:        20 * time.Millisecond,
		FetchPollInterval:    q.config.pace.fetch,
		JobTimeout:           timeout,
		RescueStuckJobsAfter: timeout + time.Minute,
		MaxAttempts:          q.config.Attempts + maxFailedAttempts,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: q.config.Workers}},
		Workers:              workers,
		Logger:               slog.New(quiet{q.log.With("component", "river").Handler()}),
	}
}

// quiet passes on warnings and errors: what River tells of its daily life we say ourselves, with names.
type quiet struct{ slog.Handler }

func (h quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{h.Handler.WithAttrs(attrs)} }

func (h quiet) WithGroup(name string) slog.Handler { return quiet{h.Handler.WithGroup(name)} }

// Start lets worker do the jobs, until Stop. It may be called once.
func (q *Queue) Start(ctx context.Context, worker Worker) error {
	q.worker = worker
	if err := q.renew(ctx); err != nil {
		return fmt.Errorf("start the jobs: %w", err)
	}
	if err := q.engine.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the jobs: %w", explain(q.database.name, err))
	}
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	q.stopBeat = stop
	q.tasks.Go(func() { q.beatUntil(beating) })
	return nil
}

// Stop ends the jobs: none begins any more, those that run may end until ctx does; then they are cancelled with
// ErrStopping, and are run again soon by whoever runs jobs then, without an attempt being counted. Deliveries are still
// accepted. It returns an error when a worker did not return even so; its job is run again all the same.
func (q *Queue) Stop(ctx context.Context) error {
	if q.stopBeat == nil {
		return nil
	}
	q.stopping.Store(true)
	err := q.engine.Stop(ctx)
	if err != nil {
		q.runs.cancelAll(ErrStopping)
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.config.pace.end)
		defer cancel()
		err = q.engine.StopAndCancel(end)
	}
	q.stopBeat()
	if left := q.runs.snapshot(); err != nil {
		err = fmt.Errorf("%d jobs did not end when they were told to, the first for %s: %w", len(left), first(left), err)
	}
	return errors.Join(err, q.leave(context.WithoutCancel(ctx)))
}

func first(left []*run) string {
	if len(left) == 0 {
		return "nothing"
	}
	return left[0].job.Subject.String()
}

// Close ends the acceptance of deliveries and closes the database. Jobs must have been stopped before.
func (q *Queue) Close() {
	q.closed.Do(func() {
		close(q.closing)
		if q.stopBeat != nil {
			q.stopBeat()
		}
		q.tasks.Wait()
		q.database.close()
	})
}
