package githubtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// account is a person, an organisation or an App's bot.
type account struct {
	id      int64
	login   string
	kind    string // User, Organization or Bot
	members map[string]string
	teams   []*team

	attested map[string][]json.RawMessage // bundles by digest
}

type team struct {
	id      int64
	slug    string
	org     *account
	members map[string]string // login -> member or maintainer
}

// caller is who sent a request: a person, an App by its key, or an installation by its token.
type caller struct {
	account      *account // the person or the bot; of an App by its key, its bot
	app          *App
	installation *Installation
	token        *token
}

func (g *GitHub) account(login, kind string) *account {
	if a := g.accounts[fold(login)]; a != nil {
		return a
	}
	a := &account{id: g.id(), login: login, kind: kind, members: make(map[string]string)}
	g.accounts[fold(login)] = a
	return a
}

func (g *GitHub) person(login string) *account { return g.account(login, "User") }

// Token returns a personal access token of a person, who is made when unknown. It may do what the person may.
func (g *GitHub) Token(login string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	value := "ghp_test" + fold(login)
	g.tokens[value] = &token{value: value, account: g.person(login)}
	return value
}

// Member makes people members of an organisation, which is made when unknown.
func (g *GitHub) Member(org string, logins ...string) {
	g.must("member", func() error {
		o := g.account(org, "Organization")
		if o.kind != "Organization" {
			return fmt.Errorf("%s is a person", org)
		}
		for _, login := range logins {
			o.members[fold(login)] = "member"
			g.person(login)
		}
		return nil
	})
}

// Team sets who is in a team of an organisation; both are made when unknown.
func (g *GitHub) Team(org, slug string, logins ...string) {
	g.Member(org, logins...)
	g.must("team", func() error {
		o := g.accounts[fold(org)]
		t := o.team(slug)
		if t == nil {
			t = &team{id: g.id(), slug: slug, org: o}
			o.teams = append(o.teams, t)
		}
		t.members = make(map[string]string)
		for _, login := range logins {
			t.members[fold(login)] = "member"
		}
		return nil
	})
}

func (a *account) team(slug string) *team {
	i := slices.IndexFunc(a.teams, func(t *team) bool { return fold(t.slug) == fold(slug) })
	if i < 0 {
		return nil
	}
	return a.teams[i]
}

// The roles of people in a repository, from the least.
var roles = []string{"none", "read", "triage", "write", "maintain", "admin"}

// role is what a person may do in a repository.
func (r *Repository) role(a *account) string {
	if a == r.owner {
		return "admin"
	}
	if role := r.people[fold(a.login)]; role != "" {
		return role
	}
	if r.Private {
		return "none"
	}
	return "read"
}

func (r *Repository) allows(a *account, role string) bool {
	return slices.Index(roles, r.role(a)) >= slices.Index(roles, role)
}

// demand refuses what a person does without the role for it.
func (r *Repository) demand(login, role, what string) (*account, error) {
	a := r.g.person(login)
	if !r.allows(a, role) {
		return nil, fmt.Errorf("%s may not %s in %s: it takes %s, and theirs is %s", login, what, r.FullName(), role, r.role(a))
	}
	return a, nil
}

func sortByID(all []*account) {
	slices.SortFunc(all, func(a, b *account) int { return cmp.Compare(a.id, b.id) })
}
