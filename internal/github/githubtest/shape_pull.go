package githubtest

import (
	"fmt"
	"slices"
)

// association says what somebody is to a repository.
func (r *Repository) association(a *account) string {
	switch {
	case a == r.owner:
		return "OWNER"
	case r.owner.members[fold(a.login)] != "":
		return "MEMBER"
	case r.people[fold(a.login)] != "":
		return "COLLABORATOR"
	}
	return "NONE"
}

// pullJSON is a pull request as lists and webhooks write it.
func (g *GitHub) pullJSON(pr *PullRequest) object {
	at, html := g.api("/repos/%s", pr.Repo.FullName()), fmt.Sprintf("%s/%s/pull/%d", g.url, pr.Repo.FullName(), pr.Number)
	self := fmt.Sprintf("%s/pulls/%d", at, pr.Number)
	issue := fmt.Sprintf("%s/issues/%d", at, pr.Number)
	links := object{
		"self": self, "html": html, "issue": issue, "comments": issue + "/comments", "review_comments": self + "/comments",
		"review_comment": at + "/pulls/comments{/number}", "commits": self + "/commits", "statuses": at + "/statuses/" + pr.head,
	}
	o := object{
		"url": self, "id": pr.id, "node_id": node("PR", pr.id), "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch",
		"issue_url": issue, "number": pr.Number, "state": pr.state, "locked": false, "title": pr.title, "user": g.accountJSON(pr.author),
		"body": orNull(pr.body), "created_at": stamp(pr.made), "updated_at": stamp(pr.updated), "closed_at": stamp(pr.closedAt),
		"merged_at": stamp(pr.mergedAt), "merge_commit_sha": orNull(pr.mergeCommit), "assignee": nil, "assignees": []any{},
		"requested_reviewers": []any{}, "requested_teams": []any{}, "labels": []any{}, "milestone": nil, "draft": pr.draft,
		"commits_url": links["commits"], "review_comments_url": links["review_comments"], "review_comment_url": links["review_comment"],
		"comments_url": links["comments"], "statuses_url": links["statuses"], "head": g.endJSON(pr.headRepo, pr.headBranch, pr.head),
		"base": g.endJSON(pr.Repo, pr.base, pr.baseCommit()), "author_association": pr.Repo.association(pr.author), "auto_merge": nil,
		"active_lock_reason": nil,
	}
	hrefs := object{}
	for name, link := range links {
		hrefs[name] = object{"href": link}
	}
	o["_links"] = hrefs
	return o
}

func (g *GitHub) endJSON(r *Repository, branch, commit string) object {
	return object{
		"label": r.owner.login + ":" + branch, "ref": branch, "sha": commit, "user": g.accountJSON(r.owner), "repo": g.repositoryJSON(r),
	}
}

// fullPullJSON is a pull request that was asked for by number, or that a webhook is about.
func (g *GitHub) fullPullJSON(pr *PullRequest) (object, error) {
	files, err := pr.difference(pr.head)
	if err != nil {
		return nil, err
	}
	o := g.pullJSON(pr)
	additions, deletions := 0, 0
	for _, f := range files {
		if f != nil {
			additions, deletions = additions+f.additions, deletions+f.deletions
		}
	}
	commits, err := pr.commits()
	if err != nil {
		return nil, err
	}
	o["additions"], o["deletions"], o["changed_files"], o["commits"] = additions, deletions, len(files), len(commits)
	o["comments"], o["review_comments"], o["maintainer_can_modify"] = len(pr.comments), len(pr.lines), pr.headRepo != pr.Repo
	o["merged"], o["merged_by"] = pr.merged, g.accountOrNull(pr.mergedBy)
	o["mergeable"], o["rebaseable"], o["mergeable_state"] = nil, nil, "unknown"
	if pr.state == "open" {
		_, conflict := pr.Repo.git("merge-tree", "--write-tree", pr.baseCommit(), pr.head)
		o["mergeable"], o["rebaseable"], o["mergeable_state"] = conflict == nil, conflict == nil, pr.mergeableState(conflict)
	}
	return o, nil
}

func (pr *PullRequest) mergeableState(conflict error) string {
	switch {
	case conflict != nil:
		return "dirty"
	case pr.draft:
		return "draft"
	case pr.blocked() != nil:
		return "blocked"
	}
	return "clean"
}

// issueJSON is a pull request as the issue that it also is.
func (g *GitHub) issueJSON(pr *PullRequest) object {
	at := g.api("/repos/%s", pr.Repo.FullName())
	self := fmt.Sprintf("%s/issues/%d", at, pr.Number)
	html := fmt.Sprintf("%s/%s/pull/%d", g.url, pr.Repo.FullName(), pr.Number)
	return object{
		"url": self, "repository_url": at, "labels_url": self + "/labels{/name}", "comments_url": self + "/comments", "events_url": self + "/events",
		"html_url": html, "id": pr.id, "node_id": node("PR", pr.id), "number": pr.Number, "title": pr.title, "user": g.accountJSON(pr.author),
		"labels": []any{}, "state": pr.state, "locked": false, "assignee": nil, "assignees": []any{}, "milestone": nil, "comments": len(pr.comments),
		"created_at": stamp(pr.made), "updated_at": stamp(pr.updated), "closed_at": stamp(pr.closedAt), "author_association": pr.Repo.association(pr.author),
		"active_lock_reason": nil, "draft": pr.draft, "body": orNull(pr.body), "reactions": g.reactionsJSON(pr.Repo, pr.id, self), "timeline_url": self + "/timeline",
		"performed_via_github_app": nil, "state_reason": nil,
		"pull_request": object{
			"url": fmt.Sprintf("%s/pulls/%d", at, pr.Number), "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch",
			"merged_at": stamp(pr.mergedAt),
		},
	}
}

func (g *GitHub) reviewJSON(pr *PullRequest, r *Review) object {
	self := g.api("/repos/%s/pulls/%d", pr.Repo.FullName(), pr.Number)
	html := fmt.Sprintf("%s/%s/pull/%d#pullrequestreview-%d", g.url, pr.Repo.FullName(), pr.Number, r.ID)
	return object{
		"id": r.ID, "node_id": node("PRR", r.ID), "user": g.accountJSON(r.author), "body": r.Body, "state": r.State, "html_url": html,
		"pull_request_url": self, "author_association": pr.Repo.association(r.author), "submitted_at": stamp(r.At), "commit_id": r.CommitID,
		"_links": object{"html": object{"href": html}, "pull_request": object{"href": self}},
	}
}

// lineJSON is a comment on a line or a file. Lines that are no longer there are null.
func (g *GitHub) lineJSON(pr *PullRequest, c *ReviewComment) object {
	self := g.api("/repos/%s/pulls/comments/%d", pr.Repo.FullName(), c.ID)
	html := fmt.Sprintf("%s/%s/pull/%d#discussion_r%d", g.url, pr.Repo.FullName(), pr.Number, c.ID)
	pull := g.api("/repos/%s/pulls/%d", pr.Repo.FullName(), pr.Number)
	o := object{
		"id": c.ID, "node_id": node("PRRC", c.ID), "url": self, "pull_request_review_id": c.Review, "diff_hunk": c.DiffHunk, "path": c.Path,
		"commit_id": pr.head, "original_commit_id": c.CommitID, "user": g.accountJSON(c.author), "body": c.Body, "created_at": stamp(c.At),
		"updated_at": stamp(c.Edited), "html_url": html, "pull_request_url": pull, "author_association": pr.Repo.association(c.author),
		"_links":       object{"self": object{"href": self}, "html": object{"href": html}, "pull_request": object{"href": pull}},
		"subject_type": "line", "reactions": g.reactionsJSON(pr.Repo, c.ID, self), "side": c.Side, "start_side": orNull(c.StartSide),
		"line": numberOrNull(c.Line), "original_line": c.originalLine, "start_line": numberOrNull(c.StartLine),
		"original_start_line": numberOrNull(c.originalStart), "position": numberOrNull(c.Line), "original_position": c.originalLine,
	}
	if c.OnFile {
		o["subject_type"], o["side"] = "file", "RIGHT"
		for _, name := range []string{"line", "original_line", "position", "original_position"} {
			o[name] = 1 // the description knows no comment without a line
		}
	}
	if c.ReplyTo != 0 {
		o["in_reply_to_id"] = c.ReplyTo
	}
	return o
}

func numberOrNull(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

func (g *GitHub) commentJSON(pr *PullRequest, c *IssueComment) object {
	self := g.api("/repos/%s/issues/comments/%d", pr.Repo.FullName(), c.ID)
	o := object{
		"id": c.ID, "node_id": node("IC", c.ID), "url": self, "html_url": fmt.Sprintf("%s/%s/pull/%d#issuecomment-%d", g.url, pr.Repo.FullName(), pr.Number, c.ID),
		"issue_url": g.api("/repos/%s/issues/%d", pr.Repo.FullName(), pr.Number), "user": g.accountJSON(c.author), "created_at": stamp(c.At),
		"updated_at": stamp(c.Edited), "body": c.Body, "author_association": pr.Repo.association(c.author), "performed_via_github_app": nil,
		"reactions": g.reactionsJSON(pr.Repo, c.ID, self),
	}
	if c.app != nil {
		o["performed_via_github_app"] = g.appJSON(c.app)
	}
	return o
}

// reactionKinds are all that GitHub knows.
var reactionKinds = []string{"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"}

func (g *GitHub) reactionsJSON(r *Repository, comment int64, self string) object {
	o := object{"url": self + "/reactions", "total_count": len(r.reactions[comment])}
	for _, kind := range reactionKinds {
		o[kind] = 0
	}
	for _, x := range r.reactions[comment] {
		o[x.content] = o[x.content].(int) + 1
	}
	return o
}

func (g *GitHub) reactionJSON(x *reaction) object {
	return object{"id": x.id, "node_id": node("REA", x.id), "user": g.accountJSON(x.who), "content": x.content, "created_at": stamp(x.made)}
}

func (g *GitHub) runJSON(r *Repository, run *CheckRun) object {
	at, html := g.api("/repos/%s/check-runs/%d", r.FullName(), run.ID), fmt.Sprintf("%s/%s/runs/%d", g.url, r.FullName(), run.ID)
	o := object{
		"id": run.ID, "node_id": node("CR", run.ID), "name": run.Name, "head_sha": run.HeadSHA, "external_id": run.ExternalID, "url": at,
		"html_url": html, "details_url": run.DetailsURL, "status": run.Status, "conclusion": orNull(run.Conclusion), "started_at": stamp(run.StartedAt),
		"completed_at": stamp(run.CompletedAt), "check_suite": object{"id": run.suite.id}, "app": g.appJSON(run.app), "pull_requests": g.pullsAt(r, run.HeadSHA),
		"output": object{
			"title": orNull(run.Title), "summary": orNull(run.Summary), "text": orNull(run.Text), "annotations_count": len(run.Annotations),
			"annotations_url": at + "/annotations",
		},
	}
	if run.DetailsURL == "" {
		o["details_url"] = g.url
	}
	return o
}

// pullsAt lists the open pull requests whose head a commit is. Those from forks are never listed, as on GitHub.
func (g *GitHub) pullsAt(r *Repository, sha string) []any {
	all := []any{}
	for _, pr := range r.pulls {
		if pr.state != "open" || pr.head != sha || pr.headRepo != r {
			continue
		}
		repo := object{"id": r.ID, "url": g.api("/repos/%s", r.FullName()), "name": r.Name}
		all = append(all, object{
			"id": pr.id, "number": pr.Number, "url": g.api("/repos/%s/pulls/%d", r.FullName(), pr.Number),
			"head": object{"ref": pr.headBranch, "sha": pr.head, "repo": repo}, "base": object{"ref": pr.base, "sha": pr.baseCommit(), "repo": repo},
		})
	}
	return all
}

func (g *GitHub) annotationJSON(r *Repository, run *CheckRun, a Annotation) object {
	return object{
		"path": a.Path, "blob_href": fmt.Sprintf("%s/%s/blob/%s/%s", g.url, r.FullName(), run.HeadSHA, a.Path), "start_line": a.StartLine,
		"end_line": a.EndLine, "start_column": numberOrNull(a.StartColumn), "end_column": numberOrNull(a.EndColumn), "annotation_level": a.Level,
		"title": orNull(a.Title), "message": a.Message, "raw_details": orNull(a.RawDetails),
	}
}

func (g *GitHub) suiteJSON(r *Repository, s *checkSuite) (object, error) {
	commit, err := r.commitInfo(s.after)
	if err != nil {
		return nil, err
	}
	status, conclusion := s.state(r)
	at := g.api("/repos/%s/check-suites/%d", r.FullName(), s.id)
	return object{
		"id": s.id, "node_id": node("CS", s.id), "head_branch": orNull(s.branch), "head_sha": s.after, "status": status, "conclusion": orNull(conclusion),
		"url": at, "before": orNull(s.before), "after": s.after, "pull_requests": g.pullsAt(r, s.after), "app": g.appJSON(s.app),
		"repository": g.repositoryJSON(r), "created_at": stamp(s.made), "updated_at": stamp(s.updated), "head_commit": commit.simpleJSON(),
		"latest_check_runs_count": len(latest(s.runs(r))), "check_runs_url": at + "/check-runs", "rerequestable": true, "runs_rerequestable": true,
	}, nil
}

func (c commitInfo) simpleJSON() object {
	person := func(s signature) object { return object{"name": s.name, "email": s.email} }
	return object{
		"id": c.sha, "tree_id": c.tree, "message": c.message, "timestamp": stamp(c.committer.at), "author": person(c.author),
		"committer": person(c.committer),
	}
}

func (g *GitHub) statusJSON(r *Repository, s *commitStatus) object {
	return object{
		"url": g.api("/repos/%s/statuses/%s", r.FullName(), s.sha), "avatar_url": g.url + "/avatars/" + itoa(s.creator.id), "id": s.id,
		"node_id": node("SC", s.id), "state": s.state, "description": orNull(s.description), "target_url": orNull(s.target), "context": s.context,
		"created_at": stamp(s.made), "updated_at": stamp(s.made), "creator": g.accountJSON(s.creator),
	}
}

func (g *GitHub) fileJSON(r *Repository, head string, f *diffFile) object {
	o := object{
		"sha": f.blob, "filename": f.path, "status": f.status, "additions": f.additions, "deletions": f.deletions, "changes": f.additions + f.deletions,
		"blob_url": fmt.Sprintf("%s/%s/blob/%s/%s", g.url, r.FullName(), head, escapePath(f.path)), "raw_url": fmt.Sprintf("%s/%s/raw/%s/%s", g.url, r.FullName(), head, escapePath(f.path)),
		"contents_url": g.api("/repos/%s/contents/%s?ref=%s", r.FullName(), escapePath(f.path), head),
	}
	if len(f.hunks) > 0 {
		o["patch"] = f.patch()
	}
	if f.previous != "" {
		o["previous_filename"] = f.previous
	}
	return o
}

// shown drops the places of files that have none of their own; see parseRaw.
func shown(files []*diffFile) []*diffFile {
	return slices.DeleteFunc(slices.Clone(files), func(f *diffFile) bool { return f == nil })
}
