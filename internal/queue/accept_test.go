package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/landwaiter/landwaiter/internal/event"
)

// TestNewest says for which deliveries a review is done again. No worker runs: generations show it.
func TestNewest(t *testing.T) {
	again := func(task event.Task) event.Task { task.Again = true; return task }
	draft := func(task event.Task) event.Task { task.Draft = true; return task }
	based := func(task event.Task) event.Task { task.BaseRef = "release"; return task }
	gone := event.Task{Kind: event.Cancel, Subject: pull(1, 1), Head: "b"}
	type step struct {
		delivery   string
		task       event.Task
		stored     bool
		generation int64
	}
	conform(t, func(l lab) {
		q := l.open()
		for i, s := range []step{
			{"1", review(1, "a"), true, 1},
			{"1", review(1, "a"), false, 1},        // redelivered
			{"2", review(1, "a"), true, 1},         // said twice
			{"3", review(1, "b"), true, 2},         // pushed
			{"1", review(1, "a"), false, 2},        // an old one redelivered does not bring its head back
			{"4", again(review(1, "b")), true, 3},  // asked for
			{"4", again(review(1, "b")), false, 3}, // but once
			{"5", draft(review(1, "b")), true, 4},  // a draft says less
			{"6", based(review(1, "b")), true, 5},  // goes elsewhere
			{"7", gone, true, 6},                   // closed
			{"8", gone, true, 6},                   // said twice
			{"9", review(1, "b"), true, 7},         // reopened
			{"10", review(1, "a"), true, 8},        // pushed back by force
		} {
			if stored := l.accept(q, s.delivery, s.task); stored != s.stored {
				l.Errorf("step %d: stored %v", i, stored)
			}
			if got := l.progress(q, pull(1, 1)); got.Generation != s.generation {
				l.Errorf("step %d: generation %d, want %d", i, got.Generation, s.generation)
			}
		}
		if n := l.count(q, `SELECT count(*) FROM river_job WHERE `+unfinished); n != 1 {
			l.Errorf("%d jobs wait for one subject", n)
		}
		w := l.start(q, &recorder{})
		l.idle(q)
		if got := fmt.Sprint(w.calls); got != "[review acme/infra#1 a]" {
			l.Error("called", got)
		}
		if p := l.progress(q, pull(1, 1)); !p.Done || p.Failed || p.Head != "a" || p.Base != "base" || p.Kind != event.Review || p.Changed.IsZero() {
			l.Errorf("%+v", p)
		}
	})
}

// TestKinds: what a subject has several of, and what only its newest counts of.
func TestKinds(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open()
		warm := func(head string) event.Task {
			return event.Task{Kind: event.Warm, Subject: event.Subject{Repository: pull(1, 1).Repository}, Head: head, BaseRef: "main"}
		}
		gone := event.Task{Kind: event.Cancel, Subject: pull(1, 1)}
		whose := func(head string) event.Task {
			return event.Task{Kind: event.Review, Subject: event.Subject{Repository: pull(1, 1).Repository}, Head: head}
		}
		l.accept(q, "1", warm("a"), review(1, "a"), command(1, "one"), whose("c"))
		l.accept(q, "2", warm("b"), command(1, "two"), gone, whose("d"))
		w := l.start(q, &recorder{})
		l.idle(q)
		var got []string
		for _, c := range w.calls {
			got = append(got, c.String())
		}
		slices.Sort(got)
		if want := "cancel acme/infra#1 |command acme/infra#1 one|command acme/infra#1 two|review acme/infra@ c|review acme/infra@ d|warm acme/infra@ b"; strings.Join(got, "|") != want {
			l.Error(got)
		}
	})
}

// TestTasks is a delivery that asks for several things, of which some fail for good: a redelivery does those again.
func TestTasks(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open(func(c *Config) { c.Attempts = 1 })
		broken := true
		w := l.start(q, &recorder{work: func(_ context.Context, job Job) error {
			if broken && (job.Text == "bad" || job.Subject.Number == 2) {
				return errors.New("no")
			}
			return nil
		}})
		tasks := []event.Task{command(1, "good"), command(1, "bad"), review(1, "a"), review(2, "b")}
		l.accept(q, "many", tasks...)
		l.accept(q, "other", review(2, "b")) // the same as another delivery's
		l.idle(q)
		if p := l.progress(q, pull(1, 2)); !p.Failed || p.Done {
			l.Errorf("%+v", p)
		}
		broken = false
		w.calls = nil
		if !l.accept(q, "many", tasks...) {
			l.Error("nothing was done again")
		}
		l.idle(q)
		got := fmt.Sprint(w.calls)
		if len(w.calls) != 2 || !strings.Contains(got, "command acme/infra#1 bad") || !strings.Contains(got, "review acme/infra#2 b") {
			l.Error("again:", got)
		}
		if l.accept(q, "many", tasks...) || l.accept(q, "other", review(2, "b")) {
			l.Error("done again though nothing failed")
		}
	})
}

// TestSameReviewFailed is a review that two deliveries asked for: a redelivery of either does it again once it failed.
func TestSameReviewFailed(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open(func(c *Config) { c.Attempts = 1 })
		w := l.start(q, &recorder{work: func(context.Context, Job) error { return errors.New("no") }})
		l.accept(q, "first", review(1, "a"))
		l.accept(q, "second", review(1, "a"))
		l.idle(q)
		for _, delivery := range []string{"second", "first", "third"} {
			before := len(w.works())
			if !l.accept(q, delivery, review(1, "a")) {
				l.Error(delivery, "did nothing")
			}
			l.idle(q)
			if len(w.works()) != before+1 {
				l.Error(delivery, "did not do it again:", w.calls)
			}
		}
		seen := make(map[string]bool)
		for _, c := range w.works() {
			if seen[c.job.Review] || c.job.Review == "" {
				l.Error("reviews of different generations have the same name", c.job.Review)
			}
			seen[c.job.Review] = true
		}
	})
}

// TestAcceptTogether sends the same deliveries many times at once, so that several meet in one transaction.
func TestAcceptTogether(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open()
		const subjects, pushes, copies = 5, 6, 3
		var all sync.WaitGroup
		var mu sync.Mutex
		stored := make(map[string]int)
		for i := range subjects * pushes * copies {
			all.Go(func() {
				subject, push := i%subjects, i/subjects%pushes
				delivery := fmt.Sprint(subject, " ", push)
				new, err := q.Accept(l.Context(), delivery, "pull_request", []event.Task{review(subject+1, fmt.Sprint("head", push))})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					l.Error(err)
				} else if new {
					stored[delivery]++
				}
			})
		}
		all.Wait()
		for delivery, n := range stored {
			if n != 1 {
				l.Errorf("delivery %s was new %d times", delivery, n)
			}
		}
		if len(stored) != subjects*pushes {
			l.Error(len(stored), "deliveries were stored")
		}
		if n := l.count(q, `SELECT count(*) FROM river_job WHERE `+unfinished); n != subjects {
			l.Errorf("%d jobs wait for %d subjects", n, subjects)
		}
		w := l.start(q, &recorder{})
		l.idle(q)
		if len(w.works()) != subjects {
			l.Error(w.works())
		}
		for _, c := range w.works() {
			if p := l.progress(q, c.job.Subject); !p.Done || p.Generation != pushes || p.Head != c.job.Head {
				l.Errorf("%s: %+v", c, p)
			}
		}
	})
}

// TestAcceptRefused: what cannot be stored is an error, and hurts nothing that arrives with it.
func TestAcceptRefused(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open()
		for _, id := range []string{"", strings.Repeat("x", 201)} {
			if _, err := q.Accept(l.Context(), id, "push", nil); err == nil {
				l.Errorf("%q was accepted", id)
			}
		}
		over, cancel := context.WithCancel(l.Context())
		cancel()
		if _, err := q.Accept(over, "late", "push", []event.Task{review(1, "a")}); !errors.Is(err, context.Canceled) {
			l.Error(err)
		}
		// What people write may hold anything.
		hostile := command(1, "a\x00b\xffc")
		hostile.Subject.Ref, hostile.BaseRef = "\x00", "\xff\x00"
		l.accept(q, "ev\x00il", hostile)
		w := l.start(q, &recorder{})
		l.idle(q)
		if got := w.works(); len(got) != 1 || got[0].job.Text != "a\uFFFDb\uFFFDc" {
			l.Error(got)
		}
		halt(q)
		if _, err := q.Accept(l.Context(), "closed", "push", nil); !errors.Is(err, ErrClosed) {
			l.Error(err)
		}
	})
}

// TestFairness: behind a flood of one installation, the few of another are next.
func TestFairness(t *testing.T) {
	conform(t, func(l lab) {
		const workers, flood = 2, 500
		q := l.open(func(c *Config) { c.Workers = workers })
		release := make(chan struct{})
		w := l.start(q, &recorder{work: func(ctx context.Context, job Job) error {
			if job.Subject.Repository.Installation == 1 {
				select {
				case <-release:
				case <-ctx.Done():
				}
			}
			return nil
		}})
		var tasks []event.Task
		for i := range flood {
			tasks = append(tasks, review(i+1, "a"))
		}
		l.accept(q, "flood", tasks...)
		l.until("the flood holds all workers", func() bool { return len(w.works()) == workers })
		for i := range 5 {
			one := review(i+1, "b")
			one.Subject = pull(2, i+1)
			l.accept(q, fmt.Sprint("one", i), one)
		}
		close(release)
		of := func(c call) int64 { return c.job.Subject.Repository.Installation }
		l.until("the few have run", func() bool {
			return len(w.those(func(c call) bool { return of(c) == 2 })) == 5
		})
		order := w.works()
		for i := range 5 {
			at := slices.IndexFunc(order, func(c call) bool { return c.job.Subject == pull(2, i+1) })
			// Those that run, those of the flood that are first themselves, and one fetch of each worker in between.
			if at > workers+16*workers+5 {
				l.Errorf("the %d. job of the other installation was number %d", i+1, at+1)
			}
		}
		if at := slices.IndexFunc(order, func(c call) bool { return c.job.Subject == pull(2, 1) }); at > 3*workers {
			l.Errorf("the first job of the other installation was number %d", at+1)
		}
	})
}
