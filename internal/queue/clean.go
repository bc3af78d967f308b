package queue

import (
	"context"
	"time"
)

// How long things are kept. River deletes its finished jobs itself, after a day, or a week where they were discarded.
const (
	keepDeliveries = 10 * 24 * time.Hour  // GitHub redelivers for 3 days, Enterprise Server for 7
	keepGroups     = 10 * 24 * time.Hour  // merge groups, whose branches never come back
	keepSubjects   = 180 * 24 * time.Hour // pull requests that nothing happens on, with their acknowledgements
)

// clean deletes what is too old to matter. Replicas may do it at the same time.
func (q *Queue) clean(ctx context.Context) error {
	return q.within(ctx, func(s session) error {
		for _, old := range []struct {
			statement string
			keep      time.Duration
		}{
			{`DELETE FROM landwaiter_delivery WHERE received < {millis} - $1`, keepDeliveries},
			{`DELETE FROM landwaiter_subject WHERE changed < {millis} - $1 AND state <> 'open' AND key NOT LIKE '%/pull/%'`, keepGroups},
			{`DELETE FROM landwaiter_subject WHERE changed < {millis} - $1 AND state <> 'open'`, keepSubjects},
			{`DELETE FROM landwaiter_acknowledgement WHERE given < {millis} - $1
				AND NOT EXISTS (SELECT 1 FROM landwaiter_subject s WHERE s.key = subject)`, keepGroups},
			{`DELETE FROM landwaiter_replica WHERE renewed < {millis} - $1`, keepDeliveries},
		} {
			if _, err := s.exec(ctx, old.statement, old.keep.Milliseconds()); err != nil {
				return err
			}
		}
		_, err := s.exec(ctx, `DELETE FROM landwaiter_failure WHERE NOT EXISTS (SELECT 1 FROM landwaiter_delivery d WHERE d.id = delivery)`)
		return err
	})
}
