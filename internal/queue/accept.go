package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
)

const (
	maxBatch        = 64               // deliveries in one transaction
	maxDeliveryID   = 200              // bytes; GitHub's are GUIDs
	acceptTime      = 30 * time.Second // for one transaction
	maxTaskPriority = 4                // River's lowest
)

// acceptance is a call of Accept that waits for its transaction.
type acceptance struct {
	ctx      context.Context
	delivery string
	event    string
	tasks    []event.Task
	answer   chan answer // of capacity 1
}

type answer struct {
	stored bool
	err    error
}

// Accept stores a delivery and its tasks in one transaction, and is durable when it returns. It returns false for a
// delivery that is known and has nothing to be done again: a redelivery does again what failed for good, but no review of
// a head that is no longer the newest. A review of the same head and base as the newest one, without Again, adds no job,
// unless that one failed or the subject was cancelled since. Each review or cancellation with news supersedes what is
// older for its subject: what runs here stops before Accept returns, what runs in other replicas within about a second.
// Of the warming of a repository's caches only the newest counts likewise. Commands, buttons and deletions are all done.
//
// When ctx ends first, the delivery may or may not be stored; accepting it again does no harm.
func (q *Queue) Accept(ctx context.Context, deliveryID, eventName string, tasks []event.Task) (bool, error) {
	if deliveryID == "" || len(deliveryID) > maxDeliveryID {
		return false, fmt.Errorf("accept a delivery: its id has %d bytes, and must have 1 to %d", len(deliveryID), maxDeliveryID)
	}
	a := &acceptance{ctx: ctx, delivery: printable(deliveryID), event: printable(eventName), tasks: tasks, answer: make(chan answer, 1)}
	select {
	case q.accepts <- a:
	case <-ctx.Done():
		return false, fmt.Errorf("accept delivery %s: %w", deliveryID, context.Cause(ctx))
	case <-q.closing:
		return false, fmt.Errorf("accept delivery %s: %w", deliveryID, ErrClosed)
	}
	select {
	case got := <-a.answer:
		if got.err != nil {
			return false, fmt.Errorf("accept delivery %s: %w", deliveryID, got.err)
		}
		return got.stored, nil
	case <-ctx.Done():
		return false, fmt.Errorf("accept delivery %s: %w", deliveryID, context.Cause(ctx))
	}
}

// acceptAll commits deliveries in groups: what arrives during one commit makes up the next, so that many at once cost
// few syncs of the disk, and one alone does not wait.
func (q *Queue) acceptAll() {
	for {
		select {
		case <-q.closing:
			return
		case first := <-q.accepts:
			q.acceptGroup(q.gather(first))
		}
	}
}

func (q *Queue) gather(first *acceptance) []*acceptance {
	group := []*acceptance{first}
	for len(group) < maxBatch {
		select {
		case next := <-q.accepts:
			group = append(group, next)
		default:
			return group
		}
	}
	return group
}

// acceptGroup answers every acceptance of a group. When the group fails, each is tried by itself, so that one cannot
// hurt another, unless the database does not answer.
func (q *Queue) acceptGroup(group []*acceptance) {
	stored, err := q.commit(group)
	if err != nil && len(group) > 1 && !errors.Is(err, context.DeadlineExceeded) {
		for _, a := range group {
			q.acceptGroup([]*acceptance{a})
		}
		return
	}
	for i, a := range group {
		a.answer <- answer{err == nil && stored[i], err}
	}
}

// commit stores a group and stops what it supersedes here.
func (q *Queue) commit(group []*acceptance) ([]bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), acceptTime)
	defer cancel()
	stored := make([]bool, len(group))
	var batch *batch
	err := q.within(ctx, func(s session) error {
		if _, err := s.exec(ctx, `{lock}`); err != nil {
			return err
		}
		batch = newBatch(s, q.config.Workers)
		for i, a := range group {
			if a.ctx.Err() != nil {
				continue // nobody waits for it; GitHub counts it as failed
			}
			var err error
			if stored[i], err = batch.delivery(ctx, a); err != nil {
				return err
			}
		}
		return batch.insert(ctx)
	})
	if err != nil {
		return nil, err
	}
	for subject, generation := range batch.newest {
		q.runs.supersede(subject, generation)
	}
	return stored, nil
}
