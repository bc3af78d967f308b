package githubtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// checkInput is what a client sends to make or change a check run; nil where it says nothing.
type checkInput struct {
	Name        *string    `json:"name"`
	HeadSHA     string     `json:"head_sha"`
	DetailsURL  *string    `json:"details_url"`
	ExternalID  *string    `json:"external_id"`
	Status      *string    `json:"status"`
	Conclusion  *string    `json:"conclusion"`
	StartedAt   *time.Time `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at"`
	Output      *struct {
		Title       *string      `json:"title"`
		Summary     *string      `json:"summary"`
		Text        *string      `json:"text"`
		Annotations []Annotation `json:"annotations"`
	} `json:"output"`
	Actions *[]Action `json:"actions"`
}

func (c *call) createRun() (any, error) {
	var in checkInput
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if c.repo.resolve(in.HeadSHA+"^{commit}") != in.HeadSHA {
		return nil, invalid("CheckRun", "head_sha", "custom", "No commit found for SHA: "+in.HeadSHA)
	}
	suite, _ := c.repo.suite(c.who.app, in.HeadSHA, c.repo.branchAt(in.HeadSHA), "")
	run := &CheckRun{
		ID: c.g.id(), App: c.who.app.Slug, HeadSHA: in.HeadSHA, Status: "queued", app: c.who.app, suite: suite,
		MadeAt: c.g.now(), StartedAt: c.g.now(),
	}
	if err := c.change(run, in); err != nil {
		return nil, err
	}
	c.repo.runs = append(c.repo.runs, run)
	c.g.emitRun(c.repo, run, c.who.account, "created", nil)
	c.afterRun(run)
	return c.g.runJSON(c.repo, run), nil
}

func (c *call) updateRun() (any, error) {
	run, err := c.run()
	if err != nil {
		return nil, err
	}
	if run.app != c.who.app {
		return nil, refuse(http.StatusForbidden, "Invalid app_id `%d` - check run can only be modified by the GitHub App that created it.", c.who.app.ID)
	}
	var in checkInput
	if err := c.read(&in); err != nil {
		return nil, err
	}
	changed := run.copied()
	if err := c.change(&changed, in); err != nil {
		return nil, err
	}
	*run = changed
	c.afterRun(run)
	return c.g.runJSON(c.repo, run), nil
}

// afterRun tells of what completed, and lets merge queues go on.
func (c *call) afterRun(run *CheckRun) {
	run.suite.updated = c.g.now()
	if run.Status == "completed" {
		c.g.emitRun(c.repo, run, c.who.account, "completed", nil)
		if status, _ := run.suite.state(c.repo); status == "completed" {
			c.g.emitSuite(c.repo, run.suite, c.who.account, "completed")
		}
	}
	c.g.advanceQueues(c.repo)
}

// change applies what a client sent. A conclusion completes; completing without one is refused, as are annotations
// that GitHub would not take. What the OpenAPI description can express has been checked before.
func (c *call) change(run *CheckRun, in checkInput) error {
	set(&run.Name, in.Name)
	set(&run.DetailsURL, in.DetailsURL)
	set(&run.ExternalID, in.ExternalID)
	set(&run.StartedAt, in.StartedAt)
	set(&run.Status, in.Status)
	if in.Conclusion != nil {
		run.Status, run.Conclusion, run.CompletedAt = "completed", *in.Conclusion, c.g.now()
	}
	set(&run.CompletedAt, in.CompletedAt)
	switch {
	case run.Status != "completed":
		run.Conclusion, run.CompletedAt = "", time.Time{}
	case run.Conclusion == "":
		return invalid("CheckRun", "conclusion", "missing_field", "conclusion is required when the status is completed")
	}
	if in.Actions != nil {
		run.Actions = *in.Actions
	}
	if in.Output == nil {
		return nil
	}
	if in.Output.Title == nil && run.Title == "" {
		return invalid("CheckRun", "output", "missing_field", "title wasn't supplied")
	}
	run.shown = true
	set(&run.Title, in.Output.Title)
	set(&run.Summary, in.Output.Summary)
	set(&run.Text, in.Output.Text)
	for i, a := range in.Output.Annotations {
		if err := checkAnnotation(a); err != nil {
			return invalid("CheckRun", "annotations", "invalid", fmt.Sprintf("annotation %d: %v", i, err))
		}
	}
	run.Annotations = append(run.Annotations, in.Output.Annotations...)
	return nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// checkAnnotation holds an annotation to what GitHub's description says in words only.
func checkAnnotation(a Annotation) error {
	const longest = 64 << 10
	switch {
	case a.StartLine < 1 || a.EndLine < a.StartLine:
		return fmt.Errorf("lines %d to %d", a.StartLine, a.EndLine)
	case a.StartLine != a.EndLine && (a.StartColumn != 0 || a.EndColumn != 0):
		return fmt.Errorf("columns are for annotations of one line")
	case a.EndColumn != 0 && a.EndColumn < a.StartColumn:
		return fmt.Errorf("columns %d to %d", a.StartColumn, a.EndColumn)
	case a.Message == "" || len(a.Message) > longest || len(a.RawDetails) > longest:
		return fmt.Errorf("the message or the details are longer than 64 KB, or there is no message")
	case utf8.RuneCountInString(a.Title) > 255:
		return fmt.Errorf("the title is longer than 255 characters")
	case a.Path == "":
		return fmt.Errorf("there is no path")
	}
	return nil
}

func (c *call) run() (*CheckRun, error) {
	if run := c.repo.runByID(c.number("check_run_id")); run != nil {
		return run, nil
	}
	return nil, notFound()
}

func (c *call) getRun() (any, error) {
	run, err := c.run()
	if err != nil {
		return nil, err
	}
	return c.g.runJSON(c.repo, run), nil
}

func (c *call) listAnnotations() (any, error) {
	run, err := c.run()
	if err != nil {
		return nil, err
	}
	return listOf(run.Annotations, func(a Annotation) map[string]any { return c.g.annotationJSON(c.repo, run, a) }), nil
}

func (c *call) rerequestRun() (any, error) {
	run, err := c.run()
	if err != nil {
		return nil, err
	}
	c.g.emitRun(c.repo, run, c.who.account, "rerequested", nil)
	return map[string]any{}, nil
}

// listRuns answers the check runs of a commit, or of a suite: the newest of each name, unless all are asked for.
func (c *call) listRuns() (any, error) {
	var runs []*CheckRun
	if suite := c.number("check_suite_id"); suite > 0 {
		s, err := c.suite()
		if err != nil {
			return nil, err
		}
		runs = s.runs(c.repo)
	} else {
		sha := c.repo.commitOf(c.params["ref"])
		if sha == "" {
			return nil, unprocessable("No commit found for SHA: " + c.params["ref"])
		}
		runs = slices.Clone(c.repo.runs)
		runs = slices.DeleteFunc(runs, func(run *CheckRun) bool { return run.HeadSHA != sha })
	}
	if c.query("filter") != "all" {
		runs = latest(runs)
	}
	runs = slices.DeleteFunc(runs, func(run *CheckRun) bool { return !c.asksFor(run) })
	slices.SortFunc(runs, func(a, b *CheckRun) int { return cmp.Compare(b.ID, a.ID) })
	l := listOf(runs, func(run *CheckRun) map[string]any { return c.g.runJSON(c.repo, run) })
	l.key = "check_runs"
	return l, nil
}

func (c *call) asksFor(run *CheckRun) bool {
	is := func(name, value string) bool { return c.query(name) == "" || c.query(name) == value }
	return is("check_name", run.Name) && is("status", run.Status) && is("app_id", itoa(run.app.ID))
}

func (c *call) suite() (*checkSuite, error) {
	at := slices.IndexFunc(c.repo.suites, func(s *checkSuite) bool { return s.id == c.number("check_suite_id") })
	if at < 0 {
		return nil, notFound()
	}
	return c.repo.suites[at], nil
}

func (c *call) getSuite() (any, error) {
	s, err := c.suite()
	if err != nil {
		return nil, err
	}
	return c.g.suiteJSON(c.repo, s)
}

func (c *call) listSuites() (any, error) {
	sha := c.repo.commitOf(c.params["ref"])
	l := &list{key: "check_suites", items: []any{}}
	for _, s := range c.repo.suites {
		if s.after != sha || c.query("app_id") != "" && c.query("app_id") != itoa(s.app.ID) {
			continue
		}
		shape, err := c.g.suiteJSON(c.repo, s)
		if err != nil {
			return nil, err
		}
		l.items = append(l.items, shape)
	}
	return l, nil
}

func (c *call) createStatus() (any, error) {
	var in struct{ State, Context, Description, TargetURL string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	s := &commitStatus{
		id: c.g.id(), sha: c.params["sha"], context: cmp.Or(in.Context, "default"), state: in.State, description: in.Description,
		creator: c.who.account, made: c.g.now(),
	}
	if c.repo.resolve(s.sha+"^{commit}") != s.sha {
		return nil, unprocessable("No commit found for SHA: " + s.sha)
	}
	c.repo.statuses = append(c.repo.statuses, s)
	c.g.advanceQueues(c.repo)
	return c.g.statusJSON(c.repo, s), nil
}

// listStatuses answers the statuses of a commit, the newest first.
func (c *call) listStatuses() (any, error) {
	sha := c.repo.commitOf(c.params["ref"])
	l := &list{items: []any{}}
	for _, s := range slices.Backward(c.repo.statuses) {
		if s.sha == sha {
			l.items = append(l.items, c.g.statusJSON(c.repo, s))
		}
	}
	return l, nil
}
