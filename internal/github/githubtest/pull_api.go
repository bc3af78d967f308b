package githubtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func (c *call) getPull() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	return c.g.fullPullJSON(pr)
}

// listPulls answers the pull requests, the newest first unless the client wants it otherwise.
func (c *call) listPulls() (any, error) {
	state, head, base := c.query("state"), c.query("head"), c.query("base")
	var all []*PullRequest
	for _, pr := range c.repo.pulls {
		wanted := state == "all" || pr.state == state || state == "" && pr.state == "open"
		if wanted && (head == "" || head == pr.headRepo.owner.login+":"+pr.headBranch) && (base == "" || base == pr.base) {
			all = append(all, pr)
		}
	}
	if c.query("direction") != "asc" {
		slices.Reverse(all)
	}
	return listOf(all, c.g.pullJSON), nil
}

func (c *call) listPullsOfCommit() (any, error) {
	sha := c.params["commit_sha"]
	all := slices.DeleteFunc(slices.Clone(c.repo.pulls), func(pr *PullRequest) bool { return !slices.Contains(pr.heads, sha) })
	return listOf(all, c.g.pullJSON), nil
}

// listPullFiles answers the files of the difference. GitHub shows no more than 3000.
func (c *call) listPullFiles() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	files, err := pr.difference(pr.head)
	if err != nil {
		return nil, err
	}
	files = shown(files)
	files = files[:min(len(files), 3000)]
	return listOf(files, func(f *diffFile) object { return c.g.fileJSON(pr.Repo, pr.head, f) }), nil
}

func (c *call) listPullCommits() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	commits, err := pr.commits()
	if err != nil {
		return nil, err
	}
	return listOf(commits, func(info commitInfo) object { return c.g.commitJSON(pr.Repo, info) }), nil
}

// createPull opens a pull request from a branch of the repository, or of a fork where the head is OWNER:BRANCH.
func (c *call) createPull() (any, error) {
	var in struct {
		Title, Head, Base, Body string
		Draft                   bool
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	from, branch := c.repo, in.Head
	if owner, name, other := strings.Cut(in.Head, ":"); other {
		branch = name
		if fold(owner) != fold(c.repo.owner.login) {
			if from = c.g.forkOf(c.repo, owner); from == nil {
				return nil, invalid("PullRequest", "head", "invalid", "")
			}
		}
	}
	if err := c.made(); err != nil {
		return nil, err
	}
	pr, err := c.repo.open(c.who.account, from, Proposal{Branch: branch, Base: in.Base, Title: in.Title, Body: in.Body, Draft: in.Draft})
	if err != nil {
		return nil, err
	}
	return c.g.fullPullJSON(pr)
}

func (g *GitHub) forkOf(r *Repository, owner string) *Repository {
	for _, f := range g.repos {
		if f.parent == r && fold(f.owner.login) == fold(owner) {
			return f
		}
	}
	return nil
}

func (c *call) editPull() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	var in struct{ Title, Body, State, Base *string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	set(&pr.title, in.Title)
	set(&pr.body, in.Body)
	set(&pr.base, in.Base)
	pr.updated = c.g.now()
	if in.State != nil && *in.State == "closed" && pr.state == "open" {
		pr.close(c.who.account)
	}
	return c.g.fullPullJSON(pr)
}

func (c *call) mergePull() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	var in struct {
		SHA         string
		MergeMethod string `json:"merge_method"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if in.SHA != "" && in.SHA != pr.head {
		return nil, refuse(http.StatusConflict, "Head branch was modified. Review and try the merge again.")
	}
	if err := pr.merge(c.who.account, in.MergeMethod); err != nil {
		return nil, err
	}
	return object{"sha": pr.mergeCommit, "merged": true, "message": "Pull Request successfully merged"}, nil
}

func (c *call) getIssue() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	return c.g.issueJSON(pr), nil
}

func (c *call) listComments() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	return listOf(pr.comments, func(x *IssueComment) object { return c.g.commentJSON(pr, x) }), nil
}

func (c *call) createComment() (any, error) {
	pr, err := c.pull()
	if err != nil {
		return nil, err
	}
	var in struct{ Body string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if err := checkBody("IssueComment", in.Body); err != nil {
		return nil, err
	}
	if err := c.made(); err != nil {
		return nil, err
	}
	return c.g.commentJSON(pr, pr.comment(c.who.account, c.who.app, in.Body)), nil
}

// comment finds the comment of a conversation that the path names.
func (c *call) comment() (*PullRequest, *IssueComment, error) {
	for _, pr := range c.repo.pulls {
		if at := slices.IndexFunc(pr.comments, func(x *IssueComment) bool { return x.ID == c.number("comment_id") }); at >= 0 {
			return pr, pr.comments[at], nil
		}
	}
	return nil, nil, notFound()
}

func (c *call) getComment() (any, error) {
	pr, x, err := c.comment()
	if err != nil {
		return nil, err
	}
	return c.g.commentJSON(pr, x), nil
}

func (c *call) editComment() (any, error) {
	pr, x, err := c.comment()
	if err != nil {
		return nil, err
	}
	var in struct{ Body string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if err := c.rewriteComment(pr, x, in.Body); err != nil {
		return nil, err
	}
	return c.g.commentJSON(pr, x), nil
}

func (c *call) rewriteComment(pr *PullRequest, x *IssueComment, body string) error {
	if err := c.mayEdit(x.author); err != nil {
		return err
	}
	if err := checkBody("IssueComment", body); err != nil {
		return err
	}
	pr.editComment(c.who.account, x, body)
	return nil
}

func (c *call) deleteComment() (any, error) {
	pr, x, err := c.comment()
	if err != nil {
		return nil, err
	}
	if err := c.mayEdit(x.author); err != nil {
		return nil, err
	}
	pr.comments = slices.DeleteFunc(pr.comments, func(y *IssueComment) bool { return y == x })
	c.g.emitComment(pr, x, c.who.account, "deleted", nil)
	return nil, nil
}

// reactTo adds a reaction; the same one by the same person is answered with the one that is there, and 200.
func (c *call) reactTo(id int64) (any, error) {
	var in struct{ Content string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	for _, x := range c.repo.reactions[id] {
		if x.who == c.who.account && x.content == in.Content {
			c.status = http.StatusOK
			return c.g.reactionJSON(x), nil
		}
	}
	x := &reaction{id: c.g.id(), who: c.who.account, content: in.Content, made: c.g.now()}
	c.repo.reactions[id] = append(c.repo.reactions[id], x)
	return c.g.reactionJSON(x), nil
}

// target is the id of what a reaction is to: a comment, a comment on a line, or a pull request.
func (c *call) target() (int64, error) {
	if c.params["issue_number"] != "" {
		pr, err := c.pull()
		if err != nil {
			return 0, err
		}
		return pr.id, nil
	}
	if _, x, err := c.comment(); err == nil && !strings.Contains(c.request.URL.Path, "/pulls/") {
		return x.ID, nil
	}
	if _, x, err := c.line(); err == nil && strings.Contains(c.request.URL.Path, "/pulls/") {
		return x.ID, nil
	}
	return 0, notFound()
}

func (c *call) createReaction() (any, error) {
	id, err := c.target()
	if err != nil {
		return nil, err
	}
	return c.reactTo(id)
}

func (c *call) listReactions() (any, error) {
	id, err := c.target()
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(slices.Clone(c.repo.reactions[id]), func(x *reaction) bool {
		return c.query("content") != "" && c.query("content") != x.content
	})
	return listOf(all, c.g.reactionJSON), nil
}

func (c *call) deleteReaction() (any, error) {
	id, err := c.target()
	if err != nil {
		return nil, err
	}
	all := c.repo.reactions[id]
	at := slices.IndexFunc(all, func(x *reaction) bool { return x.id == c.number("reaction_id") })
	if at < 0 {
		return nil, notFound()
	}
	if all[at].who != c.who.account {
		return nil, errIntegration
	}
	c.repo.reactions[id] = slices.Delete(slices.Clone(all), at, at+1)
	return nil, nil
}

// cursored pages deliveries by a cursor, which is the id of the first one of the page.
func (c *call) cursored(all []*Delivery) any {
	size := clamp(c.query("per_page"), 30, 100)
	if cursor := c.query("cursor"); cursor != "" {
		at := slices.IndexFunc(all, func(d *Delivery) bool { return cursor == itoa(d.ID) })
		all = all[max(0, at):]
	}
	l := &list{items: []any{}}
	for _, d := range all[:min(size, len(all))] {
		l.items = append(l.items, c.g.deliveryJSON(d))
	}
	if len(all) > size {
		query := c.request.URL.Query()
		query.Set("cursor", itoa(all[size].ID))
		l.link = fmt.Sprintf("<%s%s?%s>; rel=%q", c.g.url, c.request.URL.EscapedPath(), query.Encode(), "next")
	}
	return l
}
