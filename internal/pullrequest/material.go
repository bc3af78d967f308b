package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github"
	"github.com/landwaiter/landwaiter/internal/queue"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/source"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo"
)

// PolicyFile is where a repository keeps its policy, and an organisation, in its repository .github, that of all its
// repositories.
const PolicyFile = ".github/landwaiter.yaml"

// material is what a review is made of: the change, and the policy that it is judged by.
type material struct {
	*gitrepo.Fetched
	change *source.Change
	base   source.Tree    // of the base branch now, which policy is read from
	layers []policy.Layer // the lowest first
	policy *review.Policy
}

// finalError is one that trying again does not mend. Its text is shown to people.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }
func (e *finalError) Unwrap() error { return e.err }

// fetch brings the commits of a task, its head first, into the mirror.
func (w *Worker) fetch(ctx context.Context, t event.Task, wanted ...string) (*gitrepo.Fetched, error) {
	repo := t.Subject.Repository
	client := w.client(t)
	fetched, err := w.Mirror.Fetch(ctx, gitrepo.Remote{
		Installation: repo.Installation, Repository: repo.ID,
		URL:   w.GitHub.Site().Git(repo.Owner, repo.Name),
		Token: func(ctx context.Context) (string, error) { return client.GitToken(ctx, repo) },
	}, wanted...)
	w.fetched(fetched, err)
	if errors.Is(err, gitrepo.ErrAccess) {
		client.DropGitToken(repo) // it may have been made before a permission was given
	}
	if errors.Is(err, github.ErrRefused) { // GitHub gives no token of what the App may not do
		return nil, &finalError{errors.New("the App may not read this repository: it needs the permission contents: read")}
	}
	for _, final := range []error{gitrepo.ErrTooLarge, gitrepo.ErrGone} {
		if errors.Is(err, final) {
			return nil, &finalError{err}
		}
	}
	return fetched, err
}

// fetched counts what a review needed of Git.
func (w *Worker) fetched(f *gitrepo.Fetched, err error) {
	result := "present"
	switch {
	case w.Fetched == nil:
		return
	case err != nil:
		result = "failed"
	case f.Cloned:
		result = "cloned"
	case f.Asked:
		result = "fetched"
	}
	w.Fetched(result)
}

// errDamaged says that what was read may not be all there was.
var errDamaged = errors.New("the copy of the repository turned out to be damaged; it is fetched anew")

// gather fetches what a job is about and reads its policy. Close ends the use of the mirror.
func (w *Worker) gather(ctx context.Context, job queue.Job) (*material, error) {
	if job.Fork && w.Unconfined != "" {
		return nil, &finalError{fmt.Errorf("pull requests from forks are not rendered on this server: %s", w.Unconfined)}
	}
	wanted := []string{job.Head, job.Base}
	if job.Subject.Number > 0 {
		wanted[1] = "refs/heads/" + job.BaseRef // where it is now, not where it was when the pull request was opened
	}
	fetched, err := w.fetch(ctx, job.Task, wanted...)
	if errors.Is(err, gitrepo.ErrUnknown) {
		return nil, &finalError{fmt.Errorf("its head or base is no longer there: %w", err)}
	} else if err != nil {
		return nil, err
	}
	m := &material{Fetched: fetched}
	if err := w.fill(ctx, job, m); err != nil {
		return nil, errors.Join(err, fetched.Close())
	}
	return m, nil
}

func (w *Worker) fill(ctx context.Context, job queue.Job, m *material) (err error) {
	if m.change, err = m.Change(ctx, m.IDs[1], m.IDs[0]); err != nil {
		if errors.Is(err, gitrepo.ErrNoMergeBase) {
			return &finalError{err}
		}
		return err
	}
	if m.base, err = m.Tree(ctx, m.IDs[1]); err != nil {
		return err
	}
	if m.layers, err = w.layers(ctx, job.Task, m.base); err != nil {
		return err
	}
	m.policy, err = policy.Load(w.Rules, m.layers...)
	if err != nil {
		return &policyError{err}
	}
	return nil
}

// policyError is what is wrong in the policy that a pull request is judged by.
type policyError struct{ err error }

func (e *policyError) Error() string { return e.err.Error() }
func (e *policyError) Unwrap() error { return e.err }

// layers reads the policies that lie over one another: the server's, the organisation's and the repository's.
func (w *Worker) layers(ctx context.Context, t event.Task, base source.Tree) (layers []policy.Layer, err error) {
	if w.Server != nil {
		layers = append(layers, *w.Server)
	}
	organisation := github.OrganisationRepository(t.Subject.Repository)
	if t.Subject.Repository.Name != organisation.Name {
		text, found, err := w.client(t).File(ctx, organisation, PolicyFile, "")
		if err != nil {
			return nil, fmt.Errorf("reading the organisation's policy: %w", err)
		}
		if found {
			layers = append(layers, policy.Layer{File: organisation.FullName() + "/" + PolicyFile, Text: text})
		}
	}
	own, err := policy.RuleLayers(base, policy.RulesDir)
	if err != nil {
		return nil, &policyError{err}
	}
	layers = append(layers, own...)
	text, err := policyText(base)
	if text != nil {
		layers = append(layers, policy.Layer{File: PolicyFile, Text: text})
	}
	return layers, err
}

// named reads the files that policies name, keys and trust roots: the repository's from base, the organisation's from its
// repository, the server's from beside its policy.
func (w *Worker) named(ctx context.Context, t event.Task, base source.Tree) func(layer, file string) ([]byte, error) {
	return func(layer, file string) ([]byte, error) {
		organisation := github.OrganisationRepository(t.Subject.Repository)
		switch {
		case layer == PolicyFile:
			return base.ReadFile(path.Clean(file))
		case w.Server != nil && layer == w.Server.File && w.Beside != nil:
			return w.Beside(file)
		case layer == organisation.FullName()+"/"+PolicyFile:
			text, found, err := w.client(t).File(ctx, organisation, path.Clean(file), "")
			if err == nil && !found {
				err = fmt.Errorf("%s has no %s: %w", organisation.FullName(), file, fs.ErrNotExist)
			}
			return text, err
		}
		return nil, fmt.Errorf("nobody knows where the files of %s lie", layer)
	}
}

// policyText reads the repository's policy of a tree, nil when it has none.
func policyText(tree source.Tree) ([]byte, error) {
	text, err := tree.ReadFile(PolicyFile)
	if errors.Is(err, source.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, &policyError{fmt.Errorf("%s: %w", PolicyFile, err)}
	}
	return append([]byte{}, text...), nil
}
