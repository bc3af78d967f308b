package queue

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/landwaiter/landwaiter/internal/event"
)

// TestJournal: what Accept stored is in the files as they lie there, without the process that has them open, with the
// room that the log was given and after it was moved into the database.
func TestJournal(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "q.db")
	q, err := Open(t.Context(), Config{Database: "sqlite:" + path, Workers: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() < journalRoom {
		t.Fatalf("no room was made: %v, %v", info, err)
	}
	store := q.database.store.(*sqliteStore)
	for i := range 3 {
		if _, err := q.Accept(t.Context(), fmt.Sprint(i), "pull_request", []event.Task{review(i+1, "head")}); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			if err := store.journal.move(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := deliveriesIn(t, copied(t, path)); n != i+1 {
			t.Errorf("%d deliveries of %d are in the files", n, i+1)
		}
	}
}

// copied is the database as it would be found if its process ended now.
func copied(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func deliveriesIn(t *testing.T, path string) (n int) {
	t.Helper()
	db, err := connectSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM landwaiter_delivery`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// sqliteAt is the store of a database at a path, until the test ends.
func sqliteAt(t *testing.T, path string) *sqliteStore {
	t.Helper()
	opened, err := openSQLite(t.Context(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.close() })
	return opened.store.(*sqliteStore)
}

// TestSync: a transaction that wrote is synced before it counts as done, and one that read need not be.
func TestSync(t *testing.T) {
	store := sqliteAt(t, filepath.Join(t.TempDir(), "q.db"))
	store.journal.path = t.TempDir() // opened for writing, a directory is an error
	read := store.within(t.Context(), func(s session) error {
		return s.query(t.Context(), `SELECT 1`, func(scanner) error { return nil })
	})
	written := store.within(t.Context(), func(s session) error {
		_, err := s.exec(t.Context(), `DELETE FROM landwaiter_failure`)
		return err
	})
	if read != nil || written == nil {
		t.Errorf("read: %v; written: %v", read, written)
	}
}

// TestSyncAgain: when a sync failed, what was committed is on the disk only after SQLite has written it once more; until
// then nothing counts as done, though the system would say so.
func TestSyncAgain(t *testing.T) {
	store := sqliteAt(t, filepath.Join(t.TempDir(), "q.db"))
	write := func() error {
		return store.within(t.Context(), func(s session) error {
			_, err := s.exec(t.Context(), `INSERT INTO landwaiter_delivery (id, event, received) VALUES ('a' || random(), 'ping', 1)`)
			return err
		})
	}
	log := store.journal.path
	store.journal.path = t.TempDir()
	if write() == nil {
		t.Fatal("a failed sync is no error")
	}
	store.journal.path = log
	if err := write(); err != nil || store.journal.unsure.Load() {
		t.Fatalf("written again: %v, unsure %v", err, store.journal.unsure.Load())
	}
	if info, err := os.Stat(log); err != nil || info.Size() != 0 {
		t.Errorf("the log was not written into the database: %v, %v", info, err)
	}
	if err := write(); err != nil {
		t.Error(err)
	}
}

// TestLinkedDatabase: SQLite keeps the log of a database that is reached by a link where the database really is.
func TestLinkedDatabase(t *testing.T) {
	elsewhere, link := t.TempDir(), filepath.Join(t.TempDir(), "q.db")
	if err := os.Symlink(filepath.Join(elsewhere, "real.db"), link); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(sqliteAt(t, link).journal.path); err != nil {
		t.Errorf("the log is synced where it is not: %v", err)
	}
}
