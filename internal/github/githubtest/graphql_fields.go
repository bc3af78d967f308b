package githubtest

import (
	"fmt"
	"strings"
	"time"
)

// queries is what can be asked for.
func (q *query) queries() object {
	return object{
		"__typename": "Query",
		"node":       resolver(func(args map[string]any) (any, error) { return q.node(fmt.Sprint(args["id"])) }),
		"repository": resolver(func(args map[string]any) (any, error) {
			r := q.g.repos[fold(fmt.Sprint(args["owner"])+"/"+fmt.Sprint(args["name"]))]
			if r == nil || q.may(r, metadataRead) != nil {
				return nil, refuse(404, "Could not resolve to a Repository with the name '%v/%v'.", args["owner"], args["name"])
			}
			return q.repository(r), nil
		}),
		"viewer": object{"__typename": "User", "id": "U_" + itoa(q.who.account.id), "login": q.who.account.login},
		"rateLimit": object{
			"limit": q.g.limits.hourly, "remaining": q.g.limits.hourly, "used": 0, "cost": 1, "resetAt": stamp(q.g.now().Add(time.Hour)),
		},
	}
}

// may holds the caller to a permission in a repository.
func (q *query) may(r *Repository, needs string) error {
	c := *q.call
	c.repo = r
	return c.permit(needs)
}

// target is what a node's id names: a comment, a comment on a line or a thread of them, of a pull request.
type target struct {
	pr      *PullRequest
	comment *IssueComment
	line    *ReviewComment
	thread  int64
}

func (q *query) target(id string) (target, error) {
	kind, digits, _ := strings.Cut(id, "_")
	n := int64(position("cursor:" + digits))
	for _, r := range q.g.repos {
		for _, pr := range r.pulls {
			t := target{pr: pr}
			switch kind {
			case "IC":
				for _, c := range pr.comments {
					if c.ID == n {
						t.comment = c
					}
				}
			case "PRRC":
				t.line = pr.lineComment(n)
			case "PRRT":
				if c := pr.lineComment(n); c != nil && c.ReplyTo == 0 {
					t.thread = n
				}
			}
			if (t.comment != nil || t.line != nil || t.thread != 0) && q.may(r, talkRead) == nil {
				return t, nil
			}
		}
	}
	return target{}, refuse(404, "Could not resolve to a node with the global id of '%s'", id)
}

func (q *query) node(id string) (any, error) {
	t, err := q.target(id)
	if err != nil {
		return nil, err
	}
	return q.shape(t), nil
}

func (q *query) shape(t target) object {
	switch {
	case t.comment != nil:
		return q.comment(t.pr, t.comment)
	case t.line != nil:
		return q.line(t.pr, t.line)
	}
	return q.thread(t.pr, t.thread)
}

func (q *query) repository(r *Repository) object {
	return object{
		"__typename": "Repository", "id": node("R", r.ID), "databaseId": r.ID, "name": r.Name, "nameWithOwner": r.FullName(),
		"pullRequest": resolver(func(args map[string]any) (any, error) {
			pr := r.pull(number(args["number"]))
			if pr == nil {
				return nil, refuse(404, "Could not resolve to a PullRequest with the number of %v.", args["number"])
			}
			return q.pullRequest(pr), nil
		}),
	}
}

func (q *query) pullRequest(pr *PullRequest) object {
	var threads, comments []object
	for _, c := range pr.lines {
		if c.ReplyTo == 0 {
			threads = append(threads, q.thread(pr, c.ID))
		}
	}
	for _, c := range pr.comments {
		comments = append(comments, q.comment(pr, c))
	}
	state := strings.ToUpper(pr.state)
	if pr.merged {
		state = "MERGED"
	}
	return object{
		"__typename": "PullRequest", "id": node("PR", pr.id), "databaseId": pr.id, "number": pr.Number, "title": pr.title, "state": state,
		"isDraft": pr.draft, "headRefOid": pr.head, "baseRefName": pr.base, "author": q.actor(pr.author),
		"reviewThreads": connection("reviewThreads", threads), "comments": connection("comments", comments),
	}
}

func (q *query) actor(a *account) object {
	kind, login := a.kind, a.login
	if kind == "Bot" {
		login = strings.TrimSuffix(login, "[bot]") // GraphQL names bots without it
	}
	return object{"__typename": kind, "id": node("U", a.id), "login": login}
}

func (q *query) comment(pr *PullRequest, c *IssueComment) object {
	return object{
		"__typename": "IssueComment", "id": node("IC", c.ID), "databaseId": c.ID, "body": c.Body, "author": q.actor(c.author), "createdAt": stamp(c.At),
		"updatedAt": stamp(c.Edited), "isMinimized": c.Minimized != "", "minimizedReason": minimized(c.Minimized),
		"url": fmt.Sprintf("%s/%s/pull/%d#issuecomment-%d", q.g.url, pr.Repo.FullName(), pr.Number, c.ID),
	}
}

// minimized is the reason as GitHub writes it when asked, which is not how it wants to be told.
func minimized(classifier string) any {
	return orNull(strings.ReplaceAll(strings.ToLower(classifier), "_", "-"))
}

func (q *query) line(pr *PullRequest, c *ReviewComment) object {
	o := object{
		"__typename": "PullRequestReviewComment", "id": node("PRRC", c.ID), "databaseId": c.ID, "body": c.Body, "author": q.actor(c.author), "path": c.Path,
		"createdAt": stamp(c.At), "updatedAt": stamp(c.Edited), "isMinimized": c.Minimized != "", "minimizedReason": minimized(c.Minimized),
		"outdated": c.outdated, "url": fmt.Sprintf("%s/%s/pull/%d#discussion_r%d", q.g.url, pr.Repo.FullName(), pr.Number, c.ID),
	}
	if c.ReplyTo != 0 {
		o["replyTo"] = q.line(pr, pr.lineComment(c.ReplyTo))
	}
	return o
}

func (q *query) thread(pr *PullRequest, id int64) object {
	first := pr.lineComment(id)
	var comments []object
	for _, c := range pr.lines {
		if c.thread() == id {
			comments = append(comments, q.line(pr, c))
		}
	}
	subject, by := "LINE", object(nil)
	if first.OnFile {
		subject = "FILE"
	}
	if who := pr.threadsResolved[id]; who != nil {
		by = q.actor(who)
	}
	return object{
		"__typename": "PullRequestReviewThread", "id": node("PRRT", id), "isResolved": pr.threadsResolved[id] != nil, "resolvedBy": by,
		"isOutdated": first.outdated, "path": first.Path, "line": numberOrNull(first.Line), "startLine": numberOrNull(first.StartLine),
		"subjectType": subject, "comments": connection("comments", comments),
	}
}

// mutations is what can be done.
func (q *query) mutations() object {
	change := func(key, idField, needs string, do func(t target, input map[string]any) error) resolver {
		return func(args map[string]any) (any, error) {
			input, _ := args["input"].(map[string]any)
			t, err := q.target(fmt.Sprint(input[idField]))
			if err != nil {
				return nil, err
			}
			if err := q.may(t.pr.Repo, needs); err != nil {
				return nil, err
			}
			if err := do(t, input); err != nil {
				return nil, err
			}
			return object{"clientMutationId": input["clientMutationId"], key: q.shape(t)}, nil
		}
	}
	return object{
		"__typename": "Mutation",
		"minimizeComment": change("minimizedComment", "subjectId", talkWrite, func(t target, input map[string]any) error {
			return t.minimize(fmt.Sprint(input["classifier"]))
		}),
		"unminimizeComment": change("unminimizedComment", "subjectId", talkWrite, func(t target, _ map[string]any) error { return t.minimize("") }),
		// Resolving a thread needs contents:write, though it touches none.
		"resolveReviewThread": change("thread", "threadId", contentsWrite, func(t target, _ map[string]any) error {
			t.pr.threadsResolved[t.thread] = q.who.account
			return nil
		}),
		"unresolveReviewThread": change("thread", "threadId", contentsWrite, func(t target, _ map[string]any) error {
			delete(t.pr.threadsResolved, t.thread)
			return nil
		}),
		"updatePullRequestReviewComment": change("pullRequestReviewComment", "pullRequestReviewCommentId", pullsWrite, q.rewrite),
		"updateIssueComment":             change("issueComment", "id", talkWrite, q.rewrite),
	}
}

// rewrite gives a comment another text.
func (q *query) rewrite(t target, input map[string]any) error {
	c := *q.call
	c.repo = t.pr.Repo
	body := fmt.Sprint(input["body"])
	switch {
	case t.comment != nil:
		return c.rewriteComment(t.pr, t.comment, body)
	case t.line != nil:
		return c.rewriteLine(t.pr, t.line, body)
	}
	return refuse(404, "Could not resolve to a comment")
}

func (t target) minimize(classifier string) error {
	switch {
	case t.comment != nil:
		t.comment.Minimized = classifier
	case t.line != nil:
		t.line.Minimized = classifier
	default:
		return refuse(422, "That cannot be minimized")
	}
	return nil
}
