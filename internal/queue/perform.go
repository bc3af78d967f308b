package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/landwaiter/landwaiter/internal/event"
)

const (
	maxFailedAttempts = 300             // to tell the end of a job; with the longest pause between them about four days
	maxSnoozes        = 200             // then being put off counts as an error
	closingTime       = 2 * time.Minute // to tell the end of a job once
	retryGrowth       = 3
	maxRetry          = 240 // times Config.Retry
	minSnooze         = time.Second
	maxSnooze         = 6 * time.Hour
)

// PanicError is what a worker's panic becomes: an error of its attempt like any other.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// performer is what River calls.
type performer struct {
	river.WorkerDefaults[work]
	queue *Queue
}

// Work does one attempt of a job. What it returns tells River what becomes of the row.
func (p *performer) Work(ctx context.Context, job *river.Job[work]) error {
	return p.queue.perform(ctx, job.JobRow, job.Args)
}

// NextRetry is when an attempt follows one that failed: exponentially later, by the database's clock.
func (p *performer) NextRetry(job *river.Job[work]) time.Time {
	config := p.queue.config
	return time.Now().Add(max(0, backoff(config.Retry, job.Attempt, rand.Float64())+time.Duration(p.queue.offset.Load())))
}

// backoff is the pause after an attempt, a fifth more or less by chance, of 0 to 1.
func backoff(first time.Duration, attempt int, chance float64) time.Duration {
	pause := first
	for range attempt - 1 {
		if pause *= retryGrowth; pause >= maxRetry*first {
			pause = maxRetry * first
			break
		}
	}
	return time.Duration(float64(pause) * (0.8 + 0.4*chance))
}

// perform does one attempt of a job, or tells its end.
func (q *Queue) perform(ctx context.Context, row *rivertype.JobRow, args work) error {
	job := Job{
		Task: args.Task, ID: row.ID, Review: args.Review, Generation: args.Generation, Delivery: args.Delivery,
		Attempt: min(row.Attempt, q.config.Attempts), Last: row.Attempt >= q.config.Attempts, Resumed: began(row),
	}
	if q.stopping.Load() {
		return q.snooze(0)
	}
	if !q.leased() {
		return q.snooze(minSnooze)
	}
	r := q.runs.begin(ctx, job, row)
	if r == nil {
		return q.snooze(minSnooze)
	}
	defer q.runs.remove(r)
	r.ordinal = args.Ordinal
	err := q.Current(r.context(), job)
	switch {
	case errors.Is(err, ErrSuperseded) && !job.Resumed:
		return river.JobCancel(ErrSuperseded)
	case errors.Is(err, ErrSuperseded):
		return q.conclude(ctx, r, ErrSuperseded)
	case err != nil:
		return q.snooze(minSnooze) // not ours any more, or the database does not answer: no fault of the job
	case row.Attempt > q.config.Attempts:
		return q.conclude(ctx, r, lastError(row))
	}
	if err := river.MetadataSet(ctx, "began", true); err != nil {
		return err
	}
	return q.settle(ctx, r, q.attempt(r))
}

// began says whether the job was worked on before, so that it may have shown something. An attempt that was put off or
// ended with its process is not counted by River, but noted.
func began(row *rivertype.JobRow) bool {
	return row.Attempt > 1 || noted(row).Began
}

// notes are what of a River row's metadata matters here.
type notes struct {
	Began   bool   `json:"began"`   // ours, as the next one, set by MetadataSet
	Failure string `json:"failure"` // of the last attempt
	Snoozes int    `json:"snoozes"` // River's
}

// noted reads the notes. What cannot be read was written by nobody: River keeps an object there.
func noted(row *rivertype.JobRow) (n notes) {
	_ = json.Unmarshal(row.Metadata, &n)
	return n
}

// lastError is what the last attempt to do a job failed with.
func lastError(row *rivertype.JobRow) error {
	if text := noted(row).Failure; text != "" {
		return errors.New(text)
	}
	return ErrInterrupted
}

// attempt lets the worker work, for at most the time of one attempt. What the database keeps of a tenant who left is
// deleted first, which stops what runs for it, before the worker deletes the rest.
func (q *Queue) attempt(r *run) error {
	ctx, cancel := context.WithTimeoutCause(r.context(), q.config.Timeout,
		fmt.Errorf("it took longer than %s: %w", q.config.Timeout, context.DeadlineExceeded))
	defer cancel()
	err := guarded(func() error {
		if r.job.Kind == event.Forget {
			if err := q.Forget(ctx, r.job.Subject.Repository.Installation, r.job.Repositories); err != nil {
				return err
			}
		}
		return q.worker.Work(ctx, r.job)
	})
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, context.DeadlineExceeded) {
		return errors.Join(cause, err)
	}
	return err
}

// guarded makes a panic an error.
func guarded(do func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return do()
}

// settle says what becomes of a job after an attempt.
func (q *Queue) settle(ctx context.Context, r *run, err error) error {
	cause := context.Cause(r.context())
	switch {
	case err == nil:
		q.report(r, slog.LevelInfo, "done", nil)
		return q.note(ctx, r, stateDone)
	case given(ctx, cause):
		q.report(r, slog.LevelInfo, "given back", cause)
		return q.snooze(0)
	case errors.Is(cause, ErrSuperseded) || errors.Is(err, ErrSuperseded):
		return q.conclude(ctx, r, ErrSuperseded)
	}
	var later *SnoozeError
	switch {
	case errors.As(err, &later) && noted(r.row).Snoozes < maxSnoozes:
		q.report(r, slog.LevelInfo, "put off", err)
		return q.snooze(min(max(later.After, minSnooze), maxSnooze))
	case r.job.Last:
		q.report(r, slog.LevelError, "failed for good", err)
		if noting := river.MetadataSet(ctx, "failure", printable(shortened(err.Error()))); noting != nil {
			return noting
		}
		return q.conclude(ctx, r, err)
	}
	q.report(r, slog.LevelWarn, "failed, is tried again", err)
	return err
}

// shortened is a text of which some kilobytes are enough.
func shortened(text string) string {
	const enough = 8 << 10
	if len(text) > enough {
		return text[:enough] + " …"
	}
	return text
}

// given says that a run ended because it is not this process's any more, or will not be soon.
func given(ctx context.Context, cause error) bool {
	return errors.Is(cause, ErrLost) || errors.Is(cause, ErrStopping) || errors.Is(ctx.Err(), context.Canceled)
}

// conclude lets the worker tell the end of a job. River keeps the job until that worked.
func (q *Queue) conclude(ctx context.Context, r *run, reason error) error {
	limited, cancel := context.WithTimeout(ctx, closingTime)
	defer cancel()
	r.end(limited)
	err := guarded(func() error { return q.worker.Failed(r.context(), r.job, reason) })
	var later *SnoozeError
	switch {
	case err == nil:
		q.report(r, slog.LevelInfo, "ended", reason)
	case given(ctx, context.Cause(r.context())):
		return q.snooze(0)
	case errors.As(err, &later):
		return q.snooze(min(max(later.After, minSnooze), maxSnooze))
	case r.row.Attempt < r.row.MaxAttempts:
		q.report(r, slog.LevelWarn, "its end could not be told, is tried again", err)
		return fmt.Errorf("tell the end of the job: %w", err)
	default:
		q.report(r, slog.LevelError, "its end could not be told, given up", err)
	}
	if !errors.Is(reason, ErrSuperseded) {
		if err := q.note(ctx, r, stateFailed); err != nil {
			return err
		}
	}
	return river.JobCancel(reason)
}

// snooze gives a job back to River without counting the attempt.
func (q *Queue) snooze(after time.Duration) error {
	return river.JobSnooze(max(0, after+time.Duration(q.offset.Load())))
}

// note keeps how a job ended, for redeliveries and the sweep of what was missed. A generation that is not the newest
// any more has nothing to be kept.
func (q *Queue) note(ctx context.Context, r *run, state string) error {
	job := r.job
	switch {
	case versioned(job.Task):
		return q.exec(ctx, `UPDATE landwaiter_subject SET state = $1, changed = {millis} WHERE key = $2 AND generation = $3`,
			state, job.Subject.Key(), job.Generation)
	case state == stateFailed:
		return q.exec(ctx, `INSERT INTO landwaiter_failure (delivery, task) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
			job.Delivery, r.ordinal)
	}
	return nil
}

func (q *Queue) report(r *run, level slog.Level, what string, err error) {
	attributes := []slog.Attr{
		slog.String("task", string(r.job.Kind)), slog.String("subject", r.job.Subject.String()), slog.String("head", r.job.Head),
		slog.String("delivery", r.job.Delivery), slog.Int64("job", r.job.ID), slog.Int("attempt", r.job.Attempt),
		slog.Duration("took", time.Since(r.began)),
	}
	if err != nil {
		attributes = append(attributes, slog.String("error", err.Error()))
	}
	var panicked *PanicError
	if errors.As(err, &panicked) {
		attributes = append(attributes, slog.String("stack", string(panicked.Stack)))
	}
	q.log.LogAttrs(context.Background(), level, "job "+what, attributes...)
}
