// Package event holds what happened on GitHub as plain data, between the door that receives it (internal/server,
// internal/github), the queue that keeps it (internal/queue) and the work that follows (internal/pullrequest).
//
// A delivery is one webhook call, known by its GUID. A subject is what a review is about: a pull request, or a merge
// group, which is the branch that a merge queue makes to try pull requests together. A task is one thing to do.
package event

import "fmt"

// Repository is a repository that an installation of the App may read.
type Repository struct {
	Installation  int64  `json:"installation"`
	ID            int64  `json:"id"`
	Owner         string `json:"owner"`
	Name          string `json:"name"`
	DefaultBranch string `json:"defaultBranch,omitempty"`
}

// FullName is OWNER/NAME.
func (r Repository) FullName() string { return r.Owner + "/" + r.Name }

// Subject is a pull request (Number) or a merge group (Ref, the branch that the queue made).
type Subject struct {
	Repository Repository `json:"repository"`
	Number     int        `json:"number,omitempty"`
	Ref        string     `json:"ref,omitempty"`
}

// Key names the subject among all of a database. It holds no name that can change or be chosen by somebody, but for a
// merge group's branch.
func (s Subject) Key() string {
	if s.Number > 0 {
		return fmt.Sprintf("%d/%d/pull/%d", s.Repository.Installation, s.Repository.ID, s.Number)
	}
	return fmt.Sprintf("%d/%d/%s", s.Repository.Installation, s.Repository.ID, s.Ref)
}

// String names the subject for people: acme/infra#12, or acme/infra@BRANCH.
func (s Subject) String() string {
	if s.Number > 0 {
		return fmt.Sprintf("%s#%d", s.Repository.FullName(), s.Number)
	}
	return s.Repository.FullName() + "@" + s.Ref
}

// Kind says what a task is.
type Kind string

// The kinds of tasks.
const (
	Review  Kind = "review"  // review Subject at Head
	Cancel  Kind = "cancel"  // Subject is gone: what runs for it ends, and its check run with it
	Command Kind = "command" // a person wrote Text, which begins with /landwaiter, as comment Comment
	Action  Kind = "action"  // a person pressed the button Text of check run CheckRun
	Warm    Kind = "warm"    // the default branch moved to Head: render it for the cache
	Forget  Kind = "forget"  // Repositories (none: all) of an installation are no longer ours: delete what is kept of them
)

// Task is one thing to do. Which fields are set depends on its kind.
type Task struct {
	Kind         Kind    `json:"kind"`
	Subject      Subject `json:"subject"`
	Head         string  `json:"head,omitempty"`         // commit
	Base         string  `json:"base,omitempty"`         // commit, of merge groups; of a pull request the newest that is known of its base branch
	BaseRef      string  `json:"baseRef,omitempty"`      // branch
	Draft        bool    `json:"draft,omitempty"`        // the pull request is one
	Fork         bool    `json:"fork,omitempty"`         // its branch is in another repository, or that is gone
	Author       string  `json:"author,omitempty"`       // login of who opened the pull request
	Sender       string  `json:"sender,omitempty"`       // login of who caused the task
	Comment      int64   `json:"comment,omitempty"`      // id
	Inline       bool    `json:"inline,omitempty"`       // Comment stands on a line
	Text         string  `json:"text,omitempty"`         // of the command, the button's identifier, or why a merge group is gone
	CheckRun     int64   `json:"checkRun,omitempty"`     // id
	External     string  `json:"external,omitempty"`     // external id of CheckRun: the review that it shows. Subject has neither Number nor Ref when GitHub did not say which pull request it is
	Repositories []int64 `json:"repositories,omitempty"` // ids
	Again        bool    `json:"again,omitempty"`        // a person asked for it: do it though it was done for this head
}
