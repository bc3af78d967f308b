package github

import (
	"context"
	"errors"
	"fmt"

	"github.com/landwaiter/landwaiter/internal/event"
)

// Permission is what a person may do with a repository: admin, write, read or none.
type Permission string

// CanWrite reports whether a person may push.
func (p Permission) CanWrite() bool { return p == "admin" || p == "write" }

// Permission returns what a person may do with a repository, through teams and ownership too. Somebody whom GitHub
// does not know may do nothing.
//
// https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
func (c *Client) Permission(ctx context.Context, repo event.Repository, login string) (Permission, error) {
	op := "ask what " + said(login) + " may do with " + repo.FullName()
	if err := c.owns(repo); err != nil {
		return "none", err
	}
	if !loginName.MatchString(login) {
		return "none", fmt.Errorf("%.80q is no login", login)
	}
	level, _, err := c.rest.Repositories.GetPermissionLevel(ctx, repo.Owner, repo.Name, login)
	if err = failure(ctx, op, err); errors.Is(err, ErrNotFound) {
		return "none", nil
	} else if err != nil {
		return "none", err
	}
	switch p := Permission(level.GetPermission()); p {
	case "admin", "write", "read":
		return p, nil
	}
	return "none", nil
}

// InTeam reports whether a person is an active member of a team, given by its slug, or of a team below it. It needs
// the permission members: read, and fails with ErrForbidden without it, since GitHub would say that nobody is. A team
// that is not there has no members.
//
// https://docs.github.com/en/rest/teams/members#get-team-membership-for-a-user
func (c *Client) InTeam(ctx context.Context, organisation, team, login string) (bool, error) {
	op := fmt.Sprintf("ask whether %s is in @%s/%s", said(login), said(organisation), said(team))
	if !ownerName.MatchString(organisation) || !slugName.MatchString(team) || !loginName.MatchString(login) {
		return false, fmt.Errorf("%s: that is no team, or no login", op)
	}
	granted, err := c.Granted(ctx)
	if err != nil {
		return false, fmt.Errorf("%s: %w", op, err)
	}
	if !granted.Read("members") {
		return false, &Error{Op: op, Said: "the App needs the organisation permission members: read, which it was not given", kind: ErrForbidden}
	}
	membership, _, err := c.rest.Teams.GetTeamMembershipBySlug(ctx, organisation, team, login)
	if err = failure(ctx, op, err); errors.Is(err, ErrNotFound) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return membership.GetState() == "active", nil
}
