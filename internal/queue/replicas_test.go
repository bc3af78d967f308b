package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
)

// TestManyOpen lets several replicas start at once on an empty database.
func TestManyOpen(t *testing.T) {
	t.Parallel()
	url := postgres.newDatabase(t, "template1")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			q, err := Open(t.Context(), Config{Database: url, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Error(err)
				return
			}
			defer halt(q)
			if err := q.Writable(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestAcceptElsewhere lets replicas accept pushes to the same pull requests at the same time.
func TestAcceptElsewhere(t *testing.T) {
	replicas(t, func(l lab) {
		members := []*Queue{l.open(), l.open()}
		const subjects, pushes = 3, 40
		var all sync.WaitGroup
		for push := range pushes {
			for subject := range subjects {
				all.Go(func() {
					task := review(subject+1, fmt.Sprint(push))
					if _, err := members[push%2].Accept(l.Context(), fmt.Sprint(subject, push), "pull_request", []event.Task{task}); err != nil {
						l.Error(err)
					}
				})
			}
		}
		all.Wait()
		if n := l.count(members[0], `SELECT count(*) FROM river_job WHERE `+unfinished); n != subjects {
			l.Errorf("%d jobs wait for %d subjects", n, subjects)
		}
		for subject := range subjects {
			if got := l.progress(members[0], pull(1, subject+1)).Generation; got != pushes {
				l.Errorf("generation %d after %d pushes", got, pushes)
			}
		}
	})
}

// TestSupersededElsewhere: a push that one replica receives stops what another one runs, and so does a deletion.
func TestSupersededElsewhere(t *testing.T) {
	replicas(t, func(l lab) {
		receives, runs := l.open(), l.open()
		causes := make(chan error, 2)
		w := l.start(runs, &recorder{work: func(ctx context.Context, job Job) error {
			if job.Head == "new" {
				return nil
			}
			cause := blocked(ctx, job)
			causes <- cause
			return cause
		}})
		l.accept(receives, "1", review(1, "old"))
		l.until("it runs", func() bool { return len(w.works()) == 1 })
		l.accept(receives, "2", review(1, "new"))
		if cause := <-causes; !errors.Is(cause, ErrSuperseded) {
			l.Error(cause)
		}
		l.idle(runs)
		if len(w.ends()) != 1 {
			l.Error(w.calls)
		}
		l.accept(receives, "3", review(2, "old"))
		l.until("it runs", func() bool { return len(w.works()) == 3 })
		if err := receives.Forget(l.Context(), 1, nil); err != nil {
			l.Fatal(err)
		}
		if cause := <-causes; !errors.Is(cause, ErrLost) {
			l.Error(cause)
		}
		l.idle(runs)
		if len(w.ends()) != 1 {
			l.Error(w.calls)
		}
	})
}

// TestLostLease is a replica that does not renew its lease, as one does that hangs: another one takes its job over, and
// what the first still does comes to nothing.
func TestLostLease(t *testing.T) {
	replicas(t, func(l lab) {
		hangs := l.open(func(c *Config) { c.pace.beat, c.Workers = time.Hour, 1 })
		wake := make(chan struct{})
		late := make(chan error, 1)
		first := &recorder{}
		first.work = func(ctx context.Context, job Job) error {
			<-wake
			err := hangs.Current(ctx, job)
			late <- errors.Join(err, context.Cause(ctx))
			return errors.New("whatever a hung replica says")
		}
		l.start(hangs, first)
		l.accept(hangs, "1", review(1, "a"))
		l.until("it runs", func() bool { return len(first.works()) == 1 })

		lives := l.open()
		release := make(chan struct{})
		second := l.start(lives, &recorder{work: func(context.Context, Job) error { <-release; return nil }})
		l.until("it was taken over", func() bool { return len(second.works()) == 1 })
		before, after := first.works()[0].job, second.works()[0].job
		if before.Review != after.Review || before.Generation != after.Generation || after.Attempt != 2 || before.ID == after.ID {
			l.Errorf("%+v\n%+v", before, after)
		}
		close(wake)
		if err := <-late; !errors.Is(err, ErrLost) {
			l.Error(err)
		}
		l.until("the first has returned", func() bool { return len(hangs.runs.snapshot()) == 0 })
		if err := hangs.Stop(l.Context()); err != nil { // which also writes what River knows
			l.Error(err)
		}
		close(release)
		l.idle(lives)
		if len(second.calls) != 1 || len(first.calls) != 1 || !l.progress(lives, pull(1, 1)).Done {
			l.Error(first.calls, second.calls)
		}
	})
}

// TestCutOff is a replica that cannot reach the database: it stops its jobs before others take them over.
func TestCutOff(t *testing.T) {
	replicas(t, func(l lab) {
		q := l.open()
		causes := make(chan error, 10)
		w := l.start(q, &recorder{work: func(ctx context.Context, job Job) error {
			cause := blocked(ctx, job)
			causes <- cause
			return cause
		}})
		l.accept(q, "1", review(1, "a"))
		l.until("it runs", func() bool { return len(w.works()) == 1 })
		// Nothing can take the lock that the lease is renewed under.
		hold, err := q.database.store.(*postgresStore).pool.Begin(l.Context())
		if err != nil {
			l.Fatal(err)
		}
		defer func() { _ = hold.Rollback(context.Background()) }()
		if _, err := hold.Exec(l.Context(), `LOCK TABLE landwaiter_replica`); err != nil {
			l.Fatal(err)
		}
		if cause := <-causes; !errors.Is(cause, ErrLost) {
			l.Error(cause)
		}
		if err := hold.Rollback(l.Context()); err != nil {
			l.Fatal(err)
		}
		l.until("it runs again", func() bool { return len(w.works()) == 2 })
		if got := w.works()[1].job.Attempt; got != 1 {
			l.Error("an outage of the database was counted as attempt", got)
		}
	})
}

// TestConnectionsLost is a restart of the server under running jobs.
func TestConnectionsLost(t *testing.T) {
	replicas(t, func(l lab) {
		q := l.open()
		release := make(chan struct{})
		w := l.start(q, &recorder{work: func(context.Context, Job) error { <-release; return nil }})
		l.accept(q, "1", review(1, "a"))
		l.until("it runs", func() bool { return len(w.works()) == 1 })
		name, _, _ := strings.Cut(q.database.name, " ")
		if err := postgres.execute(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '` + name + `'`); err != nil {
			l.Fatal(err)
		}
		close(release)
		l.until("deliveries are accepted again", func() bool {
			_, err := q.Accept(l.Context(), "2", "pull_request", []event.Task{review(2, "a")})
			return err == nil
		})
		l.until("both are done", func() bool { return l.progress(q, pull(1, 1)).Done && l.progress(q, pull(1, 2)).Done })
		l.idle(q)
	})
}

// TestOrphan is a row that River fetched for a process that never learned of it.
func TestOrphan(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open(func(c *Config) { c.pace.orphan = 500 * time.Millisecond })
		w := l.start(q, &recorder{})
		if err := q.within(l.Context(), func(s session) error {
			b := newBatch(s, 1)
			if _, err := b.delivery(l.Context(), &acceptance{delivery: "1", tasks: []event.Task{review(1, "a")}}); err != nil {
				return err
			}
			if err := b.insert(l.Context()); err != nil {
				return err
			}
			owner := `jsonb_array('` + q.id + `')`
			if q.database.shared {
				owner = `ARRAY['` + q.id + `']`
			}
			_, err := s.exec(l.Context(), `UPDATE river_job SET state = 'running', attempt = 1, attempted_by = `+owner)
			return err
		}); err != nil {
			l.Fatal(err)
		}
		l.idle(q)
		if got := fmt.Sprint(w.calls); got != "[review acme/infra#1 a]" {
			l.Error(got)
		}
	})
}
