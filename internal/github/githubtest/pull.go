package githubtest

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// PullRequest is a pull request. Its exported fields do not change.
type PullRequest struct {
	g      *GitHub
	Repo   *Repository
	Number int

	id                 int64
	author             *account
	title, body        string
	headRepo           *Repository
	headBranch, base   string
	head               string // commit
	heads              []string
	state              string // open or closed
	draft, merged      bool
	mergeCommit        string
	mergedInto         string // where the base branch stood before the merge
	made, updated      time.Time
	closedAt, mergedAt time.Time
	mergedBy           *account
	comments           []*IssueComment
	reviews            []*Review
	lines              []*ReviewComment
	threadsResolved    map[int64]*account // by the id of the thread's first comment
}

// Proposal is a pull request to be opened.
type Proposal struct {
	Author string // login; must have the write role unless it comes from a fork
	Branch string // new branch, made from the base branch
	Base   string // "" is the default branch
	Title  string // "" is the branch
	Body   string
	Files  Files
	Draft  bool
	Fork   string // OWNER/NAME of the author's fork, which is made when there is none; "" is a branch of the same repository
}

// Open opens a pull request: it commits the files to a new branch and delivers "opened".
func (r *Repository) Open(p Proposal) (pr *PullRequest) {
	r.g.must("open a pull request in "+r.FullName(), func() (err error) {
		from, who, err := r.proposer(p)
		if err != nil {
			return err
		}
		if p.Base == "" {
			p.Base = DefaultBranch
		}
		start := r.branch(p.Base)
		if from != r {
			if err := from.fetch(r, start); err != nil {
				return err
			}
		}
		commit, err := from.commit(who, start, titleOf(p)+"\n", p.Files)
		if err != nil {
			return err
		}
		if err := from.move(who, p.Branch, commit); err != nil {
			return err
		}
		pr, err = r.open(who, from, p)
		return err
	})
	return pr
}

// OpenBranch opens a pull request for a branch that is there already, pushed with Git. The proposal's files are not
// looked at.
func (r *Repository) OpenBranch(p Proposal) (pr *PullRequest) {
	r.g.must("open a pull request in "+r.FullName(), func() error {
		from, who, err := r.proposer(p)
		if err != nil {
			return err
		}
		pr, err = r.open(who, from, p)
		return err
	})
	return pr
}

func (r *Repository) proposer(p Proposal) (from *Repository, who *account, err error) {
	if p.Fork == "" {
		who, err = r.demand(p.Author, "write", "push")
		return r, who, err
	}
	from, err = r.fork(p.Fork)
	if err != nil {
		return nil, nil, err
	}
	from.people[fold(p.Author)] = "admin"
	return from, r.g.person(p.Author), nil
}

func titleOf(p Proposal) string {
	if p.Title == "" {
		return p.Branch
	}
	return p.Title
}

// open makes the pull request from a branch that is there. GitHub refuses it without commits of its own, and a second
// one for the same two branches.
func (r *Repository) open(who *account, from *Repository, p Proposal) (*PullRequest, error) {
	if p.Base == "" {
		p.Base = DefaultBranch
	}
	base, head := r.branch(p.Base), from.branch(p.Branch)
	switch {
	case base == "":
		return nil, invalid("PullRequest", "base", "invalid", "")
	case head == "":
		return nil, invalid("PullRequest", "head", "invalid", "")
	}
	if slices.ContainsFunc(r.pulls, func(x *PullRequest) bool {
		return x.state == "open" && x.headRepo == from && x.headBranch == p.Branch && x.base == p.Base
	}) {
		return nil, invalid("PullRequest", "", "custom", fmt.Sprintf("A pull request already exists for %s:%s.", from.owner.login, p.Branch))
	}
	pr := &PullRequest{
		g: r.g, Repo: r, Number: r.numbers + 1, id: r.g.id(), author: who, title: titleOf(p), body: p.Body, headRepo: from,
		headBranch: p.Branch, base: p.Base, state: "open", draft: p.Draft, made: r.g.now(), updated: r.g.now(),
		threadsResolved: make(map[int64]*account),
	}
	if err := pr.take(head); err != nil {
		return nil, err
	}
	if mergeBase, err := r.mergeBase(base, head); err != nil || mergeBase == head {
		return nil, invalid("PullRequest", "", "custom", fmt.Sprintf("No commits between %s and %s", p.Base, p.Branch))
	}
	r.numbers++
	r.pulls = append(r.pulls, pr)
	r.g.emitPull(pr, who, "opened", nil)
	return pr, nil
}

// take makes a commit of the head repository the pull request's head, and keeps it in the base repository under
// refs/pull, where it stays whatever becomes of the branch.
func (pr *PullRequest) take(head string) error {
	if pr.headRepo != pr.Repo {
		if err := pr.Repo.fetch(pr.headRepo, "refs/heads/"+pr.headBranch); err != nil {
			return err
		}
	}
	pr.head = head
	pr.heads = append(pr.heads, head)
	return pr.Repo.setRef(fmt.Sprintf("refs/pull/%d/head", pr.Number), head)
}

// follow updates the pull requests of r whose branch of another repository, or of r, has moved.
func (r *Repository) follow(who *account, from *Repository, branch, to string) error {
	for _, pr := range r.pulls {
		if pr.state != "open" || pr.headRepo != from || pr.headBranch != branch {
			continue
		}
		if to == "" {
			pr.close(who)
			continue
		}
		before := pr.head
		if err := errors.Join(pr.take(to), pr.moveComments(before)); err != nil {
			return err
		}
		pr.updated = r.g.now()
		r.g.dequeue(pr, who)
		r.g.emitPull(pr, who, "synchronize", map[string]any{"before": before, "after": to})
	}
	return nil
}

// Push commits files on top of the pull request's branch and returns the commit.
func (pr *PullRequest) Push(by string, files Files) string {
	return pr.pushOn(by, pr.Head(), files)
}

// ForcePush replaces the commits of the pull request by one on top of its base branch, and returns it.
func (pr *PullRequest) ForcePush(by string, files Files) string {
	return pr.pushOn(by, pr.Repo.Head(pr.Base()), files)
}

func (pr *PullRequest) pushOn(by, parent string, files Files) (commit string) {
	pr.g.must("push", func() (err error) {
		who, err := pr.headRepo.demand(by, "write", "push")
		if err != nil {
			return err
		}
		if commit, err = pr.headRepo.commit(who, parent, pr.title+"\n", files); err != nil {
			return err
		}
		return pr.headRepo.move(who, pr.headBranch, commit)
	})
	return commit
}

// change lets a person with the role change the pull request and delivers the action.
func (pr *PullRequest) change(by, role, action string, do func(who *account) map[string]any) {
	pr.g.must(action, func() error {
		who := pr.g.person(by)
		if who != pr.author && !pr.Repo.allows(who, role) {
			return fmt.Errorf("%s may not do that to the pull request of %s", by, pr.author.login)
		}
		also := do(who)
		pr.updated = pr.g.now()
		pr.g.emitPull(pr, who, action, also)
		return nil
	})
}

// Ready marks a draft as ready for review.
func (pr *PullRequest) Ready(by string) {
	pr.change(by, "write", "ready_for_review", func(*account) map[string]any { pr.draft = false; return nil })
}

// ConvertToDraft makes the pull request a draft.
func (pr *PullRequest) ConvertToDraft(by string) {
	pr.change(by, "write", "converted_to_draft", func(*account) map[string]any { pr.draft = true; return nil })
}

// Rename changes the title, which is an "edited" that does not matter to a review.
func (pr *PullRequest) Rename(by, title string) {
	pr.change(by, "triage", "edited", func(*account) map[string]any {
		from := pr.title
		pr.title = title
		return map[string]any{"changes": map[string]any{"title": map[string]any{"from": from}}}
	})
}

// Retarget changes the base branch, which is an "edited" that changes what there is to review.
func (pr *PullRequest) Retarget(by, base string) {
	pr.change(by, "write", "edited", func(*account) map[string]any {
		from, commit := pr.base, pr.Repo.branch(pr.base)
		pr.base = base
		return map[string]any{"changes": map[string]any{"base": map[string]any{
			"ref": map[string]any{"from": from}, "sha": map[string]any{"from": commit},
		}}}
	})
}

// Close closes the pull request without merging it.
func (pr *PullRequest) Close(by string) {
	pr.g.must("close", func() error { pr.close(pr.g.person(by)); return nil })
}

func (pr *PullRequest) close(who *account) {
	pr.g.dequeue(pr, who)
	pr.state, pr.closedAt, pr.updated = "closed", pr.g.now(), pr.g.now()
	pr.g.emitPull(pr, who, "closed", nil)
}

// Reopen opens the closed pull request again.
func (pr *PullRequest) Reopen(by string) {
	pr.change(by, "triage", "reopened", func(*account) map[string]any {
		pr.state, pr.closedAt = "open", time.Time{}
		return nil
	})
}

// Head is the commit that the pull request wants merged.
func (pr *PullRequest) Head() string { return locked(pr.g, func() string { return pr.head }) }

// Base is the branch that the pull request wants to be merged into.
func (pr *PullRequest) Base() string { return locked(pr.g, func() string { return pr.base }) }

// State is open, closed or merged.
func (pr *PullRequest) State() string {
	return locked(pr.g, func() string {
		if pr.merged {
			return "merged"
		}
		return pr.state
	})
}

func locked[T any](g *GitHub, get func() T) T {
	g.mu.Lock()
	defer g.mu.Unlock()
	return get()
}

// difference is what the pull request changes: from where its branch left the base branch.
func (pr *PullRequest) difference(head string) ([]*diffFile, error) {
	from, err := pr.Repo.mergeBase(pr.baseCommit(), head)
	if err != nil {
		return nil, err
	}
	return pr.Repo.difference(from, head)
}

// baseCommit is where the base branch stands; of a merged pull request, where it stood before.
func (pr *PullRequest) baseCommit() string {
	if pr.merged {
		return pr.mergedInto
	}
	return pr.Repo.branch(pr.base)
}

func (r *Repository) pull(number int) *PullRequest {
	at := slices.IndexFunc(r.pulls, func(pr *PullRequest) bool { return pr.Number == number })
	if at < 0 {
		return nil
	}
	return r.pulls[at]
}

// PullRequests returns the pull requests of a repository in the order they were opened.
func (r *Repository) PullRequests() []*PullRequest {
	return locked(r.g, func() []*PullRequest { return slices.Clone(r.pulls) })
}

func (r *Repository) openPulls() int {
	n := 0
	for _, pr := range r.pulls {
		if pr.state == "open" {
			n++
		}
	}
	return n
}
