package github

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/event"
)

// MaxFile is how many bytes a file that File returns may have; GitHub gives no more without further questions.
const MaxFile = 1 << 20

// OrganisationRepository is the repository of an owner that holds what is true of all its repositories. The
// installation may not have it, which looks as if it were not there.
func OrganisationRepository(repo event.Repository) event.Repository {
	return event.Repository{Installation: repo.Installation, Owner: repo.Owner, Name: ".github"}
}

// File returns a file at a commit or branch, "" for the default branch. A file, commit or repository that is not there
// is not an error but not found; everything else that keeps the file from being read is one.
//
// https://docs.github.com/en/rest/repos/contents#get-repository-content
func (c *Client) File(ctx context.Context, repo event.Repository, name, ref string) (data []byte, found bool, err error) {
	op := fmt.Sprintf("read %s of %s", said(name), repo.FullName())
	if err := c.owns(repo); err != nil {
		return nil, false, err
	}
	if !cleanPath(name) {
		return nil, false, fmt.Errorf("%s: that is no path in a repository", op)
	}
	file, _, _, err := c.rest.Repositories.GetContents(ctx, repo.Owner, repo.Name, name, &github.RepositoryContentGetOptions{Ref: ref})
	if err = failure(ctx, op, err); errors.Is(err, ErrNotFound) {
		return nil, false, nil
	} else if err != nil {
		return nil, false, err
	}
	switch {
	case file == nil || file.GetType() != "file":
		return nil, false, fmt.Errorf("%s: it is not a file", op)
	case file.GetSize() > MaxFile:
		return nil, false, fmt.Errorf("%s: it has %d bytes, more than %d", op, file.GetSize(), MaxFile)
	}
	text, err := file.GetContent()
	if err != nil || len(text) != file.GetSize() {
		return nil, false, hollow(op)
	}
	return []byte(text), true, nil
}

// cleanPath reports whether a path leads to a file in a repository.
func cleanPath(name string) bool {
	return name != "" && name != "." && name == path.Clean(name) && !strings.HasPrefix(name, "/") && name != ".." &&
		!strings.HasPrefix(name, "../") && !strings.ContainsAny(name, "\x00\\")
}
