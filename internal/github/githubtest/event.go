package githubtest

import (
	"fmt"
	"slices"
)

// note is one event before it is known who is told.
type note struct {
	name, action string
	repo         *Repository // nil for events of an installation
	sender       *account
	only         *App // nil: every App that subscribes
	payload      object
}

// emit writes a delivery for each App that is installed where it happened, subscribes to it and may see it.
func (g *GitHub) emit(n note) {
	n.payload["sender"] = g.accountJSON(n.sender)
	if n.action != "" {
		n.payload["action"] = n.action
	}
	if n.repo != nil {
		if n.payload["repository"] == nil {
			n.payload["repository"] = g.repositoryJSON(n.repo)
		}
		if n.repo.owner.kind == "Organization" {
			n.payload["organization"] = g.organizationJSON(n.repo.owner)
		}
	}
	for _, app := range g.apps {
		if n.only != nil && n.only != app {
			continue
		}
		i := app.on(n.repo.owner)
		if i == nil || i.suspended || !i.has(n.repo) || !slices.Contains(app.events, n.name) || !i.sees(n.name) {
			continue
		}
		payload := make(object, len(n.payload)+1)
		for name, value := range n.payload {
			payload[name] = value
		}
		payload["installation"] = object{"id": i.ID, "node_id": node("I", i.ID)}
		g.queue(app, i, n, payload)
	}
}

func (i *Installation) sees(event string) bool {
	return slices.ContainsFunc(eventNeeds[event], func(p string) bool { return i.permissions[p] != "" })
}

// emitTo delivers an event to one App, whether it subscribes or not, as GitHub does with those of its installation.
func (g *GitHub) emitTo(app *App, i *Installation, n note) {
	n.payload["sender"] = g.accountJSON(n.sender)
	n.payload["action"] = n.action
	g.queue(app, i, n, n.payload)
}

func (g *GitHub) organizationJSON(a *account) object {
	at := g.api("/orgs/%s", a.login)
	return object{
		"login": a.login, "id": a.id, "node_id": node("O", a.id), "url": at, "repos_url": at + "/repos", "events_url": at + "/events",
		"hooks_url": at + "/hooks", "issues_url": at + "/issues", "members_url": at + "/members{/member}",
		"public_members_url": at + "/public_members{/member}", "avatar_url": g.url + "/avatars/" + itoa(a.id), "description": "",
	}
}

// pushRepositoryJSON is a repository as only push events write it.
func (g *GitHub) pushRepositoryJSON(r *Repository) object {
	o := g.repositoryJSON(r)
	owner := g.accountJSON(r.owner)
	owner["name"], owner["email"] = r.owner.login, nil
	o["owner"], o["created_at"], o["pushed_at"], o["stargazers"], o["master_branch"] = owner, r.made.Unix(), g.now().Unix(), 0, DefaultBranch
	if r.owner.kind == "Organization" {
		o["organization"] = r.owner.login
	}
	return o
}

func (g *GitHub) emitPing(a *App) {
	// The published schema of this event knows no merge_group.
	known := slices.DeleteFunc(slices.Clone(a.events), func(e string) bool { return e == "merge_group" })
	hook := object{
		"type": "App", "id": a.ID, "name": "web", "active": true, "events": orEmpty(known), "url": g.api("/app/hook"), "ping_url": g.api("/app/hook/pings"), "app_id": a.ID,
		"config":     object{"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": a.webhook},
		"updated_at": stamp(a.made), "created_at": stamp(a.made), "deliveries_url": g.api("/app/hook/deliveries"),
	}
	g.queue(a, nil, note{name: "ping"}, object{"zen": "Keep it logically awesome.", "hook_id": a.ID, "hook": hook})
}

func (g *GitHub) emitInstallation(i *Installation, action string, repos []*Repository) {
	payload := object{"installation": g.installationJSON(i)}
	if repos != nil {
		payload["repositories"] = briefly(repos)
	}
	g.emitTo(i.app, i, note{name: "installation", action: action, sender: i.account, payload: payload})
}

func briefly(repos []*Repository) []any {
	all := []any{}
	for _, r := range repos {
		all = append(all, object{"id": r.ID, "node_id": node("R", r.ID), "name": r.Name, "full_name": r.FullName(), "private": r.Private})
	}
	return all
}

func (g *GitHub) emitInstallationRepositories(i *Installation, added, removed []*Repository) {
	action := "added"
	if removed != nil {
		action = "removed"
	}
	g.emitTo(i.app, i, note{name: "installation_repositories", action: action, sender: i.account, payload: object{
		"installation": g.installationJSON(i), "repository_selection": i.selection(), "repositories_added": briefly(added),
		"repositories_removed": briefly(removed), "requester": nil,
	}})
}

// zeroID is the name that Git and webhooks give to no commit.
const zeroID = "0000000000000000000000000000000000000000"

func orZero(commit string) string {
	if commit == "" {
		return zeroID
	}
	return commit
}

func (g *GitHub) emitPush(r *Repository, who *account, branch, before, after string) {
	commits, head := []any{}, any(nil)
	if after != "" {
		if c, err := r.commitInfo(after); err == nil {
			head = g.pushedJSON(r, c)
			commits = append(commits, head)
		}
	}
	payload := object{
		"ref": "refs/heads/" + branch, "before": orZero(before), "after": orZero(after), "created": before == "", "deleted": after == "",
		"forced": g.forced(r, before, after), "base_ref": nil, "compare": fmt.Sprintf("%s/%s/compare/%.12s...%.12s", g.url, r.FullName(), before, after),
		"commits": commits, "head_commit": head, "pusher": object{"name": who.login, "email": who.email()},
		"repository": g.pushRepositoryJSON(r),
	}
	g.emit(note{name: "push", repo: r, sender: who, payload: payload})
}

func (g *GitHub) forced(r *Repository, before, after string) bool {
	if before == "" || after == "" {
		return false
	}
	_, err := r.git("merge-base", "--is-ancestor", before, after)
	return err != nil
}

func (g *GitHub) pushedJSON(r *Repository, c commitInfo) object {
	o := c.simpleJSON()
	o["distinct"], o["url"] = true, fmt.Sprintf("%s/%s/commit/%s", g.url, r.FullName(), c.sha)
	added, removed, modified := []string{}, []string{}, []string{}
	if len(c.parents) > 0 {
		files, _ := r.difference(c.parents[0], c.sha)
		for _, f := range shown(files) {
			switch f.status {
			case "added", "copied":
				added = append(added, f.path)
			case "removed":
				removed = append(removed, f.path)
			case "renamed":
				removed, added = append(removed, f.previous), append(added, f.path)
			default:
				modified = append(modified, f.path)
			}
		}
	}
	o["added"], o["removed"], o["modified"] = added, removed, modified
	return o
}

func (g *GitHub) emitPull(pr *PullRequest, who *account, action string, also object) {
	full, err := g.fullPullJSON(pr)
	if err != nil {
		g.log.violation("the test GitHub cannot tell of %s %s: %v", pr.Repo.FullName(), action, err)
		return
	}
	payload := object{"number": pr.Number, "pull_request": full}
	for name, value := range also {
		payload[name] = value
	}
	g.emit(note{name: "pull_request", action: action, repo: pr.Repo, sender: who, payload: payload})
}

// emitRun tells of a check run: its own App alone when somebody asks for something, all when it changed.
func (g *GitHub) emitRun(r *Repository, run *CheckRun, who *account, action string, also object) {
	n := note{name: "check_run", action: action, repo: r, sender: who, payload: object{"check_run": g.hookRunJSON(r, run)}}
	for name, value := range also {
		n.payload[name] = value
	}
	if action == "rerequested" || action == "requested_action" {
		n.only = run.app
	}
	g.emit(n)
}

// hookRunJSON is a check run as webhooks write it: with the suite that it belongs to.
func (g *GitHub) hookRunJSON(r *Repository, run *CheckRun) object {
	o := g.runJSON(r, run)
	s := run.suite
	status, conclusion := s.state(r)
	o["check_suite"] = object{
		"id": s.id, "node_id": node("CS", s.id), "head_branch": orNull(s.branch), "head_sha": s.after, "status": status, "conclusion": orNull(conclusion),
		"url": g.api("/repos/%s/check-suites/%d", r.FullName(), s.id), "before": orNull(s.before), "after": s.after, "pull_requests": g.pullsAt(r, s.after),
		"app": g.appJSON(s.app), "created_at": stamp(s.made), "updated_at": stamp(s.updated),
	}
	return o
}

func (g *GitHub) emitSuite(r *Repository, s *checkSuite, who *account, action string) {
	shape, err := g.suiteJSON(r, s)
	if err != nil {
		g.log.violation("the test GitHub cannot tell of a check suite of %s: %v", r.FullName(), err)
		return
	}
	for _, only := range []string{"repository", "rerequestable", "runs_rerequestable"} { // of the REST interface
		delete(shape, only)
	}
	n := note{name: "check_suite", action: action, repo: r, sender: who, payload: object{"check_suite": shape}}
	if action != "completed" {
		n.only = s.app
	}
	g.emit(n)
}

func (g *GitHub) emitComment(pr *PullRequest, c *IssueComment, who *account, action string, also object) {
	payload := object{"issue": g.issueJSON(pr), "comment": g.commentJSON(pr, c)}
	for name, value := range also {
		payload[name] = value
	}
	g.emit(note{name: "issue_comment", action: action, repo: pr.Repo, sender: who, payload: payload})
}

func (g *GitHub) emitLine(pr *PullRequest, c *ReviewComment, who *account, action string, also object) {
	payload := object{"pull_request": g.pullJSON(pr), "comment": g.lineJSON(pr, c)}
	for name, value := range also {
		payload[name] = value
	}
	g.emit(note{name: "pull_request_review_comment", action: action, repo: pr.Repo, sender: who, payload: payload})
}

func (g *GitHub) emitReview(pr *PullRequest, r *Review, who *account) {
	review := g.reviewJSON(pr, r)
	review["state"] = fold(r.State) // the one place where it is not in capitals
	g.emit(note{name: "pull_request_review", action: "submitted", repo: pr.Repo, sender: who, payload: object{
		"pull_request": g.pullJSON(pr), "review": review,
	}})
}
