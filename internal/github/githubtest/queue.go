package githubtest

import (
	"errors"
	"fmt"
	"slices"
)

// mergeQueue tries pull requests one on top of the other, each group on a branch of its own.
type mergeQueue struct {
	base   string
	groups []*mergeGroup
}

// mergeGroup is one pull request being tried on top of the base branch and of those before it.
type mergeGroup struct {
	pr         *PullRequest
	by         *account
	ref        string // branch
	head, base string // commits
}

// Queue adds the pull request to the merge queue of its base branch as a person, who needs the write role. It must be
// as mergeable as for a merge. What comes is a merge_group event; once the required checks of the group's commit have
// succeeded the pull request is merged, and once one has failed it leaves the queue.
func (pr *PullRequest) Queue(by string) error {
	return pr.g.act(func() error {
		who, err := pr.Repo.demand(by, "write", "merge")
		if err != nil {
			return err
		}
		if p := pr.Repo.protection[pr.base]; p == nil || !p.Queue {
			return errors.New("the branch has no merge queue: see Protection")
		}
		if err := pr.mergeable(); err != nil {
			return err
		}
		q := pr.Repo.queue(pr.base)
		if slices.ContainsFunc(q.groups, func(m *mergeGroup) bool { return m.pr == pr }) {
			return errors.New("the pull request is already in the queue")
		}
		pr.g.emitPull(pr, who, "enqueued", nil)
		return pr.Repo.try(q, pr, who)
	})
}

// Dequeue takes the pull request out of the merge queue as a person.
func (pr *PullRequest) Dequeue(by string) {
	pr.g.must("dequeue", func() error {
		pr.g.dequeue(pr, pr.g.person(by))
		return nil
	})
}

// MergeGroup returns the branch and the commit on which the merge queue tries the pull request; both are "" when it
// is not in the queue.
func (pr *PullRequest) MergeGroup() (branch, commit string) {
	pr.g.mu.Lock()
	defer pr.g.mu.Unlock()
	for _, q := range pr.Repo.queues {
		for _, m := range q.groups {
			if m.pr == pr {
				return m.ref, m.head
			}
		}
	}
	return "", ""
}

func (r *Repository) queue(base string) *mergeQueue {
	if r.queues[base] == nil {
		r.queues[base] = &mergeQueue{base: base}
	}
	return r.queues[base]
}

// try makes the branch of a group on top of the last one and asks for its checks.
func (r *Repository) try(q *mergeQueue, pr *PullRequest, by *account) error {
	base := r.branch(q.base)
	if n := len(q.groups); n > 0 {
		base = q.groups[n-1].head
	}
	head, err := pr.mergeCommitOn(by, base, "merge")
	if err != nil {
		return err
	}
	m := &mergeGroup{pr: pr, by: by, base: base, head: head, ref: fmt.Sprintf("gh-readonly-queue/%s/pr-%d-%s", q.base, pr.Number, base)}
	if err := r.setRef("refs/heads/"+m.ref, head); err != nil {
		return err
	}
	q.groups = append(q.groups, m)
	r.g.emitPush(r, by, m.ref, "", head)
	r.requestSuites(by, m.ref, "", head)
	return r.g.emitGroup(r, q, m, "checks_requested", "")
}

// advanceQueues merges what has passed, from the front, and throws out what has failed.
func (g *GitHub) advanceQueues(r *Repository) {
	for _, q := range r.queues {
		for len(q.groups) > 0 && g.advance(r, q) {
		}
	}
}

// advance deals with the first group of a queue and reports whether the queue has moved.
func (g *GitHub) advance(r *Repository, q *mergeQueue) bool {
	m := q.groups[0]
	state := "success"
	for _, required := range r.protection[q.base].Checks {
		switch r.stateOf(required, m.head) {
		case "success":
		case "failure":
			g.remove(r, q, m, m.by, "CI_FAILURE")
			return true
		default:
			state = "pending"
		}
	}
	if state != "success" {
		return false
	}
	q.groups = q.groups[1:]
	err := m.pr.land(m.by, m.head, m.base)
	err = errors.Join(err, g.destroy(r, q, m, "merged"))
	if err != nil {
		g.log.violation("the merge queue of %s: %v", r.FullName(), err)
	}
	return true
}

// dequeue takes a pull request out of the queue, if it is in one.
func (g *GitHub) dequeue(pr *PullRequest, by *account) {
	for _, q := range pr.Repo.queues {
		at := slices.IndexFunc(q.groups, func(m *mergeGroup) bool { return m.pr == pr })
		if at >= 0 {
			g.remove(pr.Repo, q, q.groups[at], by, "MANUAL")
		}
	}
}

// remove takes a group out of the queue. Those behind it were tried on top of it, so they are tried anew.
func (g *GitHub) remove(r *Repository, q *mergeQueue, m *mergeGroup, by *account, why string) {
	at := slices.Index(q.groups, m)
	behind := slices.Clone(q.groups[at+1:])
	q.groups = q.groups[:at]
	err := g.destroy(r, q, m, "dequeued")
	g.emitPull(m.pr, by, "dequeued", object{"reason": why})
	for _, b := range behind {
		err = errors.Join(err, g.destroy(r, q, b, "invalidated"))
	}
	for _, b := range behind {
		err = errors.Join(err, r.try(q, b.pr, b.by))
	}
	if err != nil {
		g.log.violation("the merge queue of %s: %v", r.FullName(), err)
	}
}

// destroy deletes the branch of a group and tells why.
func (g *GitHub) destroy(r *Repository, q *mergeQueue, m *mergeGroup, reason string) error {
	told := g.emitGroup(r, q, m, "destroyed", reason)
	g.emitPush(r, m.by, m.ref, m.head, "")
	return errors.Join(told, r.setRef("refs/heads/"+m.ref, ""))
}

func (g *GitHub) emitGroup(r *Repository, q *mergeQueue, m *mergeGroup, action, reason string) error {
	commit, err := r.commitInfo(m.head)
	if err != nil {
		return err
	}
	payload := object{"merge_group": object{
		"head_sha": m.head, "head_ref": "refs/heads/" + m.ref, "base_sha": m.base, "base_ref": "refs/heads/" + q.base, "head_commit": commit.simpleJSON(),
	}}
	if reason != "" {
		payload["reason"] = reason
	}
	g.emit(note{name: "merge_group", action: action, repo: r, sender: m.by, payload: payload})
	return nil
}
