package githubtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Repository is a repository on the test GitHub. Its exported fields do not change.
type Repository struct {
	g       *GitHub
	ID      int64
	Name    string
	Private bool

	owner      *account
	dir        string
	parent     *Repository // of which this is a fork
	made       time.Time
	people     map[string]string // login -> role
	numbers    int               // the last number of a pull request
	pulls      []*PullRequest
	suites     []*checkSuite
	runs       []*CheckRun
	statuses   []*commitStatus
	artifacts  []*artifact
	reactions  map[int64][]*reaction // by the comment's id
	protection map[string]*Protection
	queues     map[string]*mergeQueue
	diffs      map[[2]string][]*diffFile
}

// DefaultBranch is the name of every repository's default branch.
const DefaultBranch = "main"

// Create makes a repository OWNER/NAME whose default branch main has one commit with the files. An owner that is
// unknown becomes an organisation. It is private; see Public.
func (g *GitHub) Create(fullName string, files Files) *Repository {
	return g.create(fullName, files, true)
}

// CreatePublic is Create for a repository that everybody may read.
func (g *GitHub) CreatePublic(fullName string, files Files) *Repository {
	return g.create(fullName, files, false)
}

func (g *GitHub) create(fullName string, files Files, private bool) (r *Repository) {
	g.must("create "+fullName, func() (err error) {
		if r, err = g.newRepository(fullName, "Organization", private); err != nil {
			return err
		}
		first, err := r.commit(r.owner, "", "First commit\n", files)
		if err != nil {
			return err
		}
		return r.setRef("refs/heads/"+DefaultBranch, first)
	})
	return r
}

func (g *GitHub) newRepository(fullName, ownerKind string, private bool) (*Repository, error) {
	owner, name, ok := strings.Cut(fullName, "/")
	if !ok || name == "" || owner == "" {
		return nil, errors.New("the name is not OWNER/NAME")
	}
	if g.repos[fold(fullName)] != nil {
		return nil, errors.New("it exists")
	}
	r := &Repository{
		g: g, ID: g.id(), Name: name, Private: private, owner: g.account(owner, ownerKind),
		dir: filepath.Join(g.dir, "git", owner, name+".git"), made: g.now(),
		people: make(map[string]string), reactions: make(map[int64][]*reaction),
		protection: make(map[string]*Protection), queues: make(map[string]*mergeQueue),
		diffs: make(map[[2]string][]*diffFile),
	}
	if err := r.initialise(); err != nil {
		return nil, err
	}
	g.repos[fold(fullName)] = r
	return r, nil
}

// initialise makes the bare repository. As on GitHub, partial clones and single commits can be fetched, and what is
// under refs/pull cannot be pushed.
func (r *Repository) initialise() error {
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return err
	}
	if _, err := r.git("init", "--quiet", "--bare", "--initial-branch="+DefaultBranch); err != nil {
		return err
	}
	config := "[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n[receive]\n\thideRefs = refs/pull\n" +
		"[transfer]\n\thideRefs = refs/githubtest\n[http]\n\treceivepack = true\n"
	file, err := os.OpenFile(filepath.Join(r.dir, "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(config)
	return errors.Join(err, file.Close())
}

// FullName is OWNER/NAME.
func (r *Repository) FullName() string { return r.owner.login + "/" + r.Name }

// Owner is the login of the owner.
func (r *Repository) Owner() string { return r.owner.login }

// CloneURL is where Git finds the repository; it asks for a token.
func (r *Repository) CloneURL() string { return r.g.url + "/" + r.FullName() + ".git" }

// Grant gives people a role: none, read, triage, write, maintain or admin.
func (r *Repository) Grant(role string, logins ...string) {
	r.g.must("grant", func() error {
		for _, login := range logins {
			r.people[fold(login)] = role
			r.g.person(login)
		}
		return nil
	})
}

// Head returns the commit that a branch stands at, "" when there is none of that name.
func (r *Repository) Head(branch string) string {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	return r.branch(branch)
}

// File returns the content of a file at a commit or branch, and whether there is one.
func (r *Repository) File(rev, path string) (string, bool) {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	commit := r.commitOf(rev)
	if commit == "" {
		return "", false
	}
	out, err := r.g.run(gitCommand{dir: r.dir, args: []string{"cat-file", "blob", commit + ":" + path}})
	return out, err == nil
}

// Push commits files to a branch (which starts at the default branch when it is new) as a person, who must have the
// write role, and returns the commit.
func (r *Repository) Push(by, branch, message string, files Files) (commit string) {
	r.g.must("push to "+r.FullName(), func() (err error) {
		who, err := r.demand(by, "write", "push")
		if err != nil {
			return err
		}
		commit, err = r.push(who, branch, message, files)
		return err
	})
	return commit
}

// DeleteBranch deletes a branch as a person. Pull requests from it are closed.
func (r *Repository) DeleteBranch(by, branch string) {
	r.g.must("delete "+branch, func() error {
		who, err := r.demand(by, "write", "delete branches")
		if err != nil {
			return err
		}
		return r.move(who, branch, "")
	})
}

func (r *Repository) push(who *account, branch, message string, files Files) (string, error) {
	before := r.branch(branch)
	parent := before
	if parent == "" {
		parent = r.branch(DefaultBranch)
	}
	commit, err := r.commit(who, parent, message, files)
	if err != nil {
		return "", err
	}
	return commit, r.move(who, branch, commit)
}

// move sets a branch to a commit ("" deletes it), and does what GitHub does then.
func (r *Repository) move(who *account, branch, to string) error {
	before := r.branch(branch)
	if err := r.setRef("refs/heads/"+branch, to); err != nil {
		return err
	}
	return r.moved(who, branch, before, to)
}

// moved does what GitHub does when a branch has moved: check suites, pull requests, events.
func (r *Repository) moved(who *account, branch, before, after string) error {
	if before == after {
		return nil
	}
	r.g.emitPush(r, who, branch, before, after)
	if after != "" {
		r.requestSuites(who, branch, before, after)
	}
	for _, base := range r.g.repos {
		if err := base.follow(who, r, branch, after); err != nil {
			return fmt.Errorf("pull requests of %s: %w", base.FullName(), err)
		}
	}
	return nil
}

// fork returns the fork of that name, made when there is none. Its owner is a person.
func (r *Repository) fork(fullName string) (*Repository, error) {
	if f := r.g.repos[fold(fullName)]; f != nil {
		if f.parent != r {
			return nil, fmt.Errorf("%s is not a fork of %s", fullName, r.FullName())
		}
		return f, nil
	}
	f, err := r.g.newRepository(fullName, "User", r.Private)
	if err != nil {
		return nil, err
	}
	f.parent = r
	return f, f.fetch(r, "+refs/heads/*:refs/heads/*")
}

// fetch brings references of another repository here.
func (r *Repository) fetch(from *Repository, refspecs ...string) error {
	_, err := r.git(append([]string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", from.dir}, refspecs...)...)
	return err
}
