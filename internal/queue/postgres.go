package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// Keys of advisory locks, of our own choice: "landwait" and its successor as big-endian numbers.
const (
	migrationLock = 0x6c616e6477616974
	subjectLock   = migrationLock + 1
)

var postgresDialect = dialect{strings.NewReplacer(
	"{now}", "clock_timestamp()",
	"{millis}", "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)",
	"{owner}", "attempted_by[cardinality(attempted_by)]",
	"{age}", "CAST(extract(epoch FROM clock_timestamp() - min(scheduled_at)) AS double precision)",
	"{empty}", "CAST('{}' AS jsonb)",
	"{lock}", fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", subjectLock),
)}

// postgresStore is a database that several replicas share.
type postgresStore struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
}

// openPostgres connects, and brings the tables up to date while no other replica does. That a commit is durable is the
// server's matter: synchronous_commit is on unless somebody turned it off, who then accepts to lose deliveries.
func openPostgres(ctx context.Context, dsn string, log *slog.Logger) (database, error) {
	opened := database{shared: true}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return opened, err // pgx hides the password
	}
	c := config.ConnConfig
	opened.name = fmt.Sprintf("%s on %s:%d", c.Database, c.Host, c.Port)
	if !strings.Contains(dsn, "pool_max_conns") {
		config.MaxConns = 10
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "landwaiter"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return opened, err
	}
	s := &postgresStore{pool: pool}
	opened.store, opened.close = s, pool.Close
	if err := s.migrate(ctx, log); err != nil {
		pool.Close()
		return opened, err
	}
	return opened, nil
}

func (s *postgresStore) migrate(ctx context.Context, log *slog.Logger) (err error) {
	connection, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer connection.Release()
	if _, err := connection.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return err
	}
	defer func() {
		_, unlock := connection.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
		err = errors.Join(err, unlock)
	}()
	migrator, err := rivermigrate.New(riverpgxv5.New(s.pool), &rivermigrate.Config{Logger: slog.New(quiet{log.Handler()})})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	return s.within(ctx, func(session session) error { return migrate(ctx, session) })
}

func (s *postgresStore) attach(config *river.Config) (engine, error) {
	client, err := river.NewClient(riverpgxv5.New(s.pool), config)
	s.client = client
	return client, err
}

func (s *postgresStore) within(ctx context.Context, do func(session) error) error {
	return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		return do(postgresSession{tx, s.client})
	})
}

type postgresSession struct {
	tx     pgx.Tx
	client *river.Client[pgx.Tx]
}

func (s postgresSession) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	tag, err := s.tx.Exec(ctx, postgresDialect.text(statement), args...)
	return tag.RowsAffected(), err
}

func (s postgresSession) query(ctx context.Context, statement string, each func(scanner) error, args ...any) error {
	rows, err := s.tx.Query(ctx, postgresDialect.text(statement), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s postgresSession) insert(ctx context.Context, jobs []river.InsertManyParams) error {
	_, err := s.client.InsertManyTx(ctx, s.tx, jobs)
	return err
}
