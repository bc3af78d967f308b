package githubtest

import "net/http"

// getPermission answers what somebody may do in the repository. As on GitHub, permission has the four old words, and
// role_name the role itself.
func (c *call) getPermission() (any, error) {
	who := c.g.accounts[fold(c.params["username"])]
	if who == nil {
		return nil, refuse(http.StatusNotFound, "%s is not a user", c.params["username"])
	}
	role := c.repo.role(who)
	old := map[string]string{"triage": "read", "maintain": "write"}
	permission := role
	if old[role] != "" {
		permission = old[role]
	}
	user := c.g.accountJSON(who)
	user["role_name"] = role
	user["permissions"] = object{
		"pull": c.repo.allows(who, "read"), "triage": c.repo.allows(who, "triage"), "push": c.repo.allows(who, "write"),
		"maintain": c.repo.allows(who, "maintain"), "admin": c.repo.allows(who, "admin"),
	}
	return object{"permission": permission, "role_name": role, "user": user}, nil
}

// organization finds the organisation that the path names, for members of its installation.
func (c *call) organization() (*account, error) {
	org := c.g.accounts[fold(c.params["org"])]
	if org == nil || org.kind != "Organization" {
		return nil, notFound()
	}
	if i := c.who.installation; i != nil && i.account != org {
		return nil, notFound()
	}
	return org, nil
}

func (c *call) team() (*team, error) {
	org, err := c.organization()
	if err != nil {
		return nil, err
	}
	if t := org.team(c.params["team_slug"]); t != nil {
		return t, nil
	}
	return nil, notFound()
}

func (c *call) getTeam() (any, error) {
	t, err := c.team()
	if err != nil {
		return nil, err
	}
	self := c.g.api("/organizations/%d/team/%d", t.org.id, t.id)
	return object{
		"id": t.id, "node_id": node("T", t.id), "url": self, "html_url": c.g.url + "/orgs/" + t.org.login + "/teams/" + t.slug, "name": t.slug, "slug": t.slug,
		"description": nil, "privacy": "closed", "notification_setting": "notifications_enabled", "permission": "pull", "type": "organization",
		"members_url": self + "/members{/member}", "repositories_url": self + "/repos", "parent": nil, "members_count": len(t.members), "repos_count": 0,
		"created_at": stamp(firstCommit), "updated_at": stamp(firstCommit), "organization": c.fullOrganizationJSON(t.org),
	}, nil
}

func (c *call) fullOrganizationJSON(a *account) object {
	o := c.g.organizationJSON(a)
	for _, name := range []string{"public_repos", "public_gists", "followers", "following"} {
		o[name] = 0
	}
	o["has_organization_projects"], o["has_repository_projects"], o["html_url"], o["type"] = false, false, c.g.url+"/"+a.login, "Organization"
	o["created_at"], o["updated_at"], o["archived_at"] = stamp(firstCommit), stamp(firstCommit), nil
	return o
}

// getTeamMembership answers how somebody is in a team; who is not gets 404.
func (c *call) getTeamMembership() (any, error) {
	t, err := c.team()
	if err != nil {
		return nil, err
	}
	role := t.members[fold(c.params["username"])]
	if role == "" {
		return nil, notFound()
	}
	return object{
		"url":  c.g.api("/organizations/%d/team/%d/memberships/%s", t.org.id, t.id, c.params["username"]),
		"role": role, "state": "active",
	}, nil
}

func (c *call) listTeamMembers() (any, error) {
	t, err := c.team()
	if err != nil {
		return nil, err
	}
	var all []*account
	for login := range t.members {
		all = append(all, c.g.accounts[login])
	}
	sortByID(all)
	return listOf(all, c.g.accountJSON), nil
}

// checkMember answers 204 for members of an organisation and 404 for others.
func (c *call) checkMember() (any, error) {
	org, err := c.organization()
	if err != nil {
		return nil, err
	}
	if org.members[fold(c.params["username"])] == "" {
		return nil, notFound()
	}
	return nil, nil
}

func (c *call) getOrganization() (any, error) {
	org := c.g.accounts[fold(c.params["org"])]
	if org == nil || org.kind != "Organization" {
		return nil, notFound()
	}
	return c.fullOrganizationJSON(org), nil
}
