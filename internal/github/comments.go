package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/report"
)

// Comment brings the comments of the pull request in line with a publication: what is there and wanted stays, the
// rest follows. It writes nothing when nothing has changed. A merge group has no comments.
func (p *Publisher) Comment(ctx context.Context, wanted report.Publication) (Outcome, error) {
	if p.Number <= 0 {
		return Outcome{}, nil
	}
	if err := cmp.Or(p.Client.owns(p.Repository), checkCommit("head", p.Head), recognisable(p.as(), wanted)); err != nil {
		return Outcome{}, err
	}
	have, err := p.discussion(ctx, wanted.Comment != "")
	if err != nil {
		return Outcome{}, err
	}
	posts, tidy := reconcile(wanted, p.Head, have.inline)
	out, replaced, err := p.post(ctx, posts)
	if err != nil {
		return out, err
	}
	posted, changed, err := p.summary(ctx, wanted.Comment, have.summaries)
	if err != nil {
		return out, err
	}
	if posted {
		out.Posted++
	}
	tidy = slices.Concat(replaced, tidy, changed)
	out.Hidden = count(tidy, "minimizeComment")
	out.Edited = count(tidy, "updatePullRequestReviewComment") + count(tidy, "updateIssueComment")
	return out, p.Client.mutate(ctx, tidy, p.Current)
}

// recognisable refuses texts that would not be recognised as ours, and so be posted again by every run.
func recognisable(as string, wanted report.Publication) error {
	for _, w := range wanted.Comments {
		if shows, ok := report.ParseMarker(as, w.Body); !ok || !slices.Equal(shows, w.Fingerprints) {
			return fmt.Errorf("the comment on %s:%d does not end with the marker of its fingerprints", w.File, w.Line)
		}
	}
	if wanted.Comment != "" && !report.IsSummary(as, wanted.Comment) {
		return errors.New("the summary comment does not end with its marker")
	}
	return nil
}

func count(changes []mutation, field string) (n int) {
	for _, m := range changes {
		if m.field == field {
			n++
		}
	}
	return n
}

// post sends what is new: all comments on lines as one review, which makes one notification, and those on files by
// themselves, since a review cannot hold them. It returns what is to be done about the comments whose place they take.
func (p *Publisher) post(ctx context.Context, posts []post) (out Outcome, replaced []mutation, err error) {
	var lines []report.Comment
	for _, c := range posts {
		if c.Line > 0 {
			lines = append(lines, c.Comment)
		}
	}
	taken, err := p.review(ctx, lines)
	if err != nil {
		return out, nil, err
	}
	for _, c := range posts {
		ok := taken && c.Line > 0
		if !ok {
			if ok, err = p.place(ctx, c.Comment, len(lines) > 1); err != nil {
				return out, nil, err
			}
		}
		if !ok {
			out.Unplaced = append(out.Unplaced, c.Comment)
			continue
		}
		out.Posted++
		for _, s := range c.replaces {
			replaced = append(replaced, minimize(s.node, "OUTDATED"))
		}
	}
	return out, replaced, nil
}

// place posts a comment by itself: on its line, if that was not refused by itself already, else on its file. It
// reports whether GitHub took it.
func (p *Publisher) place(ctx context.Context, c report.Comment, onLine bool) (bool, error) {
	if c.Line > 0 {
		if onLine {
			if ok, err := p.one(ctx, c); ok || err != nil {
				return ok, err
			}
		}
		c.Body, c.Line, c.StartLine = onFile(c, p.Head), 0, 0
	}
	return p.one(ctx, c)
}

// review posts comments on lines as one review. GitHub refuses all of them when it does not take one of them: then it
// reports false.
//
// https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request
func (p *Publisher) review(ctx context.Context, comments []report.Comment) (taken bool, err error) {
	if len(comments) == 0 {
		return true, nil
	}
	if err := p.Current(); err != nil {
		return false, err
	}
	request := &github.PullRequestReviewRequest{CommitID: &p.Head, Event: github.String("COMMENT")}
	for _, c := range comments {
		draft := &github.DraftReviewComment{Path: &c.File, Body: &c.Body, Line: &c.Line, Side: github.String(sideOfHead)}
		draft.StartLine, draft.StartSide = rangeStart(c)
		request.Comments = append(request.Comments, draft)
	}
	_, _, err = p.Client.rest.PullRequests.CreateReview(ctx, p.Repository.Owner, p.Repository.Name, p.Number, request)
	return accepted(failure(ctx, "post a review", err))
}

// one posts a comment by itself, on a line or, without one, on a file. It reports whether GitHub took it.
//
// https://docs.github.com/en/rest/pulls/comments#create-a-review-comment-for-a-pull-request
func (p *Publisher) one(ctx context.Context, c report.Comment) (bool, error) {
	if err := p.Current(); err != nil {
		return false, err
	}
	comment := &github.PullRequestComment{CommitID: &p.Head, Path: &c.File, Body: &c.Body}
	if c.Line == 0 {
		comment.SubjectType = github.String("file")
	} else {
		comment.Line, comment.Side = &c.Line, github.String(sideOfHead)
		comment.StartLine, comment.StartSide = rangeStart(c)
	}
	_, _, err := p.Client.rest.PullRequests.CreateComment(ctx, p.Repository.Owner, p.Repository.Name, p.Number, comment)
	return accepted(failure(ctx, "post a comment", err))
}

// sideOfHead is what GitHub calls the side of a difference that shows the head.
const sideOfHead = "RIGHT"

// rangeStart is where a comment on several lines begins; GitHub refuses one that begins on its last line.
func rangeStart(c report.Comment) (line *int, side *string) {
	if c.StartLine <= 0 || c.StartLine >= c.Line {
		return nil, nil
	}
	return &c.StartLine, github.String(sideOfHead)
}

// accepted tells a refusal of what was sent from other failures.
func accepted(err error) (bool, error) {
	if errors.Is(err, ErrRefused) {
		return false, nil
	}
	return err == nil, err
}

// summary keeps at most one comment in the conversation: posted once, edited from then on. It reports whether it was
// posted, and what is to be changed.
func (p *Publisher) summary(ctx context.Context, text string, have []shown) (posted bool, changes []mutation, err error) {
	if text != "" && len(have) == 0 {
		if err := p.Current(); err != nil {
			return false, nil, err
		}
		comment := &github.IssueComment{Body: &text}
		_, _, err := p.Client.rest.Issues.CreateComment(ctx, p.Repository.Owner, p.Repository.Name, p.Number, comment)
		return err == nil, nil, failure(ctx, "post the summary comment", err)
	}
	for i, s := range have {
		wanted := text != "" && i == 0
		switch {
		case s.byPerson() || !wanted && s.hidden:
		case !wanted:
			changes = append(changes, minimize(s.node, "OUTDATED"))
		default:
			if s.hidden {
				changes = append(changes, unminimize(s.node))
			}
			if !same(text, s.body) {
				changes = append(changes, editComment(s.node, text))
			}
		}
	}
	return false, changes, nil
}
