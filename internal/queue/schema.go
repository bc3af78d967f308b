package queue

import (
	"context"
	"fmt"
)

// migrations are applied in order, each once; what was released is never changed. River's own come first, for we index
// its table by what our jobs' arguments hold.
var migrations = [][]string{{
	`CREATE TABLE landwaiter_delivery (id text PRIMARY KEY, event text NOT NULL, received bigint NOT NULL)`,
	`CREATE INDEX landwaiter_delivery_received ON landwaiter_delivery (received)`,
	// A task that failed for good, so that a redelivery does it again. Those of reviews are known by their subject.
	`CREATE TABLE landwaiter_failure (delivery text NOT NULL, task integer NOT NULL, PRIMARY KEY (delivery, task))`,
	`CREATE TABLE landwaiter_subject (
		key text PRIMARY KEY, installation bigint NOT NULL, repository bigint NOT NULL,
		generation bigint NOT NULL, kind text NOT NULL, head text NOT NULL, base text NOT NULL, revision text NOT NULL,
		state text NOT NULL, changed bigint NOT NULL)`,
	`CREATE INDEX landwaiter_subject_of ON landwaiter_subject (installation, repository)`,
	`CREATE TABLE landwaiter_acknowledgement (
		subject text NOT NULL, fingerprint text NOT NULL, installation bigint NOT NULL, repository bigint NOT NULL,
		person text NOT NULL, reason text NOT NULL, given bigint NOT NULL, PRIMARY KEY (subject, fingerprint))`,
	`CREATE TABLE landwaiter_fact (
		installation bigint NOT NULL, name text NOT NULL, value text NOT NULL, changed bigint NOT NULL,
		PRIMARY KEY (installation, name))`,
	`CREATE TABLE landwaiter_app (id integer PRIMARY KEY CHECK (id = 1), credentials text NOT NULL)`,
	`CREATE TABLE landwaiter_replica (id text PRIMARY KEY, renewed bigint NOT NULL)`,
	`CREATE INDEX landwaiter_job_installation ON river_job ((args->>'installation')) WHERE ` + unfinished,
	`CREATE INDEX landwaiter_job_subject ON river_job ((args->>'subject')) WHERE ` + unfinished,
}}

// unfinished is the condition of the indexes above; a statement that is to use them repeats it to the letter.
const unfinished = `state IN ('available', 'retryable', 'running', 'scheduled')`

// migrate brings our tables up to date, in the transaction of s.
func migrate(ctx context.Context, s session) error {
	if _, err := s.exec(ctx, `CREATE TABLE IF NOT EXISTS landwaiter_schema (version bigint PRIMARY KEY)`); err != nil {
		return err
	}
	var version int
	err := s.query(ctx, `SELECT coalesce(max(version), 0) FROM landwaiter_schema`, func(scan scanner) error { return scan(&version) })
	if err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("its tables have version %d and this program knows up to %d: run the newer program that changed them", version, len(migrations))
	}
	for i, statements := range migrations[version:] {
		for _, statement := range statements {
			if _, err := s.exec(ctx, statement); err != nil {
				return fmt.Errorf("bring the tables to version %d: %w", version+i+1, err)
			}
		}
		if _, err := s.exec(ctx, `INSERT INTO landwaiter_schema (version) VALUES ($1)`, version+i+1); err != nil {
			return err
		}
	}
	return nil
}
