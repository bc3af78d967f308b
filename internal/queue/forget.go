package queue

import (
	"context"
	"slices"
	"strconv"

	"github.com/landwaiter/landwaiter/internal/event"
)

// Forget deletes what is kept of repositories (their ids; none: of all) of an installation, and stops their jobs, here at
// once and in other replicas within about a second, with ErrLost. A job of kind event.Forget does so by itself, before it
// is worked on. Ids of deliveries stay until they are too old, as they say nothing.
func (q *Queue) Forget(ctx context.Context, installation int64, repositories []int64) error {
	err := q.within(ctx, func(s session) error {
		if _, err := s.exec(ctx, `{lock}`); err != nil {
			return err
		}
		if len(repositories) == 0 {
			if _, err := s.exec(ctx, `DELETE FROM landwaiter_fact WHERE installation = $1`, installation); err != nil {
				return err
			}
			return forget(ctx, s, "", installation)
		}
		for _, id := range repositories {
			if err := forget(ctx, s, strconv.FormatInt(id, 10), installation); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range q.runs.snapshot() {
		of := r.job.Subject.Repository
		if r.job.Kind != event.Forget && of.Installation == installation &&
			(len(repositories) == 0 || slices.Contains(repositories, of.ID)) {
			r.stop(ErrLost)
		}
	}
	return nil
}

// forget deletes what is kept of one repository, or of all when it is empty. A row that is running is only emptied and
// ended: SQLite would give its number to the next job, whose end its process would then write.
func forget(ctx context.Context, s session, repository string, installation int64) error {
	const jobs = ` WHERE args->>'installation' = $1 AND ($2 = '' OR args->>'repository' = $2) AND args->'task'->>'kind' <> 'forget' AND `
	const ours = ` WHERE CAST(installation AS text) = $1 AND ($2 = '' OR CAST(repository AS text) = $2)`
	for _, statement := range []string{
		`DELETE FROM landwaiter_subject` + ours,
		`DELETE FROM landwaiter_acknowledgement` + ours,
		`DELETE FROM river_job` + jobs + `state <> 'running'`,
		`UPDATE river_job SET state = 'cancelled', finalized_at = {now}, args = {empty}, errors = NULL` + jobs + `state = 'running'`,
	} {
		if _, err := s.exec(ctx, statement, strconv.FormatInt(installation, 10), repository); err != nil {
			return err
		}
	}
	return nil
}
