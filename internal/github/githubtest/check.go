package githubtest

import (
	"fmt"
	"slices"
	"time"
)

// CheckRun is a check run. What the package returns are copies.
type CheckRun struct {
	ID                             int64
	App                            string // slug
	Name, HeadSHA                  string
	Status, Conclusion             string // Conclusion is "" until Status is completed
	ExternalID, DetailsURL         string
	Title, Summary, Text           string
	Annotations                    []Annotation
	Actions                        []Action
	StartedAt, CompletedAt, MadeAt time.Time

	app   *App
	suite *checkSuite
	shown bool // it has an output
}

// Annotation is a remark of a check run on lines of a file.
type Annotation struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn int    `json:"start_column"`
	EndColumn   int    `json:"end_column"`
	Level       string `json:"annotation_level"`
	Title       string `json:"title"`
	Message     string `json:"message"`
	RawDetails  string `json:"raw_details"`
}

// Action is a button that a completed check run shows.
type Action struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

// checkSuite holds the check runs of one App for one commit.
type checkSuite struct {
	id            int64
	app           *App
	branch        string // "" where the commit came from a fork
	before, after string
	made, updated time.Time
}

type commitStatus struct {
	id                  int64
	sha, context, state string
	description, target string
	creator             *account
	made                time.Time
}

// suite returns the suite of an App for a commit, made when there is none.
func (r *Repository) suite(app *App, sha, branch, before string) (s *checkSuite, isNew bool) {
	at := slices.IndexFunc(r.suites, func(s *checkSuite) bool { return s.app == app && s.after == sha })
	if at >= 0 {
		return r.suites[at], false
	}
	s = &checkSuite{id: r.g.id(), app: app, branch: branch, before: before, after: sha, made: r.g.now(), updated: r.g.now()}
	r.suites = append(r.suites, s)
	return s, true
}

// requestSuites does what GitHub does for each commit that is pushed: every App that may write checks gets a suite.
func (r *Repository) requestSuites(who *account, branch, before, after string) {
	for _, app := range r.g.apps {
		i := app.on(r.owner)
		if i == nil || !i.has(r) || !atLeast(i.permissions["checks"], "write") {
			continue
		}
		if s, isNew := r.suite(app, after, branch, before); isNew {
			r.g.emitSuite(r, s, who, "requested")
		}
	}
}

// branchAt names a branch that stands at a commit, "" when none does, as for a commit of a fork.
func (r *Repository) branchAt(sha string) string {
	out, err := r.git("for-each-ref", "--format=%(refname:strip=2)", "--count=1", "--points-at="+sha, "refs/heads/")
	if err != nil {
		return ""
	}
	return out
}

func (s *checkSuite) runs(r *Repository) []*CheckRun {
	var all []*CheckRun
	for _, run := range r.runs {
		if run.suite == s {
			all = append(all, run)
		}
	}
	return all
}

// The conclusions, the weightiest first: a suite concludes as its weightiest check run.
var conclusions = []string{"action_required", "timed_out", "cancelled", "failure", "startup_failure", "stale", "neutral", "success", "skipped"}

// state is the status of a suite, and its conclusion once all its check runs have one.
func (s *checkSuite) state(r *Repository) (status, conclusion string) {
	runs := latest(s.runs(r))
	if len(runs) == 0 {
		return "queued", ""
	}
	worst := len(conclusions) - 1
	for _, run := range runs {
		if run.Status != "completed" {
			return run.Status, ""
		}
		worst = min(worst, slices.Index(conclusions, run.Conclusion))
	}
	return "completed", conclusions[worst]
}

// latest keeps the newest check run of each App and name.
func latest(runs []*CheckRun) []*CheckRun {
	var kept []*CheckRun
	for i, run := range runs {
		if !slices.ContainsFunc(runs[i+1:], func(x *CheckRun) bool { return x.app == run.app && x.Name == run.Name }) {
			kept = append(kept, run)
		}
	}
	return kept
}

func (run *CheckRun) copied() CheckRun {
	c := *run
	c.Annotations, c.Actions = slices.Clone(run.Annotations), slices.Clone(run.Actions)
	return c
}

// CheckRuns returns all check runs of a commit in the order they were made.
func (r *Repository) CheckRuns(sha string) []CheckRun {
	return locked(r.g, func() []CheckRun {
		var all []CheckRun
		for _, run := range r.runs {
			if run.HeadSHA == sha {
				all = append(all, run.copied())
			}
		}
		return all
	})
}

// CheckRuns returns all check runs of the pull request's head.
func (pr *PullRequest) CheckRuns() []CheckRun { return pr.Repo.CheckRuns(pr.Head()) }

// CheckRun returns the newest check run of a name on a commit, and whether there is one.
func (r *Repository) CheckRun(sha, name string) (CheckRun, bool) {
	runs := r.CheckRuns(sha)
	for _, run := range slices.Backward(runs) {
		if run.Name == name {
			return run, true
		}
	}
	return CheckRun{}, false
}

// Completed waits until the newest check run of a name on a commit is completed, and returns it. It returns false
// when that takes longer than limit.
func (r *Repository) Completed(sha, name string, limit time.Duration) (run CheckRun, ok bool) {
	ok = r.g.Wait(limit, func() bool {
		run, ok = r.CheckRun(sha, name)
		return ok && run.Status == "completed"
	})
	return run, ok
}

func (r *Repository) runByID(id int64) *CheckRun {
	at := slices.IndexFunc(r.runs, func(run *CheckRun) bool { return run.ID == id })
	if at < 0 {
		return nil
	}
	return r.runs[at]
}

// PressButton presses a button of a check run, which its App is told.
func (r *Repository) PressButton(by string, checkRun int64, identifier string) error {
	return r.g.act(func() error {
		who, err := r.demand(by, "write", "press buttons")
		if err != nil {
			return err
		}
		run := r.runByID(checkRun)
		if run == nil {
			return fmt.Errorf("there is no check run %d", checkRun)
		}
		if run.Status != "completed" || !slices.ContainsFunc(run.Actions, func(a Action) bool { return a.Identifier == identifier }) {
			return fmt.Errorf("check run %s shows no button %s", run.Name, identifier)
		}
		r.g.emitRun(r, run, who, "requested_action", map[string]any{"requested_action": map[string]any{"identifier": identifier}})
		return nil
	})
}

// ReRun asks for a check run again, as the link beside it does. The run itself does not change by that.
func (r *Repository) ReRun(by string, checkRun int64) error {
	return r.g.act(func() error {
		who, err := r.demand(by, "write", "run checks again")
		if err != nil {
			return err
		}
		run := r.runByID(checkRun)
		if run == nil {
			return fmt.Errorf("there is no check run %d", checkRun)
		}
		r.g.emitRun(r, run, who, "rerequested", nil)
		return nil
	})
}

// ReRunAll asks for all check runs of an App on a commit again.
func (r *Repository) ReRunAll(by string, app *App, sha string) error {
	return r.g.act(func() error {
		who, err := r.demand(by, "write", "run checks again")
		if err != nil {
			return err
		}
		at := slices.IndexFunc(r.suites, func(s *checkSuite) bool { return s.app == app && s.after == sha })
		if at < 0 {
			return fmt.Errorf("%s has no check suite for %s", app.Slug, sha)
		}
		r.g.emitSuite(r, r.suites[at], who, "rerequested")
		return nil
	})
}
