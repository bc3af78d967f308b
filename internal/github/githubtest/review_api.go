package githubtest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// commentInput is a comment on a line as clients send it.
type commentInput struct {
	Path        string `json:"path"`
	Body        string `json:"body"`
	CommitID    string `json:"commit_id"`
	Position    int    `json:"position"`
	Line        int    `json:"line"`
	Side        string `json:"side"`
	StartLine   int    `json:"start_line"`
	StartSide   string `json:"start_side"`
	SubjectType string `json:"subject_type"`
	InReplyTo   int64  `json:"in_reply_to"`
}

const longestComment = 65536 // characters

func checkBody(resource, body string) error {
	switch {
	case utf8.RuneCountInString(body) > longestComment:
		return invalid(resource, "body", "custom", "body is too long (maximum is 65536 characters)")
	case body == "":
		return invalid(resource, "body", "missing_field", "")
	}
	return nil
}

// misplaced says why a comment cannot stand where it is put.
type misplaced struct{ field, problem string }

func (m *misplaced) Error() string {
	return "Pull request review thread " + strings.ReplaceAll(m.field, "_", " ") + " " + m.problem
}

// place puts a comment on its line, or refuses it as GitHub does: the line must be in the difference, and the lines
// of a range in one hunk of it.
func (pr *PullRequest) place(who *account, commit string, in commentInput) (*ReviewComment, error) {
	if err := checkBody("PullRequestReviewComment", in.Body); err != nil {
		return nil, err
	}
	files, err := pr.difference(commit)
	if err != nil {
		return nil, err
	}
	file := fileIn(files, in.Path)
	if file == nil {
		return nil, &misplaced{"path", "could not be resolved"}
	}
	c := &ReviewComment{
		ID: pr.g.id(), Author: who.login, Body: in.Body, Path: in.Path, CommitID: commit, At: pr.g.now(), Edited: pr.g.now(), author: who,
	}
	if in.SubjectType == "file" {
		c.OnFile = true
		return c, nil
	}
	c.Line, c.StartLine, c.Side, c.StartSide = in.Line, in.StartLine, in.Side, in.StartSide
	if c.Side == "" {
		c.Side = "RIGHT"
	}
	if c.StartLine != 0 && (c.StartSide == "" || c.StartSide == "side") {
		c.StartSide = c.Side
	}
	c.originalLine, c.originalStart = c.Line, c.StartLine
	return c, c.within(file)
}

func (c *ReviewComment) within(file *diffFile) error {
	h := file.hunkAt(c.Line, c.Side)
	if h == nil {
		return &misplaced{"line", "must be part of the diff"}
	}
	c.DiffHunk = h.upTo(c.Line, c.Side)
	if c.StartLine == 0 {
		return nil
	}
	start := file.hunkAt(c.StartLine, c.StartSide)
	switch {
	case c.StartSide == c.Side && c.StartLine >= c.Line:
		return &misplaced{"start_line", "must precede the end line."}
	case start == nil:
		return &misplaced{"start_line", "must be part of the diff"}
	case start != h:
		return &misplaced{"start_line", "must be part of the same hunk as the line."}
	}
	return nil
}

func (c *call) pull() (*PullRequest, error) {
	number := c.number("pull_number")
	if number < 0 {
		number = c.number("issue_number")
	}
	if pr := c.repo.pull(int(number)); pr != nil {
		return pr, nil
	}
	return nil, notFound()
}

// commitFor is the commit that a review or a comment is about: one that the pull request has or had as its head.
func (pr *PullRequest) commitFor(asked string) (string, error) {
	if asked == "" {
		return pr.head, nil
	}
	if slices.Contains(pr.heads, asked) {
		return asked, nil
	}
	return "", invalid("PullRequestReviewComment", "commit_id", "invalid", "commit_id is not part of the pull request")
}

var reviewStates = map[string]string{"": "PENDING", "COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}

// reviewInput is a review as clients send it.
type reviewInput struct {
	CommitID string         `json:"commit_id"`
	Body     string         `json:"body"`
	Event    string         `json:"event"`
	Comments []commentInput `json:"comments"`
}

func (in reviewInput) check(pr *PullRequest, who *account) error {
	switch {
	case utf8.RuneCountInString(in.Body) > longestComment:
		return unprocessable("Body is too long (maximum is 65536 characters)")
	case in.Event == "COMMENT" && in.Body == "" && len(in.Comments) == 0, in.Event == "REQUEST_CHANGES" && in.Body == "":
		return unprocessable("Review body cannot be blank")
	case in.Event == "APPROVE" && who == pr.author:
		return unprocessable("Can not approve your own pull request")
	}
	return nil
}

// createReview makes a review with its comments: all of them, or, when one is wrong, none.
func (c *call) createReview() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	var in reviewInput
	if err := c.read(&in); err != nil {
		return nil, err
	}
	commit, err := pr.commitFor(in.CommitID)
	if err != nil {
		return nil, err
	}
	if err := in.check(pr, c.who.account); err != nil {
		return nil, err
	}
	placed, err := pr.placeAll(c.who.account, commit, in.Comments)
	if err != nil {
		return nil, err
	}
	if err := c.made(); err != nil {
		return nil, err
	}
	review := pr.review(c.who.account, reviewStates[in.Event], in.Body, commit)
	for _, p := range placed {
		p.Review = review.ID
		pr.lines = append(pr.lines, p)
		c.g.emitLine(pr, p, c.who.account, "created", nil)
	}
	c.g.emitReview(pr, review, c.who.account)
	return c.g.reviewJSON(pr, review), nil
}

func (pr *PullRequest) placeAll(who *account, commit string, all []commentInput) ([]*ReviewComment, error) {
	var placed []*ReviewComment
	for _, in := range all {
		p, err := pr.place(who, commit, in)
		if wrong := new(misplaced); errors.As(err, &wrong) {
			return nil, unprocessable(wrong.Error())
		}
		if err != nil {
			return nil, err
		}
		placed = append(placed, p)
	}
	return placed, nil
}

func (c *call) listReviews() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	return listOf(pr.reviews, func(r *Review) map[string]any { return c.g.reviewJSON(pr, r) }), nil
}

func (c *call) listReviewComments() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	id := c.number("review_id")
	of := slices.DeleteFunc(slices.Clone(pr.lines), func(x *ReviewComment) bool { return x.Review != id })
	return listOf(of, func(x *ReviewComment) map[string]any { return c.g.lineJSON(pr, x) }), nil
}

// createLineComment makes one comment on a line or a file, or an answer to one.
func (c *call) createLineComment() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	var in commentInput
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if in.InReplyTo != 0 {
		return c.replied(pr, in.InReplyTo, in.Body)
	}
	commit, err := pr.commitFor(in.CommitID)
	if err != nil {
		return nil, err
	}
	placed, err := pr.place(c.who.account, commit, in)
	if wrong := new(misplaced); errors.As(err, &wrong) {
		field := "pull_request_review_thread." + wrong.field
		return nil, invalid("PullRequestReviewComment", field, "custom", field+" "+wrong.problem)
	}
	if err != nil {
		return nil, err
	}
	if err := c.made(); err != nil {
		return nil, err
	}
	placed.Review = pr.review(c.who.account, "COMMENTED", "", commit).ID
	pr.lines = append(pr.lines, placed)
	c.g.emitLine(pr, placed, c.who.account, "created", nil)
	return c.g.lineJSON(pr, placed), nil
}

func (c *call) replied(pr *PullRequest, to int64, body string) (any, error) {
	if err := checkBody("PullRequestReviewComment", body); err != nil {
		return nil, err
	}
	if pr.lineComment(to) == nil {
		return nil, notFound()
	}
	if err := c.made(); err != nil {
		return nil, err
	}
	answer, err := pr.reply(c.who.account, to, body)
	if err != nil {
		return nil, err
	}
	return c.g.lineJSON(pr, answer), nil
}

func (c *call) createReply() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	var in struct{ Body string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return c.replied(pr, c.number("comment_id"), in.Body)
}

func (c *call) listLineComments() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	return listOf(pr.lines, func(x *ReviewComment) map[string]any { return c.g.lineJSON(pr, x) }), nil
}

// line finds the comment on a line that the path names.
func (c *call) line() (*PullRequest, *ReviewComment, error) {
	for _, pr := range c.repo.pulls {
		if x := pr.lineComment(c.number("comment_id")); x != nil {
			return pr, x, nil
		}
	}
	return nil, nil, notFound()
}

func (c *call) getLine() (any, error) {
	pr, x, err := c.line()
	if err != nil {
		return nil, err
	}
	return c.g.lineJSON(pr, x), nil
}

// mayEdit refuses to change what somebody else wrote, unless it is a person with the write role. Apps may change only
// their own.
func (c *call) mayEdit(author *account) error {
	if c.who.account == author || c.who.app == nil && c.repo.allows(c.who.account, "write") {
		return nil
	}
	return errIntegration
}

func (c *call) editLine() (any, error) {
	pr, x, err := c.line()
	if err != nil {
		return nil, err
	}
	var in struct{ Body string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if err := c.rewriteLine(pr, x, in.Body); err != nil {
		return nil, err
	}
	return c.g.lineJSON(pr, x), nil
}

func (c *call) rewriteLine(pr *PullRequest, x *ReviewComment, body string) error {
	if err := c.mayEdit(x.author); err != nil {
		return err
	}
	if err := checkBody("PullRequestReviewComment", body); err != nil {
		return err
	}
	pr.editLine(c.who.account, x, body)
	return nil
}

func (c *call) deleteLine() (any, error) {
	pr, x, err := c.line()
	if err != nil {
		return nil, err
	}
	if err := c.mayEdit(x.author); err != nil {
		return nil, err
	}
	pr.lines = slices.DeleteFunc(pr.lines, func(y *ReviewComment) bool { return y == x })
	c.g.emitLine(pr, x, c.who.account, "deleted", nil)
	return nil, nil
}

// submitReview turns a pending review into a sent one.
func (c *call) submitReview() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(pr.reviews, func(r *Review) bool { return r.ID == c.number("review_id") })
	if at < 0 || pr.reviews[at].State != "PENDING" {
		return nil, notFound()
	}
	var in struct{ Body, Event string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	review := pr.reviews[at]
	if review.author != c.who.account {
		return nil, refuse(http.StatusForbidden, "%s", fmt.Sprintf("the review is %s's", review.Author))
	}
	review.State, review.Body = reviewStates[in.Event], in.Body
	c.g.emitReview(pr, review, c.who.account)
	return c.g.reviewJSON(pr, review), nil
}
