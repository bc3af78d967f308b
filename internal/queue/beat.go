package queue

import (
	"context"
	"fmt"
	"maps"
	"time"
)

// beatUntil looks after what runs here, and after replicas that died, until ctx ends.
func (q *Queue) beatUntil(ctx context.Context) {
	pace := q.config.pace
	ticker := time.NewTicker(pace.beat)
	defer ticker.Stop()
	orphans := make(map[int64]time.Time)
	var cleaned time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		q.look(ctx, "look after the running jobs", func(ctx context.Context) error { return q.inspect(ctx, orphans) })
		if q.database.shared && time.Since(*q.renewed.Load()) >= pace.lease/4 {
			q.keepLease(ctx)
		}
		if time.Since(cleaned) >= pace.clean {
			cleaned = time.Now()
			q.look(ctx, "delete what is too old", q.clean)
		}
	}
}

// look does something within a quarter of a lease, so that a database that does not answer cannot hide that the lease
// ends. It says whether that worked.
func (q *Queue) look(ctx context.Context, what string, do func(context.Context) error) bool {
	limited, cancel := context.WithTimeout(ctx, q.config.pace.lease/4)
	defer cancel()
	err := do(limited)
	if err != nil && ctx.Err() == nil {
		q.log.Warn("could not "+what, "error", err)
	}
	return err == nil
}

// keepLease renews the lease and takes over the jobs of dead replicas. When it was renewed too long ago, nothing may run
// here any more: others are about to take it over.
func (q *Queue) keepLease(ctx context.Context) {
	if q.look(ctx, "renew the lease of this replica", q.renew) {
		q.look(ctx, "take over the jobs of replicas that died", q.reap)
	} else if !q.leased() {
		q.runs.cancelAll(ErrLost)
	}
}

// leased says that no other replica may take over the jobs of this one soon.
func (q *Queue) leased() bool {
	return !q.database.shared || time.Since(*q.renewed.Load()) < q.config.pace.lease/2
}

// renew makes or renews the lease, and learns how far our clock is behind the database's.
func (q *Queue) renew(ctx context.Context) error {
	if !q.database.shared {
		return nil
	}
	asked := time.Now()
	var millis int64
	err := q.query(ctx, `INSERT INTO landwaiter_replica (id, renewed) VALUES ($1, {millis})
		ON CONFLICT (id) DO UPDATE SET renewed = excluded.renewed RETURNING renewed`,
		func(scan scanner) error { return scan(&millis) }, q.id)
	if err == nil {
		middle := asked.Add(time.Since(asked) / 2)
		q.offset.Store(int64(time.UnixMilli(millis).Sub(middle)))
		q.renewed.Store(&asked)
	}
	return err
}

// leave ends the lease, so that others need not wait for its end.
func (q *Queue) leave(ctx context.Context) error {
	if !q.database.shared {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, q.config.pace.end)
	defer cancel()
	return q.exec(limited, `DELETE FROM landwaiter_replica WHERE id = $1`, q.id)
}

// found is what the database says of a row that is marked as running here.
type found struct {
	attempt    int
	generation int64 // of its subject
}

// inspect compares what runs here with the database, and stops what is superseded or not ours any more. orphans keeps
// which rows are marked as running here and are not, and since when.
func (q *Queue) inspect(ctx context.Context, orphans map[int64]time.Time) error {
	before := q.runs.snapshot()
	rows := make(map[int64]found)
	err := q.query(ctx, `SELECT j.id, j.attempt, coalesce(s.generation, 0)
		FROM river_job j LEFT JOIN landwaiter_subject s ON s.key = j.args->>'subject'
		WHERE j.state = 'running' AND {owner} = $1`, func(scan scanner) error {
		var id int64
		var f found
		err := scan(&id, &f.attempt, &f.generation)
		rows[id] = f
		return err
	}, q.id)
	if err != nil {
		return err
	}
	for _, r := range before {
		row := rows[r.row.ID]
		if err := r.verdict(row.attempt, row.generation); err != nil {
			r.stop(err)
		}
	}
	return q.adopt(ctx, rows, orphans)
}

// adopt gives back rows that are marked as running here and are not, after a while: River fetched them and never got the
// answer, or could not write how they ended.
func (q *Queue) adopt(ctx context.Context, rows map[int64]found, orphans map[int64]time.Time) error {
	maps.DeleteFunc(orphans, func(id int64, _ time.Time) bool {
		_, marked := rows[id]
		return !marked || q.runs.get(id) != nil
	})
	for id := range rows {
		if q.runs.get(id) != nil {
			continue
		}
		since, known := orphans[id]
		if !known {
			orphans[id] = time.Now()
		} else if time.Since(since) >= q.config.pace.orphan {
			q.log.Warn("a job is marked as running here and is not: it is given back", "job", id)
			if err := q.giveBack(ctx, id); err != nil {
				return err
			}
			delete(orphans, id)
		}
	}
	return nil
}

// reap gives back the jobs of replicas whose lease has ended. Without leases those are all others.
func (q *Queue) reap(ctx context.Context) error {
	var dead []int64
	err := q.query(ctx, `SELECT id FROM river_job WHERE state = 'running' AND NOT EXISTS (
			SELECT 1 FROM landwaiter_replica r WHERE r.id = {owner} AND r.renewed > {millis} - $1)`,
		func(scan scanner) error {
			var id int64
			err := scan(&id)
			dead = append(dead, id)
			return err
		}, q.config.pace.lease.Milliseconds())
	if err != nil {
		return err
	}
	for _, id := range dead {
		q.log.Warn("a job is taken over from a process that ended", "job", id)
		if err := q.giveBack(ctx, id); err != nil {
			return fmt.Errorf("give back job %d: %w", id, err)
		}
	}
	return nil
}

// giveBack lets a job that is marked as running be done again, as a new row: whoever still holds the old one, without
// knowing that it is lost, can neither end the new one nor write for it. The attempt counts, lest a job that kills its
// process does so for ever.
func (q *Queue) giveBack(ctx context.Context, id int64) error {
	return q.within(ctx, func(s session) error {
		n, err := s.exec(ctx, `UPDATE river_job SET state = 'cancelled', finalized_at = {now} WHERE id = $1 AND state = 'running'`, id)
		if err != nil || n == 0 {
			return err
		}
		_, err = s.exec(ctx, `INSERT INTO river_job
				(args, attempt, created_at, errors, kind, max_attempts, metadata, priority, queue, scheduled_at, state, tags)
			SELECT args, attempt, created_at, errors, kind, max_attempts, metadata, priority, queue, {now}, 'available', tags
			FROM river_job WHERE id = $1`, id)
		return err
	})
}
