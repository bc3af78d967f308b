package queue

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/landwaiter/landwaiter/internal/event"
)

// run is a job that this process works on now.
type run struct {
	job     Job
	row     *rivertype.JobRow // as River fetched it
	began   time.Time
	ordinal int // of the task in its delivery

	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelCauseFunc
	ending bool // Worker.Failed is called: what is newer does not stop it
}

// context is what the worker is given now.
func (r *run) context() context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ctx
}

// end gives the run a new context, under which the job's end is told.
func (r *run) end(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancel(nil)
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	r.ending = true
}

// stop cancels the run. Being superseded does not stop its end from being told.
func (r *run) stop(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cause != ErrSuperseded || !r.ending {
		r.cancel(cause)
	}
}

// versioned says that only the newest task counts for its subject, which for caches to be warmed is the repository
// itself. A review that names neither a pull request nor a merge group is about a head of which nobody knows yet whose it
// is, and takes nothing's place.
func versioned(task event.Task) bool {
	switch task.Kind {
	case event.Review, event.Cancel:
		return task.Subject.Number > 0 || task.Subject.Ref != ""
	case event.Warm:
		return true
	}
	return false
}

// runs are the jobs that this process works on now.
type runs struct {
	mu   sync.Mutex
	byID map[int64]*run
}

// begin adds a run, which is nil when the job already runs here: River gives a job back that is far over its time,
// though its worker may not have returned.
func (s *runs) begin(ctx context.Context, job Job, row *rivertype.JobRow) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID[row.ID] != nil {
		return nil
	}
	r := &run{job: job, row: row, began: time.Now()}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	s.byID[row.ID] = r
	return r
}

func (s *runs) remove(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.stop(nil)
	delete(s.byID, r.row.ID)
}

func (s *runs) get(id int64) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byID[id]
}

// snapshot lists the runs, the longest first.
func (s *runs) snapshot() []*run {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*run
	for _, r := range s.byID {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *run) int { return a.began.Compare(b.began) })
	return all
}

func (s *runs) cancelAll(cause error) {
	for _, r := range s.snapshot() {
		r.stop(cause)
	}
}

// supersede stops what runs for a subject in an older generation.
func (s *runs) supersede(subject string, generation int64) {
	for _, r := range s.snapshot() {
		if versioned(r.job.Task) && r.job.Subject.Key() == subject && r.job.Generation < generation {
			r.stop(ErrSuperseded)
		}
	}
}
