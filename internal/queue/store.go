package queue

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"github.com/riverqueue/river"
)

// store is a database of either kind. Statements are the same text for both, but for the words of a dialect.
type store interface {
	// within runs do in one transaction, which is committed, durably, when do returns nil.
	within(ctx context.Context, do func(session) error) error
	// attach makes River work on the database. It is called once, before within may insert jobs.
	attach(config *river.Config) (engine, error)
}

// database is a store that was opened.
type database struct {
	store
	name   string       // without secrets
	shared bool         // several processes may have it open
	room   func() error // whether there is place to write, as far as that can be known beforehand; nil: not at all
	close  func()
}

// session is a transaction. Parameters are $1, $2, ….
type session interface {
	// exec runs a statement and says how many rows it changed.
	exec(ctx context.Context, statement string, args ...any) (int64, error)
	// query calls each for every row; scan reads the row's columns.
	query(ctx context.Context, statement string, each func(scan scanner) error, args ...any) error
	// insert adds River jobs.
	insert(ctx context.Context, jobs []river.InsertManyParams) error
}

type scanner func(columns ...any) error

// engine is River's client.
type engine interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
}

// dialect replaces the words of our statements by what a database calls them:
//
//	{now}    a time as River's columns have it
//	{millis} milliseconds since 1970, as our own columns have it
//	{owner}  of a row of river_job, the replica that took it last
//	{age}    seconds since the earliest scheduled_at of a group of rows
//	{empty}  an empty JSON object
//	{lock}   a statement that lets one transaction at a time change subjects
type dialect struct{ words *strings.Replacer }

func (d dialect) text(statement string) string {
	if strings.Contains(statement, "{") {
		return d.words.Replace(statement)
	}
	return statement
}

// within is the store's, with errors that a person can act on.
func (q *Queue) within(ctx context.Context, do func(session) error) error {
	return explain(q.database.name, q.database.within(ctx, do))
}

// exec runs one statement by itself.
func (q *Queue) exec(ctx context.Context, statement string, args ...any) error {
	return q.within(ctx, func(s session) error {
		_, err := s.exec(ctx, statement, args...)
		return err
	})
}

// query runs one statement by itself.
func (q *Queue) query(ctx context.Context, statement string, each func(scanner) error, args ...any) error {
	return q.within(ctx, func(s session) error { return s.query(ctx, statement, each, args...) })
}

// replicaID is new in each process: the work of one that died must not be taken for that of its successor.
func replicaID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%.40s-%d-%.10s", host, os.Getpid(), rand.Text())
}
