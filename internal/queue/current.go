package queue

import (
	"context"
	"fmt"
)

// Current says whether a job may still write, and is asked before every write. It returns ErrSuperseded when something
// newer is known of the job's subject, by the database, ErrLost when the job is not this process's any more, what ended
// ctx, or the database's error. With an error but the last the job's context is cancelled too.
func (q *Queue) Current(ctx context.Context, job Job) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r := q.runs.get(job.ID)
	if r == nil {
		return ErrLost
	}
	var attempt int
	var generation int64
	err := q.query(ctx, `SELECT j.attempt, coalesce(s.generation, 0)
		FROM river_job j LEFT JOIN landwaiter_subject s ON s.key = $2
		WHERE j.id = $1 AND j.state = 'running'`,
		func(scan scanner) error { return scan(&attempt, &generation) }, job.ID, job.Subject.Key())
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("see whether the job is current: %w", err)
	}
	if err = r.verdict(attempt, generation); err != nil {
		r.stop(err)
	}
	return err
}

// verdict compares a run with what the database says of its row, attempt 0 being none, and of its subject.
func (r *run) verdict(attempt int, generation int64) error {
	switch {
	case attempt != r.row.Attempt:
		return ErrLost
	case versioned(r.job.Task) && generation != r.job.Generation:
		return ErrSuperseded
	}
	return nil
}
