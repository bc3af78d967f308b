package queue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
)

// TestKept is what must outlive the process: acknowledgements, facts, the App.
func TestKept(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open()
		began := time.Now().Add(-time.Minute)
		must := func(err error) {
			l.Helper()
			if err != nil {
				l.Fatal(err)
			}
		}
		ctx := l.Context()
		must(q.Acknowledge(ctx, pull(1, 1), Acknowledgement{Fingerprint: "f1", By: "ann", Reason: "meant"}))
		must(q.Acknowledge(ctx, pull(1, 1), Acknowledgement{Fingerprint: "f2", By: "ann", Reason: "too"}))
		must(q.Acknowledge(ctx, pull(1, 1), Acknowledgement{Fingerprint: "f1", By: "bob", Reason: "better\x00 said"}))
		must(q.Acknowledge(ctx, pull(1, 2), Acknowledgement{Fingerprint: "f1", By: "eve", Reason: "elsewhere"}))
		must(q.SetFact(ctx, 1, "swept", "1"))
		must(q.SetFact(ctx, 1, "swept", "2"))
		if app, err := q.App(ctx); err != nil || app != "" {
			l.Errorf("an App before there is one: %q, %v", app, err)
		}
		must(q.SaveApp(ctx, "secret"))
		if err := q.SaveApp(ctx, "another"); !errors.Is(err, ErrConfigured) {
			l.Error("a second App:", err)
		}
		halt(q)

		q = l.open()
		kept, err := q.Acknowledgements(ctx, pull(1, 1))
		must(err)
		slices.SortFunc(kept, func(a, b Acknowledgement) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
		for i, want := range []Acknowledgement{{Fingerprint: "f1", By: "bob", Reason: "better\uFFFD said"}, {Fingerprint: "f2", By: "ann", Reason: "too"}} {
			if kept[i].At.Before(began) || kept[i].At.After(time.Now().Add(time.Minute)) {
				l.Error("given at", kept[i].At)
			}
			if kept[i].At = (time.Time{}); kept[i] != want {
				l.Errorf("%+v", kept[i])
			}
		}
		if len(kept) != 2 {
			l.Error(kept)
		}
		if value, at, err := q.Fact(ctx, 1, "swept"); err != nil || value != "2" || at.Before(began) {
			l.Error(value, at, err)
		}
		if value, at, err := q.Fact(ctx, 2, "swept"); err != nil || value != "" || !at.IsZero() {
			l.Error(value, at, err)
		}
		if app, err := q.App(ctx); err != nil || app != "secret" {
			l.Errorf("%q, %v", app, err)
		}
	})
}

// TestForget deletes a repository, then all of an installation, and leaves the others alone.
func TestForget(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open(func(c *Config) { c.pace.beat, c.pace.lease = time.Hour, time.Hour })
		other := func(installation, repository int64, number int) event.Task {
			task := review(number, "a")
			task.Subject.Repository.Installation, task.Subject.Repository.ID = installation, repository
			return task
		}
		w := &recorder{}
		w.work = func(ctx context.Context, job Job) error {
			if job.Kind == event.Forget {
				return nil
			}
			return blocked(ctx, job)
		}
		var tasks []event.Task
		for _, of := range [][2]int64{{1, 10}, {1, 11}, {2, 10}} {
			task := other(of[0], of[1], 1)
			tasks = append(tasks, task)
			if err := q.Acknowledge(l.Context(), task.Subject, Acknowledgement{Fingerprint: "f"}); err != nil {
				l.Fatal(err)
			}
			if err := q.SetFact(l.Context(), of[0], "f", "v"); err != nil {
				l.Fatal(err)
			}
		}
		l.accept(q, "1", tasks...)
		l.start(q, w)
		l.until("all run", func() bool { return len(w.works()) == 3 })
		l.accept(q, "2", other(1, 10, 2), other(1, 11, 2)) // the first runs in the last slot, the other waits
		l.until("all slots are taken", func() bool { return len(w.works()) == 4 })

		left := func() string {
			return fmt.Sprint(l.count(q, `SELECT count(*) FROM landwaiter_subject`), l.count(q, `SELECT count(*) FROM landwaiter_acknowledgement`),
				l.count(q, `SELECT count(*) FROM landwaiter_fact`), l.count(q, `SELECT count(*) FROM river_job WHERE args->>'installation' IS NOT NULL`))
		}
		forgetting := event.Task{Kind: event.Forget, Subject: event.Subject{Repository: event.Repository{Installation: 1}}, Repositories: []int64{11}}
		if err := q.Forget(l.Context(), 1, []int64{11, 99}); err != nil {
			l.Fatal(err)
		}
		if got := left(); got != "3 2 2 3" {
			l.Error("after a repository was forgotten:", got)
		}
		forgetting.Repositories = nil
		l.accept(q, "3", forgetting)
		l.until("the installation is forgotten", func() bool { return left() == "1 1 1 2" && len(q.runs.snapshot()) == 1 })
		if ends := w.ends(); len(ends) != 0 {
			l.Error("the end of a forgotten job was told:", ends)
		}
		if run := q.runs.snapshot()[0]; run.job.Subject.Repository.Installation != 2 || run.context().Err() != nil {
			l.Errorf("%+v", run.job)
		}
	})
}

// TestClean deletes what is too old, and nothing else.
func TestClean(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open()
		group := review(0, "g")
		group.Subject.Ref = "gh-readonly-queue/main/pr-1"
		tasks := []event.Task{review(1, "done"), review(2, "open"), group}
		l.accept(q, "old", tasks...)
		if err := q.Acknowledge(l.Context(), pull(1, 1), Acknowledgement{Fingerprint: "f"}); err != nil {
			l.Fatal(err)
		}
		age := func(table, column, where string, by time.Duration) {
			l.Helper()
			if err := q.exec(l.Context(), `UPDATE landwaiter_`+table+` SET `+column+` = `+column+` - $1 WHERE `+where, by.Milliseconds()); err != nil {
				l.Fatal(err)
			}
		}
		exec := func(statement string) {
			l.Helper()
			if err := q.exec(l.Context(), statement); err != nil {
				l.Fatal(err)
			}
		}
		expect := func(deliveries, failures, subjects, acknowledgements int) {
			l.Helper()
			if err := q.clean(l.Context()); err != nil {
				l.Fatal(err)
			}
			got := []int{l.count(q, `SELECT count(*) FROM landwaiter_delivery`), l.count(q, `SELECT count(*) FROM landwaiter_failure`),
				l.count(q, `SELECT count(*) FROM landwaiter_subject`), l.count(q, `SELECT count(*) FROM landwaiter_acknowledgement`)}
			if !slices.Equal(got, []int{deliveries, failures, subjects, acknowledgements}) {
				l.Error(got)
			}
		}
		exec(`UPDATE landwaiter_subject SET state = 'done' WHERE head <> 'open'`)
		exec(`INSERT INTO landwaiter_failure (delivery, task) VALUES ('old', 0)`)
		const day = 24 * time.Hour
		age("delivery", "received", "true", 9*day)
		age("subject", "changed", "true", 9*day)
		age("acknowledgement", "given", "true", 9*day)
		expect(1, 1, 3, 1)
		age("delivery", "received", "true", 2*day)
		age("subject", "changed", "true", 2*day)
		age("acknowledgement", "given", "true", 2*day)
		expect(0, 0, 2, 1) // the merge group went, the pull request holds its acknowledgement
		age("subject", "changed", "true", 170*day)
		expect(0, 0, 1, 0) // what is open stays
	})
}

// TestSQLiteIsOurs: one process, one user.
func TestSQLiteIsOurs(t *testing.T) {
	t.Parallel()
	l := lab{t, "sqlite:" + t.TempDir() + "/private/q.db"}
	q := l.open()
	path := strings.TrimPrefix(l.url, "sqlite:")
	for _, name := range []string{path, path + "-wal", path + ".lock"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(name, info.Mode(), err)
		}
	}
	_, err := Open(t.Context(), Config{Database: l.url})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by another process (%s.lock is locked, by process %d)", path, os.Getpid())) {
		t.Error(err)
	}
	halt(q)
	l.open()
}

// TestOpenErrors: what is wrong with a database is said, its password is not.
func TestOpenErrors(t *testing.T) {
	t.Parallel()
	garbage := t.TempDir() + "/garbage.db"
	if err := os.WriteFile(garbage, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"":                   `must be "sqlite:PATH" or "postgres://`,
		"sqlite:":            "without a path",
		"mysql://u:hunter2@": `must be "sqlite:PATH" or "postgres://`,
		"sqlite:" + garbage:  "damaged or no database",
		"sqlite:/dev/null/q": "not a directory",
		"postgres://u:hunter2@127.0.0.1:1/d?connect_timeout=2":  "connection refused",
		"postgres://u:hunter2@127.0.0.1:99999999/d?sslmode=odd": "cannot parse",
	} {
		_, err := Open(t.Context(), Config{Database: url})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestNewer: tables that a newer program has changed are left alone.
func TestNewer(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open()
		if err := q.exec(l.Context(), `INSERT INTO landwaiter_schema (version) VALUES (1000)`); err != nil {
			l.Fatal(err)
		}
		halt(q)
		if _, err := Open(l.Context(), Config{Database: l.url}); err == nil || !strings.Contains(err.Error(), "run the newer program") {
			l.Error(err)
		}
	})
}

// TestWritable: a database that cannot be written says so, and well again when it can.
func TestWritable(t *testing.T) {
	conform(t, func(l lab) {
		q := l.open()
		well := func() {
			l.Helper()
			if err := errors.Join(q.Ping(l.Context()), q.Writable(l.Context())); err != nil {
				l.Error(err)
			}
		}
		ill := func(want string) {
			l.Helper()
			if err := q.Writable(l.Context()); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), q.database.name) {
				l.Error(err)
			}
			if _, err := q.Accept(l.Context(), "1", "push", []event.Task{review(1, strings.Repeat("long ", 100000))}); err == nil || !strings.Contains(err.Error(), want) {
				l.Errorf("%.300v", err)
			}
			if err := q.Ping(l.Context()); err != nil {
				l.Error(err)
			}
		}
		well()
		if q.database.shared {
			name, _, _ := strings.Cut(q.database.name, " ")
			halt(q)
			if err := postgres.execute("ALTER DATABASE " + name + " SET default_transaction_read_only = on"); err != nil {
				l.Fatal(err)
			}
			if _, err := Open(l.Context(), Config{Database: l.url}); err == nil || !strings.Contains(err.Error(), "it is read-only: connect to the primary") {
				l.Error(err)
			}
			return
		}
		db := q.database.store.(*sqliteStore).db
		set := func(pragma string) {
			l.Helper()
			if _, err := db.Exec("PRAGMA " + pragma); err != nil {
				l.Fatal(err)
			}
		}
		set("query_only = 1")
		ill("cannot be written")
		set("query_only = 0")
		well()
		if err := q.exec(l.Context(), `DELETE FROM landwaiter_fact`); err != nil {
			l.Fatal(err)
		}
		set("max_page_count = 1") // never less than there are
		if _, err := q.Accept(l.Context(), "1", "push", []event.Task{review(1, strings.Repeat("long ", 100000))}); err == nil || !strings.Contains(err.Error(), "the disk is full: free some space") {
			l.Errorf("%.300v", err)
		}
		set("max_page_count = 1000000")
		well()
		l.accept(q, "1", review(1, "a"))
	})
}
