package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	journalPages  = 4000             // of SQLite's log, at which a commit must move them into the database itself
	journalRoom   = 17 << 20         // bytes that so many take
	journalPace   = 2 * time.Second  // between the times that they are moved beside the work
	journalMoving = 30 * time.Second // that moving may take
	journalPiece  = 16 << 10         // the pieces in which room is made, in bytes
)

// journal is SQLite's write-ahead log (https://sqlite.org/wal.html), the file that has what was committed last. SQLite
// could sync it in each commit, while nobody else gets at the database; and there syncing means that the file system
// writes its own log too, of whatever anybody did, which takes a tenth of a second at times. So SQLite is told not to
// (synchronous=NORMAL, which keeps the database whole and the commits in order), and who needs a commit on the disk
// syncs the log's bytes after it. What only River wrote needs no sync: it is done again if it is lost.
type journal struct {
	path string // of the log
	db   *sql.DB
	stop context.CancelFunc
	done sync.WaitGroup
	// unsure is set when a sync failed. Linux tells of a failed write once, and then takes the bytes for written
	// (https://wiki.postgresql.org/wiki/Fsync_Errors): to sync them again would succeed and mean nothing.
	unsure atomic.Bool
}

// sync returns when all that was committed is on the disk.
func (j *journal) sync() error {
	if !j.unsure.Load() {
		if err := j.syncLog(); err != nil {
			j.unsure.Store(true)
			return err
		}
	}
	if !j.unsure.Load() { // nor has it become so meanwhile, by a sync beside this one
		return nil
	}
	if err := j.empty(); err != nil {
		return fmt.Errorf("writing what was committed to the disk again: %w", err)
	}
	j.unsure.Store(false)
	return nil
}

// syncLog syncs the log's bytes. A log that is not there was moved into the database, which SQLite syncs first. The log can
// be opened and closed at will: SQLite holds its locks on other files.
func (j *journal) syncLog() error {
	file, err := os.OpenFile(j.path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(syncData(file), file.Close())
}

// empty has SQLite write all that the log holds into the database, sync that, and begin the log anew.
func (j *journal) empty() error {
	limited, cancel := context.WithTimeout(context.Background(), journalMoving)
	defer cancel()
	var busy, pages, moved int
	if err := j.db.QueryRowContext(limited, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved); err != nil {
		return err
	}
	if busy != 0 {
		return errors.New("the database is busy")
	}
	return nil
}

// makeRoom lets the log have its size from the start: a sync is quick when the file does not grow. SQLite takes what
// lies behind its last commit for nothing. Nobody may write meanwhile. Without room it works too, if slower.
func (j *journal) makeRoom() {
	file, err := os.OpenFile(j.path, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer file.Close()
	at, err := file.Seek(0, io.SeekEnd)
	for piece := make([]byte, journalPiece); err == nil && at < journalRoom; at += int64(len(piece)) {
		_, err = file.Write(piece)
	}
	_ = file.Sync() // here and not in the first webhook
}

// begin moves what the log holds into the database now and then, by a connection of its own, so that commits need not.
func (j *journal) begin(log *slog.Logger) {
	ctx, stop := context.WithCancel(context.Background())
	j.stop = stop
	j.done.Go(func() {
		ticker := time.NewTicker(journalPace)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := j.move(ctx); err != nil && ctx.Err() == nil {
				log.Warn("could not move what is committed into the database", "error", err)
			}
		}
	})
}

// move does that as far as it disturbs nobody.
func (j *journal) move(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, journalMoving)
	defer cancel()
	_, err := j.db.ExecContext(limited, `PRAGMA wal_checkpoint(PASSIVE)`)
	return err
}

func (j *journal) close() {
	if j.stop != nil {
		j.stop()
		j.done.Wait()
	}
	if j.db != nil {
		_ = j.db.Close()
	}
}
