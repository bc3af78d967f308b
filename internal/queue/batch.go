package queue

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/riverqueue/river"

	"github.com/landwaiter/landwaiter/internal/event"
)

// work is what a River job carries. Numbers by which our statements look for jobs are text, since the databases differ
// in what a number taken out of JSON equals.
type work struct {
	Task         event.Task `json:"task"`
	Installation string     `json:"installation"`
	Repository   string     `json:"repository"`
	Subject      string     `json:"subject,omitempty"`    // its key, when the job can be superseded
	Generation   int64      `json:"generation,omitempty"` // of the subject
	Review       string     `json:"review,omitempty"`
	Delivery     string     `json:"delivery"`
	Ordinal      int        `json:"ordinal"` // of the task in its delivery
}

// Kind is what River calls our jobs.
func (work) Kind() string { return "landwaiter" }

// The states of a subject: its newest job waits or runs, has ended well, or failed for good.
const (
	stateOpen   = "open"
	stateDone   = "done"
	stateFailed = "failed"
)

// batch is a transaction of deliveries.
type batch struct {
	session session
	workers int
	jobs    []river.InsertManyParams
	backlog map[string]int   // by installation, unfinished jobs, those of this batch included
	newest  map[string]int64 // by subject, the generation that this batch made in the place of an older one
}

func newBatch(s session, workers int) *batch {
	return &batch{session: s, workers: workers, backlog: make(map[string]int), newest: make(map[string]int64)}
}

// delivery stores a delivery and says whether there was anything to do for it.
func (b *batch) delivery(ctx context.Context, a *acceptance) (bool, error) {
	added, err := b.session.exec(ctx, `INSERT INTO landwaiter_delivery (id, event, received) VALUES ($1, $2, {millis}) ON CONFLICT (id) DO NOTHING`, a.delivery, a.event)
	if err != nil {
		return false, err
	}
	known, again := added == 0, false
	for i, task := range a.tasks {
		job := work{Task: cleaned(task), Delivery: a.delivery, Ordinal: i}
		add := !known
		switch {
		case versioned(task):
			add, err = b.subject(ctx, &job, known)
		case known:
			add, err = b.failed(ctx, job)
		}
		if err == nil && add {
			again = true
			err = b.add(ctx, job)
		}
		if err != nil {
			return false, err
		}
	}
	return !known || again, nil
}

// failed says whether a task without a generation failed for good, and forgets that it did.
func (b *batch) failed(ctx context.Context, job work) (bool, error) {
	n, err := b.session.exec(ctx, `DELETE FROM landwaiter_failure WHERE delivery = $1 AND task = $2`, job.Delivery, job.Ordinal)
	return n > 0, err
}

// subject makes the job the newest of its subject, if it is news, and ends what is older. known says that the delivery
// was seen before: then it is news only if it is still the newest and failed.
func (b *batch) subject(ctx context.Context, job *work, known bool) (bool, error) {
	task, key := job.Task, job.Task.Subject.Key()
	var generation int64
	var revision, state string
	err := b.session.query(ctx, `SELECT generation, revision, state FROM landwaiter_subject WHERE key = $1`,
		func(scan scanner) error { return scan(&generation, &revision, &state) }, key)
	if err != nil {
		return false, err
	}
	same := generation > 0 && revision == revisionOf(task)
	if known && !same || same && state != stateFailed && (known || !task.Again) {
		return false, nil
	}
	job.Subject, job.Generation, job.Review = key, generation+1, rand.Text()
	_, err = b.session.exec(ctx, `INSERT INTO landwaiter_subject
			(key, installation, repository, generation, kind, head, base, revision, state, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, {millis})
		ON CONFLICT (key) DO UPDATE SET generation = excluded.generation, kind = excluded.kind, head = excluded.head,
			base = CASE WHEN excluded.base = '' AND excluded.head = landwaiter_subject.head THEN landwaiter_subject.base ELSE excluded.base END,
			revision = excluded.revision, state = excluded.state, changed = excluded.changed`,
		key, task.Subject.Repository.Installation, task.Subject.Repository.ID, job.Generation,
		string(task.Kind), task.Head, task.Base, revisionOf(task), stateOpen)
	if err != nil {
		return false, err
	}
	if generation == 0 {
		return true, nil
	}
	b.newest[key] = job.Generation
	return true, b.supersede(ctx, key)
}

// revisionOf is equal for tasks of which one is enough.
func revisionOf(task event.Task) string {
	return strings.Join([]string{string(task.Kind), task.Head, task.Base, task.BaseRef, strconv.FormatBool(task.Draft)}, " ")
}

// supersede ends the jobs of a subject that wait. One that never began showed nothing and is gone; one that did must
// still say that it is cancelled, and does so now instead of at its next attempt. Those that run are stopped after the
// commit.
func (b *batch) supersede(ctx context.Context, key string) error {
	b.jobs = slices.DeleteFunc(b.jobs, func(p river.InsertManyParams) bool { return p.Args.(work).Subject == key })
	_, err := b.session.exec(ctx, `UPDATE river_job SET state = 'cancelled', finalized_at = {now}
		WHERE args->>'subject' = $1 AND `+unfinished+` AND state <> 'running' AND attempt = 0 AND metadata->>'began' IS NULL`, key)
	if err != nil {
		return err
	}
	_, err = b.session.exec(ctx, `UPDATE river_job SET state = 'available', scheduled_at = {now}
		WHERE args->>'subject' = $1 AND `+unfinished+` AND state IN ('retryable', 'scheduled')`, key)
	return err
}

// add puts a job into the batch. Its priority falls with what its installation already has waiting, so that the flood of
// one is behind the few of another; within a priority the oldest is first.
func (b *batch) add(ctx context.Context, job work) error {
	repository := job.Task.Subject.Repository
	job.Installation = strconv.FormatInt(repository.Installation, 10)
	job.Repository = strconv.FormatInt(repository.ID, 10)
	if _, counted := b.backlog[job.Installation]; !counted {
		var n int
		err := b.session.query(ctx, `SELECT count(*) FROM river_job WHERE args->>'installation' = $1 AND `+unfinished,
			func(scan scanner) error { return scan(&n) }, job.Installation)
		if err != nil {
			return err
		}
		b.backlog[job.Installation] = n
	}
	options := &river.InsertOpts{Priority: priority(job.Task.Kind, b.backlog[job.Installation], b.workers)}
	b.backlog[job.Installation]++
	b.jobs = append(b.jobs, river.InsertManyParams{Args: job, InsertOpts: options})
	return nil
}

// priority is 1 for the first jobs of an installation to 4 for what is behind many, and for warming caches.
func priority(kind event.Kind, backlog, workers int) int {
	switch {
	case kind == event.Warm:
		return maxTaskPriority
	case backlog < workers:
		return 1
	case backlog < 4*workers:
		return 2
	case backlog < 16*workers:
		return 3
	}
	return maxTaskPriority
}

func (b *batch) insert(ctx context.Context) error {
	if len(b.jobs) == 0 {
		return nil
	}
	if err := b.session.insert(ctx, b.jobs); err != nil {
		return fmt.Errorf("add jobs: %w", err)
	}
	return nil
}

// printable is text without what PostgreSQL does not store.
func printable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// cleaned is a task with printable text. What people write may hold anything.
func cleaned(task event.Task) event.Task {
	repository := &task.Subject.Repository
	for _, text := range []*string{
		&task.Head, &task.Base, &task.BaseRef, &task.Author, &task.Sender, &task.Text,
		&task.Subject.Ref, &repository.Owner, &repository.Name, &repository.DefaultBranch,
	} {
		*text = printable(*text)
	}
	return task
}
