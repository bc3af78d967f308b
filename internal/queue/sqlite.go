package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite" // the driver called sqlite
)

var sqliteDialect = dialect{strings.NewReplacer(
	"{now}", "datetime('now', 'subsec')",
	"{millis}", "CAST(unixepoch('subsec') * 1000 AS integer)",
	"{owner}", "(attempted_by->>'$[#-1]')",
	"{age}", "(unixepoch('subsec') - unixepoch(min(scheduled_at), 'subsec'))",
	"{empty}", "jsonb('{}')",
	"{lock}", "SELECT 1", // there is one connection, and one process
)}

// sqliteStore is a database in a file, of this process alone: the lock beside it is held as long as it is open. River
// wants one connection, which suits a file that takes one writer at a time anyway.
type sqliteStore struct {
	path    string
	db      *sql.DB
	journal journal
	lock    *os.File
	client  *river.Client[*sql.Tx]
}

// openSQLite opens or makes the database. The file can be read by its owner only, for it may hold the App's private key.
// Every commit of ours is synced to the disk: a delivery that was answered with 202 must survive the loss of power.
func openSQLite(ctx context.Context, path string, log *slog.Logger) (database, error) {
	opened := database{name: path}
	if path == "" {
		return opened, errors.New("sqlite: without a path")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return opened, err
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return opened, err
	}
	s := &sqliteStore{path: path, lock: lock}
	opened.store, opened.room, opened.close = s, s.room, s.close
	if err := s.start(ctx, log); err != nil {
		s.close()
		return opened, err
	}
	return opened, nil
}

func (s *sqliteStore) start(ctx context.Context, log *slog.Logger) error {
	file, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Chmod(0o600), file.Close()); err != nil {
		return err
	}
	absolute, err := filepath.EvalSymlinks(s.path) // SQLite keeps its log beside what a link leads to
	if err != nil {
		return err
	}
	if absolute, err = filepath.Abs(absolute); err != nil {
		return err
	}
	if s.db, err = connectSQLite(absolute); err != nil {
		return err
	}
	migrator, err := rivermigrate.New(riversqlite.New(s.db), &rivermigrate.Config{Logger: slog.New(quiet{log.Handler()})})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	s.journal.path = absolute + "-wal"
	if s.journal.db, err = connectSQLite(absolute); err != nil {
		return err
	}
	err = s.within(ctx, func(session session) error {
		if err := migrate(ctx, session); err != nil {
			return err
		}
		// A process that was killed still leads River's housekeeping for a while, which would keep retries waiting.
		_, err := session.exec(ctx, `DELETE FROM river_leader`)
		return err
	})
	if err != nil {
		return err
	}
	s.journal.makeRoom()
	s.journal.begin(log)
	return nil
}

// connectSQLite prepares the one connection of its kind to a database.
func connectSQLite(path string) (*sql.DB, error) {
	pragmas := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", fmt.Sprintf("wal_autocheckpoint(%d)", journalPages)}}
	dsn := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: pragmas.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// enoughRoom is what must be left on the disk for the queue to call itself well, in bytes.
const enoughRoom = 16 << 20

func (s *sqliteStore) room() error {
	free, known := freeSpace(filepath.Dir(s.path))
	if known && free < enoughRoom {
		return fmt.Errorf("%d MiB are left on the disk of the database %s, %d are needed: free some space", free>>20, s.path, enoughRoom>>20)
	}
	return nil
}

func (s *sqliteStore) attach(config *river.Config) (engine, error) {
	client, err := river.NewClient(riversqlite.New(s.db), config)
	s.client = client
	return client, err
}

// close frees the lock last, when what was cut short has let go of the file too.
func (s *sqliteStore) close() {
	s.journal.close()
	if s.db != nil {
		_ = s.db.Close()
		for range 500 {
			if s.db.Stats().OpenConnections == 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	_ = s.lock.Close()
}

func (s *sqliteStore) within(ctx context.Context, do func(session) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	session := &sqliteSession{tx: tx, client: s.client}
	if err := do(session); err != nil {
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil || !session.wrote {
		return err
	}
	return s.journal.sync()
}

type sqliteSession struct {
	tx     *sql.Tx
	client *river.Client[*sql.Tx]
	wrote  bool
}

func (s *sqliteSession) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	s.wrote = true
	result, err := s.tx.ExecContext(ctx, sqliteDialect.text(statement), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s *sqliteSession) query(ctx context.Context, statement string, each func(scanner) error, args ...any) (err error) {
	rows, err := s.tx.QueryContext(ctx, sqliteDialect.text(statement), args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *sqliteSession) insert(ctx context.Context, jobs []river.InsertManyParams) error {
	s.wrote = true
	_, err := s.client.InsertManyTx(ctx, s.tx, jobs)
	return err
}
