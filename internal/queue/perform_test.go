package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/landwaiter/landwaiter/internal/event"
)

// TestSuperseded: what runs is stopped with its cause and ends its check run, what never began just goes. All that
// without a look at the database now and then.
func TestSuperseded(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open(func(c *Config) { c.pace.beat, c.pace.lease = time.Hour, time.Hour })
		w := l.start(q, &recorder{work: func(ctx context.Context, job Job) error {
			if job.Head == "last" {
				return nil
			}
			if err := q.Current(ctx, job); err != nil {
				return fmt.Errorf("not even begun: %w", err)
			}
			if err := blocked(ctx, job); !errors.Is(err, ErrSuperseded) && job.Kind == event.Review {
				t.Error("cancelled because", err)
			}
			return errors.New("whatever")
		}})
		l.accept(q, "1", review(1, "first"))
		l.until("the first runs", func() bool { return len(w.works()) == 1 })
		l.accept(q, "2", review(1, "last"))
		l.idle(q)
		ends := w.ends()
		if len(ends) != 1 || ends[0].job.Head != "first" || !errors.Is(ends[0].err, ErrSuperseded) || ends[0].job.Review != w.works()[0].job.Review {
			l.Error("ended:", ends)
		}
		if p := l.progress(q, pull(1, 1)); !p.Done || p.Head != "last" {
			l.Errorf("%+v", p)
		}
		// A closed pull request ends its review too, but not a command on it.
		l.accept(q, "3", review(1, "more"), command(1, "wait"))
		l.until("both run", func() bool { return len(w.works()) == 4 })
		l.accept(q, "4", event.Task{Kind: event.Cancel, Subject: pull(1, 1), Head: "last"})
		l.until("the review ended", func() bool { return len(w.ends()) == 2 })
		l.until("the cancellation is done", func() bool { return l.progress(q, pull(1, 1)).Done })
		l.until("the cancellation is over", func() bool { return len(q.runs.snapshot()) <= 1 })
		if left := q.runs.snapshot(); len(left) != 1 || left[0].job.Kind != event.Command || left[0].context().Err() != nil {
			l.Error("the command must still run", left)
		}
	})
}

// TestSupersededWaiting: a job that began and waits for its next attempt ends its check run when something newer comes.
func TestSupersededWaiting(t *testing.T) {
	for name, wait := range map[string]error{"retry": errors.New("later"), "snooze": &SnoozeError{After: time.Hour, Err: errors.New("limit")}} {
		t.Run(name, func(t *testing.T) {
			conform(t, func(l lab) {
				q := l.open(func(c *Config) { c.Retry = time.Minute })
				w := l.start(q, &recorder{work: func(_ context.Context, job Job) error {
					if job.Head == "old" {
						return wait
					}
					return nil
				}})
				l.accept(q, "1", review(1, "old"))
				l.until("the job waits", func() bool {
					status, err := q.Status(l.Context())
					return err == nil && status.Waiting == 1
				})
				l.accept(q, "2", review(1, "new"))
				l.idle(q)
				if got := fmt.Sprint(w.ends()); got != "[review acme/infra#1 old: "+ErrSuperseded.Error()+"]" {
					l.Error("ended:", got)
				}
				if len(w.works()) != 2 {
					l.Error(w.works())
				}
			})
		})
	}
}

// TestEndIsTold: that something newer came does not cut short the telling of an end.
func TestEndIsTold(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open(func(c *Config) { c.Attempts = 1 })
		telling, accepted := make(chan bool), make(chan bool)
		l.start(q, &recorder{
			work: func(_ context.Context, job Job) error {
				if job.Head == "old" {
					return errors.New("no")
				}
				return nil
			},
			failed: func(ctx context.Context, _ Job, _ error) error {
				telling <- true
				<-accepted
				select {
				case <-ctx.Done():
					l.Error("cut short:", context.Cause(ctx))
				case <-time.After(5 * quick.beat):
				}
				return nil
			},
		})
		l.accept(q, "1", review(1, "old"))
		<-telling
		l.accept(q, "2", review(1, "new"))
		accepted <- true
		l.idle(q)
		if p := l.progress(q, pull(1, 1)); !p.Done || p.Head != "new" {
			l.Errorf("%+v", p)
		}
	})
}

// TestAttempts: errors are tried again, with one name for the review, until attempts are used up; the end is told until
// that works.
func TestAttempts(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open()
		var refused atomic.Int32
		w := l.start(q, &recorder{
			work: func(_ context.Context, job Job) error {
				if job.Text == "panics" {
					panic("at the disco")
				}
				return fmt.Errorf("attempt %d of %v", job.Attempt, job.Last)
			},
			failed: func(_ context.Context, job Job, err error) error {
				if !job.Last {
					return errors.New("it was not the last attempt")
				}
				if refused.Add(1)%4 != 0 {
					panic("GitHub is down")
				}
				return nil
			},
		})
		l.accept(q, "1", review(1, "a"))
		l.idle(q)
		var names []string
		for i, c := range w.works() {
			names = append(names, c.job.Review)
			if c.job.Resumed != (i > 0) || c.job.Attempt != i+1 || c.job.Last != (i == 2) || c.job.Generation != 1 || c.job.Delivery != "1" || c.job.ID == 0 {
				l.Errorf("%+v", c.job)
			}
		}
		if len(names) != 3 || names[0] == "" || names[0] != names[2] {
			l.Error(names)
		}
		ends := w.ends()
		if len(ends) != 4 || ends[0].err.Error() != "attempt 3 of true" || ends[3].err.Error() != "attempt 3 of true" {
			l.Error(ends)
		}
		if p := l.progress(q, pull(1, 1)); !p.Failed {
			l.Errorf("%+v", p)
		}
		l.accept(q, "2", command(1, "panics"))
		l.idle(q)
		var panicked *PanicError
		end := w.ends()[4]
		if !errors.As(end.err, &panicked) || end.err.Error() != "panic: at the disco" || !strings.Contains(string(panicked.Stack), "TestAttempts") {
			l.Error(end)
		}
	})
}

// TestSnooze: being put off is no attempt.
func TestSnooze(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open(func(c *Config) { c.Attempts = 1 })
		w := &recorder{}
		w.work = func(_ context.Context, job Job) error {
			if len(w.works()) == 1 {
				return fmt.Errorf("limited: %w", &SnoozeError{After: time.Millisecond, Err: errors.New("403")})
			}
			return nil
		}
		l.start(q, w)
		l.accept(q, "1", review(1, "a"))
		l.idle(q)
		works := w.works()
		if len(works) != 2 || works[0].job.Attempt != 1 || works[1].job.Attempt != 1 || works[0].job.Resumed || !works[1].job.Resumed || len(w.ends()) != 0 {
			l.Error(w.calls)
		}
	})
}

// TestTimeout: an attempt has so much time, and its end is told after that.
func TestTimeout(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open(func(c *Config) { c.Timeout, c.Attempts = 100*time.Millisecond, 1 })
		w := l.start(q, &recorder{work: blocked, failed: func(ctx context.Context, _ Job, _ error) error { return ctx.Err() }})
		l.accept(q, "1", review(1, "a"))
		l.idle(q)
		if ends := w.ends(); len(ends) != 1 || !errors.Is(ends[0].err, context.DeadlineExceeded) {
			l.Error(ends)
		}
	})
}

// TestStop: jobs may end; those that do not are done again later, as the same attempt.
func TestStop(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open(func(c *Config) { c.Attempts = 1 })
		ending := make(chan struct{})
		w := l.start(q, &recorder{work: func(ctx context.Context, job Job) error {
			if job.Subject.Number == 1 {
				<-ending
				return nil
			}
			if err := blocked(ctx, job); !errors.Is(err, ErrStopping) {
				l.Error("cancelled because", err)
			}
			return errors.New("interrupted")
		}})
		l.accept(q, "1", review(1, "a"))
		l.accept(q, "2", review(2, "a"))
		l.until("both run", func() bool { return len(w.works()) == 2 })
		close(ending)
		l.until("one has ended", func() bool { return l.progress(q, pull(1, 1)).Done })
		short, cancel := context.WithTimeout(l.Context(), 50*time.Millisecond)
		defer cancel()
		if err := q.Stop(short); err != nil {
			l.Fatal(err)
		}
		l.accept(q, "3", review(3, "a"))
		if status, err := q.Status(l.Context()); err != nil || status.Queued != 2 || status.Running != 0 || status.Oldest <= 0 {
			l.Errorf("after the stop: %+v, %v", status, err)
		}
		q.Close()
		q = l.open(func(c *Config) { c.Attempts = 1 })
		w = l.start(q, &recorder{})
		l.idle(q)
		if len(w.works()) != 2 || w.works()[0].job.Attempt != 1 || len(w.ends()) != 0 {
			l.Error(w.calls)
		}
		for _, c := range w.works() {
			if c.job.Resumed != (c.job.Subject.Number == 2) {
				l.Errorf("%+v", c.job)
			}
		}
		if err := q.Stop(l.Context()); err != nil {
			l.Error(err)
		}
	})
}

// TestStopStuck is a worker that does not return: Stop says whose job it is and does not wait for ever.
func TestStopStuck(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open(func(c *Config) { c.pace.end = 100 * time.Millisecond })
		release := make(chan struct{})
		w := l.start(q, &recorder{work: func(context.Context, Job) error { <-release; return nil }})
		l.accept(q, "1", review(7, "a"))
		l.until("it runs", func() bool { return len(w.works()) == 1 })
		over, cancel := context.WithCancel(l.Context())
		cancel()
		if err := q.Stop(over); err == nil || !strings.Contains(err.Error(), "1 jobs did not end when they were told to, the first for acme/infra#7") {
			l.Error(err)
		}
		close(release)
	})
}

// TestCrash is a process that ended in the midst of its work: the next one does it again, and a job that ends its
// process each time is failed at last.
func TestCrash(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open()
		l.accept(q, "1", review(1, "a"))
		for attempt := 1; attempt <= 3; attempt++ {
			w := l.start(q, &recorder{work: blocked})
			l.until("the job runs", func() bool { return len(w.works()) == 1 })
			if got := w.works()[0].job.Attempt; got != attempt {
				l.Errorf("attempt %d is number %d", attempt, got)
			}
			crash(l, q)
			q = l.open()
		}
		w := l.start(q, &recorder{})
		l.idle(q)
		if got := w.ends(); len(w.calls) != 1 || len(got) != 1 || !errors.Is(got[0].err, ErrInterrupted) {
			l.Error(w.calls)
		}
	})
}

// crash leaves the database as a process does that is killed: its jobs are marked as running, by nobody.
func crash(l lab, q *Queue) {
	l.Helper()
	var id int64
	err := q.query(l.Context(), `SELECT id FROM river_job WHERE state = 'running'`, func(scan scanner) error { return scan(&id) })
	if err != nil {
		l.Fatal(err)
	}
	halt(q)
	q = l.open()
	defer halt(q)
	err = q.exec(l.Context(), `UPDATE river_job SET state = 'running', attempt = attempt + 1 WHERE id = $1`, id)
	if err != nil {
		l.Fatal(err)
	}
}

func TestBackoff(t *testing.T) {
	var sum time.Duration
	for attempt := 1; attempt < 8; attempt++ {
		low, high := backoff(5*time.Second, attempt, 0), backoff(5*time.Second, attempt, 1)
		if want := min(5*time.Second*time.Duration([]int{1, 3, 9, 27, 81, 243, 729}[attempt-1]), 20*time.Minute); low != want*8/10 || high != want*12/10 {
			t.Errorf("attempt %d: %s to %s", attempt, low, high)
		}
		sum += backoff(5*time.Second, attempt, 0.5)
	}
	if sum < 40*time.Minute || sum > 80*time.Minute {
		t.Error("8 attempts take", sum)
	}
	q := &Queue{config: Config{Retry: time.Second}}
	q.offset.Store(int64(-time.Hour)) // the database's clock is behind ours
	if at := (&performer{queue: q}).NextRetry(&river.Job[work]{JobRow: &rivertype.JobRow{Attempt: 1}}); at.After(time.Now()) {
		t.Error("by the database's clock that is in an hour:", at)
	}
	q.offset.Store(int64(time.Hour))
	var later *rivertype.JobSnoozeError
	if err := q.snooze(time.Minute); !errors.As(err, &later) || later.Duration != time.Hour+time.Minute {
		t.Error(err)
	}
	if got := backoff(5*time.Second, 300, 1); got != 24*time.Minute {
		t.Error(got)
	}
}
