package githubtest

import (
	"fmt"
	"strings"
	"time"
)

// What follows writes the state as GitHub's interface and webhooks do. Everything here is held to GitHub's own
// description by contract.checkAnswer and to the webhooks' schemas by hookSchemas.

type object = map[string]any

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// orNull is null for "".
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (g *GitHub) api(format string, args ...any) string {
	return g.url + restPrefix + fmt.Sprintf(format, args...)
}

func node(kind string, id int64) string { return fmt.Sprintf("%s_%d", kind, id) }

func (g *GitHub) accountJSON(a *account) object {
	at := g.api("/users/%s", a.login)
	return object{
		"login": a.login, "id": a.id, "node_id": node("U", a.id), "avatar_url": g.url + "/avatars/" + itoa(a.id), "gravatar_id": "",
		"url": at, "html_url": g.url + "/" + a.login, "type": a.kind, "site_admin": false,
		"followers_url": at + "/followers", "following_url": at + "/following{/other_user}", "gists_url": at + "/gists{/gist_id}",
		"starred_url": at + "/starred{/owner}{/repo}", "subscriptions_url": at + "/subscriptions", "organizations_url": at + "/orgs",
		"repos_url": at + "/repos", "events_url": at + "/events{/privacy}", "received_events_url": at + "/received_events",
	}
}

// publicUserJSON is what is said of a person who is asked for.
func (g *GitHub) publicUserJSON(a *account) object {
	o := g.accountJSON(a)
	for _, name := range []string{"name", "company", "location", "email", "hireable", "bio", "twitter_username"} {
		o[name] = nil
	}
	for _, name := range []string{"public_repos", "public_gists", "followers", "following"} {
		o[name] = 0
	}
	o["blog"], o["created_at"], o["updated_at"], o["user_view_type"] = "", stamp(firstCommit), stamp(firstCommit), "public"
	return o
}

func (g *GitHub) accountOrNull(a *account) any {
	if a == nil {
		return nil
	}
	return g.accountJSON(a)
}

// repositoryLinks are the addresses that every repository lists, by name.
const repositoryLinks = `forks keys collaborators teams hooks issue_events:issues/events events assignees branches tags git_tags:git/tags
git_refs:git/refs trees:git/trees statuses languages stargazers contributors subscribers subscription commits git_commits:git/commits
comments issue_comment:issues/comments contents compare merges archive downloads issues pulls milestones notifications labels releases
deployments blobs:git/blobs`

var linkTails = map[string]string{
	"keys": "{/key_id}", "collaborators": "{/collaborator}", "issue_events": "{/number}", "assignees": "{/user}", "branches": "{/branch}",
	"git_tags": "{/sha}", "git_refs": "{/sha}", "trees": "{/sha}", "statuses": "/{sha}", "commits": "{/sha}", "git_commits": "{/sha}",
	"comments": "{/number}", "issue_comment": "{/number}", "contents": "/{+path}", "compare": "/{base}...{head}", "issues": "{/number}",
	"pulls": "{/number}", "milestones": "{/number}", "notifications": "{?since,all,participating}", "labels": "{/name}", "releases": "{/id}",
	"blobs": "{/sha}",
}

// repositoryJSON is a repository as the interface writes it.
func (g *GitHub) repositoryJSON(r *Repository) object {
	at := g.api("/repos/%s", r.FullName())
	html := g.url + "/" + r.FullName()
	o := object{
		"id": r.ID, "node_id": node("R", r.ID), "name": r.Name, "full_name": r.FullName(), "owner": g.accountJSON(r.owner), "private": r.Private,
		"html_url": html, "description": nil, "fork": r.parent != nil, "url": at, "default_branch": DefaultBranch, "size": 0,
		"git_url": "git:" + strings.TrimPrefix(html, "http:") + ".git", "ssh_url": "git@127.0.0.1:" + r.FullName() + ".git", "clone_url": html + ".git",
		"svn_url": html, "mirror_url": nil, "homepage": nil, "language": nil, "license": nil, "archived": false, "disabled": false,
		"has_issues": true, "has_projects": false, "has_wiki": false, "has_pages": false, "has_downloads": false, "has_discussions": false,
		"forks": 0, "forks_count": 0, "watchers": 0, "watchers_count": 0, "stargazers_count": 0, "open_issues": r.openPulls(), "open_issues_count": r.openPulls(),
		"created_at": stamp(r.made), "updated_at": stamp(r.made), "pushed_at": stamp(r.made), "topics": []any{}, "visibility": "public",
		"allow_forking": true, "is_template": false, "web_commit_signoff_required": false, "custom_properties": object{},
		"allow_merge_commit": true, "allow_squash_merge": true, "allow_rebase_merge": true, "delete_branch_on_merge": false,
	}
	if r.Private {
		o["visibility"] = "private"
	}
	for _, link := range strings.Fields(repositoryLinks) {
		name, path, other := strings.Cut(link, ":")
		if !other {
			path = name
		}
		o[name+"_url"] = at + "/" + path + linkTails[name]
	}
	o["archive_url"] = at + "/{archive_format}{/ref}"
	return o
}

// fullRepositoryJSON is a repository that was asked for by name.
func (g *GitHub) fullRepositoryJSON(r *Repository) object {
	o := g.repositoryJSON(r)
	o["network_count"], o["subscribers_count"] = 0, 0
	if r.parent != nil {
		o["parent"], o["source"] = g.repositoryJSON(r.parent), g.repositoryJSON(r.parent)
	}
	return o
}

func (g *GitHub) appJSON(a *App) object {
	return object{
		"id": a.ID, "slug": a.Slug, "node_id": node("A", a.ID), "owner": g.accountJSON(a.owner), "name": a.name,
		"description": "", "external_url": g.url, "html_url": g.url + "/apps/" + a.Slug, "created_at": stamp(a.made), "updated_at": stamp(a.made),
		"permissions": a.permissions, "events": orEmpty(a.events),
	}
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (g *GitHub) installationJSON(i *Installation) object {
	at := g.api("/app/installations/%d", i.ID)
	o := object{
		"id": i.ID, "account": g.accountJSON(i.account), "repository_selection": i.selection(), "access_tokens_url": at + "/access_tokens",
		"repositories_url": g.api("/installation/repositories"), "html_url": fmt.Sprintf("%s/organizations/%s/settings/installations/%d", g.url, i.account.login, i.ID),
		"app_id": i.app.ID, "app_slug": i.app.Slug, "target_id": i.account.id, "target_type": i.account.kind, "permissions": i.permissions,
		"events": orEmpty(i.app.events), "created_at": stamp(i.made), "updated_at": stamp(i.made), "single_file_name": nil,
		"has_multiple_single_files": false, "single_file_paths": []any{}, "suspended_by": nil, "suspended_at": nil,
	}
	if i.suspended {
		o["suspended_at"], o["suspended_by"] = stamp(g.now()), g.accountJSON(i.account)
	}
	return o
}

func (g *GitHub) tokenJSON(t *token) object {
	o := object{
		"token": t.value, "expires_at": stamp(t.expires), "permissions": t.permissions, "repository_selection": t.installation.selection(),
	}
	if t.repos != nil {
		o["repository_selection"] = "selected"
		var repos []any
		for _, r := range t.installation.repositories() {
			if t.covers(r) {
				repos = append(repos, g.repositoryJSON(r))
			}
		}
		o["repositories"] = repos
	}
	return o
}

// commitJSON is a commit as the interface for repositories writes it.
func (g *GitHub) commitJSON(r *Repository, c commitInfo) object {
	at := g.api("/repos/%s", r.FullName())
	var parents []any
	for _, p := range c.parents {
		parents = append(parents, object{"sha": p, "url": at + "/commits/" + p, "html_url": g.url + "/" + r.FullName() + "/commit/" + p})
	}
	return object{
		"sha": c.sha, "node_id": "C_" + c.sha, "url": at + "/commits/" + c.sha, "html_url": g.url + "/" + r.FullName() + "/commit/" + c.sha,
		"comments_url": at + "/commits/" + c.sha + "/comments", "author": g.accountOrNull(g.authorOf(c.author)), "committer": g.accountOrNull(g.authorOf(c.committer)),
		"parents": orEmpty(parents),
		"commit": object{
			"author": c.author.json(), "committer": c.committer.json(), "message": c.message, "comment_count": 0, "url": at + "/git/commits/" + c.sha,
			"tree": object{"sha": c.tree, "url": at + "/git/trees/" + c.tree}, "verification": unverified(),
		},
	}
}

// gitCommitJSON is a commit as the interface for Git's objects writes it.
func (g *GitHub) gitCommitJSON(r *Repository, c commitInfo) object {
	at := g.api("/repos/%s/git", r.FullName())
	var parents []any
	for _, p := range c.parents {
		parents = append(parents, object{"sha": p, "url": at + "/commits/" + p, "html_url": g.url + "/" + r.FullName() + "/commit/" + p})
	}
	return object{
		"sha": c.sha, "node_id": "C_" + c.sha, "url": at + "/commits/" + c.sha, "html_url": g.url + "/" + r.FullName() + "/commit/" + c.sha,
		"author": c.author.json(), "committer": c.committer.json(), "message": c.message, "parents": orEmpty(parents),
		"tree": object{"sha": c.tree, "url": at + "/trees/" + c.tree}, "verification": unverified(),
	}
}

func unverified() object {
	return object{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil}
}

func (s signature) json() object {
	return object{"name": s.name, "email": s.email, "date": stamp(s.at)}
}

// authorOf finds the account that a commit's address belongs to.
func (g *GitHub) authorOf(s signature) *account {
	_, login, _ := strings.Cut(strings.TrimSuffix(s.email, "@users.noreply.github.test"), "+")
	return g.accounts[fold(login)]
}
