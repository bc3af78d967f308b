package githubtest

import (
	"fmt"
	"net/http"
	"slices"
)

// Protection is the protection of a branch.
type Protection struct {
	Checks    []RequiredCheck
	Approvals int  // that a pull request needs
	Queue     bool // merging is the merge queue's
}

// RequiredCheck is a check that a commit needs before it is merged.
type RequiredCheck struct {
	Context string
	App     *App // whose check run it must be; nil takes a check run or a status of anybody
}

// Protect sets what a branch asks of a pull request before it may be merged.
func (r *Repository) Protect(branch string, p Protection) {
	r.g.must("protect "+branch, func() error {
		r.protection[branch] = &p
		return nil
	})
}

// Merge merges the pull request as a person, who needs the write role. The error is what GitHub says against it.
func (pr *PullRequest) Merge(by string) error {
	return pr.g.act(func() error {
		who, err := pr.Repo.demand(by, "write", "merge")
		if err != nil {
			return err
		}
		return pr.merge(who, "merge")
	})
}

// blocked says why the pull request must not be merged, nil when nothing is against it.
func (pr *PullRequest) blocked() *refusal {
	p := pr.Repo.protection[pr.base]
	if p == nil {
		return nil
	}
	if n := pr.approvals(); n < p.Approvals {
		return refuse(http.StatusMethodNotAllowed, "At least %d approving review is required by reviewers with write access.", p.Approvals)
	}
	for _, required := range p.Checks {
		switch pr.Repo.stateOf(required, pr.head) {
		case "success":
		case "":
			return refuse(http.StatusMethodNotAllowed, "Required status check %q is expected.", required.Context)
		case "pending":
			return refuse(http.StatusMethodNotAllowed, "Required status check %q is in progress.", required.Context)
		default:
			return refuse(http.StatusMethodNotAllowed, "Required status check %q is failing.", required.Context)
		}
	}
	return nil
}

// stateOf is how a required check stands on a commit: "" where it was never reported, pending, success or failure.
// A skipped or neutral check passes, which is why neither may be said of what could not be told. Where a status and a
// check run have the name, both must pass.
func (r *Repository) stateOf(required RequiredCheck, sha string) string {
	states := make([]string, 0, 2)
	for _, run := range slices.Backward(r.runs) {
		if run.HeadSHA == sha && run.Name == required.Context && (required.App == nil || required.App == run.app) {
			states = append(states, run.state())
			break
		}
	}
	for _, s := range slices.Backward(r.statuses) {
		if s.sha == sha && s.context == required.Context && required.App == nil {
			states = append(states, s.state)
			break
		}
	}
	switch {
	case len(states) == 0:
		return ""
	case slices.Contains(states, "failure"), slices.Contains(states, "error"):
		return "failure"
	case slices.Contains(states, "pending"):
		return "pending"
	}
	return "success"
}

func (run *CheckRun) state() string {
	switch {
	case run.Status != "completed":
		return "pending"
	case slices.Contains([]string{"success", "neutral", "skipped"}, run.Conclusion):
		return "success"
	}
	return "failure"
}

// approvals counts the people with the write role whose last word is an approval.
func (pr *PullRequest) approvals() int {
	last := make(map[*account]string)
	for _, review := range pr.reviews {
		if review.State != "COMMENTED" && pr.Repo.allows(review.author, "write") {
			last[review.author] = review.State
		}
	}
	n := 0
	for _, state := range last {
		if state == "APPROVED" {
			n++
		}
	}
	return n
}

// merge merges the pull request, or says as GitHub does why not.
func (pr *PullRequest) merge(who *account, method string) error {
	if err := pr.mergeable(); err != nil {
		return err
	}
	if p := pr.Repo.protection[pr.base]; p != nil && p.Queue {
		return refuse(http.StatusMethodNotAllowed, "Changes must be made through the merge queue")
	}
	base := pr.Repo.branch(pr.base)
	commit, err := pr.mergeCommitOn(who, base, method)
	if err != nil {
		return err
	}
	return pr.land(who, commit, base)
}

func (pr *PullRequest) mergeable() error {
	switch blocked := pr.blocked(); {
	case pr.state != "open":
		return refuse(http.StatusMethodNotAllowed, "Pull Request is not mergeable")
	case pr.draft:
		return refuse(http.StatusMethodNotAllowed, "Pull Request is still a draft")
	case blocked != nil:
		return blocked
	}
	return nil
}

// mergeCommitOn makes the commit that brings the pull request onto base: a merge, or one commit that squashes it.
func (pr *PullRequest) mergeCommitOn(who *account, base, method string) (string, error) {
	tree, err := pr.Repo.git("merge-tree", "--write-tree", base, pr.head)
	if err != nil {
		return "", refuse(http.StatusMethodNotAllowed, "Pull Request is not mergeable")
	}
	parents := []string{base, pr.head}
	if method == "squash" || method == "rebase" {
		parents = parents[:1]
	}
	message := fmt.Sprintf("Merge pull request #%d from %s/%s\n\n%s\n", pr.Number, pr.headRepo.owner.login, pr.headBranch, pr.title)
	return pr.Repo.commitTree(who, tree, message, parents...)
}

// land moves the base branch to the merge and closes the pull request as merged.
func (pr *PullRequest) land(who *account, commit, before string) error {
	pr.merged, pr.mergedInto, pr.mergeCommit, pr.mergedBy, pr.mergedAt = true, before, commit, who, pr.g.now()
	if err := pr.Repo.move(who, pr.base, commit); err != nil {
		return err
	}
	pr.close(who)
	return nil
}
