package githubtest

import (
	"fmt"
	"slices"
	"time"
)

// Review is a review of a pull request. What the package returns are copies.
type Review struct {
	ID       int64
	Author   string
	State    string // APPROVED, CHANGES_REQUESTED, COMMENTED or PENDING
	Body     string
	CommitID string
	At       time.Time

	author *account
}

// ReviewComment is a comment on a line or a file of a pull request.
type ReviewComment struct {
	ID        int64
	Review    int64 // id of the review that it came with; each comment made by itself has one of its own
	Author    string
	Body      string
	Path      string
	Line      int    // on Side; 0 when the comment is on the file, or when the line is no longer in the difference
	StartLine int    // 0 unless the comment is on several lines
	Side      string // RIGHT or LEFT; "" on a file
	StartSide string
	OnFile    bool
	CommitID  string // the commit that it was made on
	DiffHunk  string
	ReplyTo   int64  // id of the first comment of the thread, 0 for the first
	Minimized string // why it was minimized, in capitals, such as RESOLVED; "" when it is shown
	Reactions []string
	At        time.Time
	Edited    time.Time

	author                      *account
	originalLine, originalStart int
	outdated                    bool
}

// IssueComment is a comment in the conversation.
type IssueComment struct {
	ID        int64
	Author    string
	Body      string
	Minimized string
	Reactions []string
	At        time.Time
	Edited    time.Time

	author *account
	app    *App
}

type reaction struct {
	id      int64
	who     *account
	content string
	made    time.Time
}

// Comments returns the comments in the conversation, in order.
func (pr *PullRequest) Comments() []IssueComment {
	return locked(pr.g, func() []IssueComment {
		var all []IssueComment
		for _, c := range pr.comments {
			copied := *c
			copied.Reactions = pr.Repo.reactionsTo(c.ID)
			all = append(all, copied)
		}
		return all
	})
}

// ReviewComments returns the comments on lines and files, in the order they were made.
func (pr *PullRequest) ReviewComments() []ReviewComment {
	return locked(pr.g, func() []ReviewComment {
		var all []ReviewComment
		for _, c := range pr.lines {
			copied := *c
			copied.Reactions = pr.Repo.reactionsTo(c.ID)
			all = append(all, copied)
		}
		return all
	})
}

// Reviews returns the reviews in order.
func (pr *PullRequest) Reviews() []Review {
	return locked(pr.g, func() []Review {
		var all []Review
		for _, review := range pr.reviews {
			all = append(all, *review)
		}
		return all
	})
}

func (r *Repository) reactionsTo(comment int64) []string {
	var all []string
	for _, x := range r.reactions[comment] {
		all = append(all, x.content)
	}
	return all
}

// Comment writes in the conversation and returns the comment's id.
func (pr *PullRequest) Comment(by, body string) (id int64) {
	pr.g.must("comment", func() error {
		who, err := pr.Repo.demand(by, "read", "comment")
		if err != nil {
			return err
		}
		id = pr.comment(who, nil, body).ID
		return nil
	})
	return id
}

func (pr *PullRequest) comment(who *account, app *App, body string) *IssueComment {
	c := &IssueComment{ID: pr.g.id(), Author: who.login, Body: body, At: pr.g.now(), Edited: pr.g.now(), author: who, app: app}
	pr.comments = append(pr.comments, c)
	pr.g.emitComment(pr, c, who, "created", nil)
	return c
}

// EditComment changes a comment of the conversation.
func (pr *PullRequest) EditComment(by string, id int64, body string) {
	pr.g.must("edit a comment", func() error {
		at := slices.IndexFunc(pr.comments, func(c *IssueComment) bool { return c.ID == id })
		who := pr.g.person(by)
		if at < 0 || pr.comments[at].author != who && !pr.Repo.allows(who, "write") {
			return fmt.Errorf("%s may not edit comment %d", by, id)
		}
		pr.editComment(who, pr.comments[at], body)
		return nil
	})
}

func (pr *PullRequest) editComment(who *account, c *IssueComment, body string) {
	from := c.Body
	c.Body, c.Edited = body, pr.g.now()
	pr.g.emitComment(pr, c, who, "edited", map[string]any{"changes": map[string]any{"body": map[string]any{"from": from}}})
}

func (pr *PullRequest) editLine(who *account, c *ReviewComment, body string) {
	from := c.Body
	c.Body, c.Edited = body, pr.g.now()
	pr.g.emitLine(pr, c, who, "edited", map[string]any{"changes": map[string]any{"body": map[string]any{"from": from}}})
}

// Reply answers in the thread of a comment on a line and returns the answer's id.
func (pr *PullRequest) Reply(by string, to int64, body string) (id int64) {
	pr.g.must("reply", func() error {
		who, err := pr.Repo.demand(by, "read", "comment")
		if err != nil {
			return err
		}
		c, err := pr.reply(who, to, body)
		if err == nil {
			id = c.ID
		}
		return err
	})
	return id
}

func (pr *PullRequest) reply(who *account, to int64, body string) (*ReviewComment, error) {
	first := pr.lineComment(to)
	if first == nil {
		return nil, notFound()
	}
	if first.ReplyTo != 0 {
		first = pr.lineComment(first.ReplyTo)
	}
	c := *first
	c.ID, c.Review, c.author, c.Author, c.Body, c.ReplyTo = pr.g.id(), pr.review(who, "COMMENTED", "", pr.head).ID, who, who.login, body, first.ID
	c.At, c.Edited, c.Minimized = pr.g.now(), pr.g.now(), ""
	pr.lines = append(pr.lines, &c)
	pr.g.emitLine(pr, &c, who, "created", nil)
	return &c, nil
}

func (pr *PullRequest) lineComment(id int64) *ReviewComment {
	at := slices.IndexFunc(pr.lines, func(c *ReviewComment) bool { return c.ID == id })
	if at < 0 {
		return nil
	}
	return pr.lines[at]
}

// CommentOn writes a comment on a line of the new side of the difference and returns its id.
func (pr *PullRequest) CommentOn(by, path string, line int, body string) (id int64) {
	pr.g.must("comment on a line", func() error {
		who, err := pr.Repo.demand(by, "read", "comment")
		if err != nil {
			return err
		}
		c, err := pr.place(who, pr.head, commentInput{Path: path, Line: line, Body: body})
		if err != nil {
			return err
		}
		c.Review = pr.review(who, "COMMENTED", "", pr.head).ID
		pr.lines = append(pr.lines, c)
		pr.g.emitLine(pr, c, who, "created", nil)
		id = c.ID
		return nil
	})
	return id
}

// Approve approves the pull request.
func (pr *PullRequest) Approve(by string) {
	pr.g.must("approve", func() error {
		who, err := pr.Repo.demand(by, "read", "review")
		if err != nil {
			return err
		}
		if who == pr.author {
			return fmt.Errorf("%s cannot approve their own pull request", by)
		}
		pr.g.emitReview(pr, pr.review(who, "APPROVED", "", pr.head), who)
		return nil
	})
}

func (pr *PullRequest) review(who *account, state, body, commit string) *Review {
	review := &Review{ID: pr.g.id(), Author: who.login, State: state, Body: body, CommitID: commit, At: pr.g.now(), author: who}
	pr.reviews = append(pr.reviews, review)
	return review
}

// Resolve resolves the thread of a comment on a line, as a person does by its button.
func (pr *PullRequest) Resolve(by string, comment int64) {
	pr.g.must("resolve", func() error {
		c := pr.lineComment(comment)
		if c == nil {
			return fmt.Errorf("there is no comment %d", comment)
		}
		pr.threadsResolved[c.thread()] = pr.g.person(by)
		return nil
	})
}

// thread is the id of the first comment of the thread that a comment is in.
func (c *ReviewComment) thread() int64 {
	if c.ReplyTo != 0 {
		return c.ReplyTo
	}
	return c.ID
}

// moveComments follows the lines of comments from the head before to the head now: those whose line changed, or is
// no longer in the difference, are outdated.
func (pr *PullRequest) moveComments(before string) error {
	if len(pr.lines) == 0 {
		return nil
	}
	moved, err := pr.Repo.difference(before, pr.head)
	if err != nil {
		return err
	}
	now, err := pr.difference(pr.head)
	if err != nil {
		return err
	}
	for _, c := range pr.lines {
		if !c.OnFile && !c.outdated && c.Side == "RIGHT" {
			c.move(fileIn(moved, c.Path), fileIn(now, c.Path))
		}
	}
	return nil
}

func (c *ReviewComment) move(moved, now *diffFile) {
	line, start := c.Line, c.StartLine
	if moved != nil {
		line = moved.follow(line)
		if start != 0 {
			start = moved.follow(start)
		}
	}
	if line == 0 || c.StartLine != 0 && start == 0 || now == nil || now.hunkAt(line, "RIGHT") == nil {
		c.Line, c.StartLine, c.outdated = 0, 0, true
		return
	}
	c.Line, c.StartLine = line, start
}

func fileIn(files []*diffFile, path string) *diffFile {
	at := slices.IndexFunc(files, func(f *diffFile) bool { return f != nil && f.path == path })
	if at < 0 {
		return nil
	}
	return files[at]
}
