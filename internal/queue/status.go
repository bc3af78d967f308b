package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Status is how much there is to do, in all replicas.
type Status struct {
	Queued  int           // jobs that could run now
	Running int           // jobs
	Waiting int           // jobs for the time of their next attempt
	Oldest  time.Duration // since the job that was queued first could have run; 0 when none is queued
}

// Status counts the jobs.
func (q *Queue) Status(ctx context.Context) (Status, error) {
	var status Status
	err := q.query(ctx, `SELECT CAST(state AS text), count(*), {age} FROM river_job WHERE `+unfinished+` GROUP BY state`, func(scan scanner) error {
		var state string
		var count int
		var age float64
		if err := scan(&state, &count, &age); err != nil {
			return err
		}
		switch state {
		case "available":
			status.Queued, status.Oldest = count, max(0, time.Duration(age*float64(time.Second)))
		case "running":
			status.Running = count
		default:
			status.Waiting += count
		}
		return nil
	})
	return status, err
}

// Ping says whether the database answers.
func (q *Queue) Ping(ctx context.Context) error {
	return q.query(ctx, `SELECT 1`, func(scanner) error { return nil })
}

// Writable says whether a delivery could be stored: it writes a row, durably, and looks whether there is room on the disk
// as far as that can be known. Its errors name the database and say what to do.
func (q *Queue) Writable(ctx context.Context) error {
	if room := q.database.room; room != nil {
		if err := room(); err != nil {
			return err
		}
	}
	return q.SetFact(ctx, 0, "writable", q.id)
}

// explain puts what to do in front of errors of a database that a person must mend.
func explain(name string, err error) error {
	if err == nil {
		return nil
	}
	var lite *sqlite.Error
	var post *pgconn.PgError
	advice := ""
	switch {
	case errors.As(err, &lite):
		advice = liteAdvice(lite.Code() & 0xff) // the primary result code
	case errors.As(err, &post):
		advice = postAdvice(post.Code)
	}
	if advice == "" {
		return err
	}
	return fmt.Errorf("database %s: %s: %w", name, advice, err)
}

func liteAdvice(code int) string {
	switch code {
	case sqlite3.SQLITE_FULL:
		return "the disk is full: free some space"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return "it cannot be written: see that the file and its directory belong to this user and that the disk is not mounted read-only"
	case sqlite3.SQLITE_IOERR:
		return "the disk fails or is full: see the system's log"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return "the file is damaged or no database: restore it from a backup, or move it away to begin anew (open pull requests are found again by the sweep)"
	}
	return ""
}

// postAdvice knows the codes of https://www.postgresql.org/docs/current/errcodes-appendix.html.
func postAdvice(code string) string {
	switch code {
	case "25006":
		return "it is read-only: connect to the primary server"
	case "53100":
		return "its disk is full: free some space on the server"
	case "53300":
		return "it has no connection left: raise max_connections, or lower pool_max_conns in the URL"
	case "42501":
		return "the user may not do that: it must own the tables, or may create them in its schema"
	case "28000", "28P01":
		return "it does not let this user in: see the user and password of the URL"
	case "3D000":
		return "there is no such database: create it"
	}
	return ""
}
