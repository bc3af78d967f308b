package github

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/event"
)

// ErrMoved: a branch is not where it was expected to be, so that changing it would lose what others did.
var ErrMoved = errors.New("the branch has moved")

// File is a file to commit.
type File struct {
	Path       string
	Content    []byte
	Executable bool
}

// Commit is one to make on a branch.
type Commit struct {
	Branch  string
	Parent  string // commit: where the branch is, or where it begins
	Message string
	Files   []File // replaced or added; all others stay
	Create  bool   // the branch is new
}

// Commit makes a commit through GitHub's interface, so that GitHub signs it in the App's name, and moves the branch
// to it; never but forward: when the branch is not at Parent, or is there though it should be new, it fails with
// ErrMoved and changes nothing. It needs the permission contents: write. It takes four calls, and one more for each
// file that is not UTF-8.
//
// https://docs.github.com/en/rest/git/trees#create-a-tree
func (c *Client) Commit(ctx context.Context, repo event.Repository, commit Commit) (id string, err error) {
	if err := cmp.Or(c.owns(repo), checkBranch(commit.Branch), checkCommit("parent", commit.Parent)); err != nil {
		return "", err
	}
	op := "commit to " + said(commit.Branch)
	parent, _, err := c.rest.Git.GetCommit(ctx, repo.Owner, repo.Name, commit.Parent)
	if err != nil {
		return "", failure(ctx, op, err)
	}
	if checkCommit("tree", parent.GetTree().GetSHA()) != nil { // on no tree, all other files would be gone
		return "", hollow(op)
	}
	entries, err := c.entries(ctx, repo, commit.Files)
	if err != nil {
		return "", failure(ctx, op, err)
	}
	tree, _, err := c.rest.Git.CreateTree(ctx, repo.Owner, repo.Name, parent.GetTree().GetSHA(), entries)
	if err != nil {
		return "", failure(ctx, op, err)
	}
	if checkCommit("tree", tree.GetSHA()) != nil {
		return "", hollow(op)
	}
	made, _, err := c.rest.Git.CreateCommit(ctx, repo.Owner, repo.Name,
		&github.Commit{Message: &commit.Message, Tree: tree, Parents: []*github.Commit{{SHA: &commit.Parent}}}, nil)
	if err != nil {
		return "", failure(ctx, op, err)
	}
	if checkCommit("commit", made.GetSHA()) != nil {
		return "", hollow(op)
	}
	return made.GetSHA(), c.moveBranch(ctx, repo, commit, made.GetSHA())
}

// Message returns what a commit says, and the commits that it follows.
//
// https://docs.github.com/en/rest/git/commits#get-a-commit-object
func (c *Client) Message(ctx context.Context, repo event.Repository, id string) (text string, parents []string, err error) {
	if err := cmp.Or(c.owns(repo), checkCommit("commit", id)); err != nil {
		return "", nil, err
	}
	commit, _, err := c.rest.Git.GetCommit(ctx, repo.Owner, repo.Name, id)
	if err != nil {
		return "", nil, failure(ctx, "read commit "+id, err)
	}
	for _, parent := range commit.Parents {
		if err := checkCommit("parent", parent.GetSHA()); err != nil {
			return "", nil, hollow("read commit " + id)
		}
		parents = append(parents, parent.GetSHA())
	}
	return commit.GetMessage(), parents, nil
}

// entries are the files of a tree. GitHub makes blobs of UTF-8 text itself.
func (c *Client) entries(ctx context.Context, repo event.Repository, files []File) ([]*github.TreeEntry, error) {
	var entries []*github.TreeEntry
	for _, f := range files {
		if !cleanPath(f.Path) {
			return nil, &Error{Op: "commit " + said(f.Path), Said: "that is no path in a repository", kind: ErrRefused}
		}
		entry := &github.TreeEntry{Path: &f.Path, Mode: github.String("100644"), Type: github.String("blob")}
		if f.Executable {
			entry.Mode = github.String("100755")
		}
		if utf8.Valid(f.Content) {
			entry.Content = github.String(string(f.Content))
		} else {
			blob, _, err := c.rest.Git.CreateBlob(ctx, repo.Owner, repo.Name, &github.Blob{
				Content: github.String(base64.StdEncoding.EncodeToString(f.Content)), Encoding: github.String("base64")})
			if err != nil {
				return nil, err
			}
			if checkCommit("blob", blob.GetSHA()) != nil {
				return nil, hollow("commit " + said(f.Path))
			}
			entry.SHA = blob.SHA
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

func (c *Client) moveBranch(ctx context.Context, repo event.Repository, commit Commit, id string) error {
	ref := &github.Reference{Ref: github.String("refs/heads/" + commit.Branch), Object: &github.GitObject{SHA: &id}}
	var err error
	if commit.Create {
		_, _, err = c.rest.Git.CreateRef(ctx, repo.Owner, repo.Name, ref)
	} else {
		_, _, err = c.rest.Git.UpdateRef(ctx, repo.Owner, repo.Name, ref, false)
	}
	err = failure(ctx, "move "+said(commit.Branch)+" forward", err)
	var answer *Error
	if errors.As(err, &answer) && (answer.Status == http.StatusUnprocessableEntity || answer.Status == http.StatusConflict) {
		return fmt.Errorf("%w: %w", ErrMoved, err)
	}
	return err
}
