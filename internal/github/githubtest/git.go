package githubtest

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Files are changes to a tree: contents by path; Deleted removes one.
type Files map[string]string

// Deleted is the content of a file that goes.
const Deleted = "\x00deleted"

// Commits are dated from here, a second apart.
var firstCommit = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// gitEnvironment is all that Git gets to see, so that no setting of the machine changes what it does.
func (g *GitHub) gitEnvironment(who *account) []string {
	name, email := who.login, who.email()
	date := strconv.FormatInt(firstCommit.Unix()+g.commits, 10) + " +0000"
	return append(g.gitSettings(),
		"GIT_AUTHOR_NAME="+name, "GIT_AUTHOR_EMAIL="+email, "GIT_AUTHOR_DATE="+date,
		"GIT_COMMITTER_NAME="+name, "GIT_COMMITTER_EMAIL="+email, "GIT_COMMITTER_DATE="+date)
}

func (g *GitHub) gitSettings() []string {
	return []string{
		"PATH=" + filepath.Dir(g.git), "HOME=" + g.dir, "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_CONFIG_COUNT=4",
		"GIT_CONFIG_KEY_0=gc.auto", "GIT_CONFIG_VALUE_0=0",
		"GIT_CONFIG_KEY_1=core.fsync", "GIT_CONFIG_VALUE_1=none",
		"GIT_CONFIG_KEY_2=safe.directory", "GIT_CONFIG_VALUE_2=*",
		"GIT_CONFIG_KEY_3=core.quotePath", "GIT_CONFIG_VALUE_3=false",
	}
}

func (a *account) email() string {
	return fmt.Sprintf("%d+%s@users.noreply.github.test", a.id, a.login)
}

// gitCommand is one run of Git.
type gitCommand struct {
	dir   string
	who   *account // author and committer; nil where there is none
	stdin string
	index string // the index file, where one is needed
	args  []string
}

func (g *GitHub) run(c gitCommand) (string, error) {
	cmd := exec.Command(g.git, c.args...)
	cmd.Dir = c.dir
	cmd.Env = g.gitSettings()
	if c.who != nil {
		cmd.Env = g.gitEnvironment(c.who)
	}
	if c.index != "" {
		cmd.Env = append(cmd.Env, "GIT_INDEX_FILE="+c.index)
	}
	cmd.Stdin = strings.NewReader(c.stdin)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("git %s: %w: %s", strings.Join(c.args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}

// git runs Git in the repository and returns what it printed, without the last line end.
func (r *Repository) git(args ...string) (string, error) {
	out, err := r.g.run(gitCommand{dir: r.dir, args: args})
	return strings.TrimSuffix(out, "\n"), err
}

// resolve returns the object that a revision names, "" where there is none.
func (r *Repository) resolve(rev string) string {
	if rev == "" || strings.HasPrefix(rev, "-") {
		return ""
	}
	out, err := r.git("rev-parse", "--quiet", "--verify", "--end-of-options", rev)
	if err != nil {
		return ""
	}
	return out
}

// commitOf returns the commit that a branch, a tag or a commit's name stands for, "" where there is none.
func (r *Repository) commitOf(rev string) string {
	for _, name := range []string{"refs/heads/" + rev, rev} {
		if id := r.resolve(name + "^{commit}"); id != "" {
			return id
		}
	}
	return ""
}

func (r *Repository) branch(name string) string { return r.resolve("refs/heads/" + name) }

func (r *Repository) mergeBase(a, b string) (string, error) {
	base, err := r.git("merge-base", a, b)
	if err != nil {
		return "", fmt.Errorf("%s and %s share no history: %w", a, b, err)
	}
	return base, nil
}

// commit makes a commit that changes files, on top of parent ("" for a first one), and returns its name. No branch
// moves.
func (r *Repository) commit(who *account, parent, message string, files Files) (string, error) {
	r.g.commits++
	when := fmt.Sprintf("%s <%s> %d +0000", who.login, who.email(), firstCommit.Unix()+r.g.commits)
	var in strings.Builder
	fmt.Fprintf(&in, "commit refs/githubtest/made\nmark :1\nauthor %s\ncommitter %s\ndata %d\n%s\n", when, when, len(message), message)
	if parent != "" {
		fmt.Fprintf(&in, "from %s\n", parent)
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if files[path] == Deleted {
			fmt.Fprintf(&in, "D %s\n", quoted(path))
			continue
		}
		fmt.Fprintf(&in, "M 100644 inline %s\ndata %d\n%s\n", quoted(path), len(files[path]), files[path])
	}
	in.WriteString("get-mark :1\n")
	out, err := r.g.run(gitCommand{dir: r.dir, stdin: in.String(), args: []string{"fast-import", "--quiet", "--force"}})
	return strings.TrimSpace(out), err
}

// quoted writes a path as git fast-import reads it.
func quoted(path string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, b := range []byte(path) {
		if b < ' ' || b == '"' || b == '\\' || b >= 0x7f {
			fmt.Fprintf(&out, "\\%03o", b)
			continue
		}
		out.WriteByte(b)
	}
	out.WriteByte('"')
	return out.String()
}

func (r *Repository) commitTree(who *account, tree, message string, parents ...string) (string, error) {
	r.g.commits++
	args := []string{"commit-tree", tree}
	for _, p := range parents {
		args = append(args, "-p", p)
	}
	out, err := r.g.run(gitCommand{dir: r.dir, who: who, stdin: message, args: args})
	return strings.TrimSpace(out), err
}

// setRef moves, makes (from "") or deletes (to "") a reference. What follows from it is the caller's work.
func (r *Repository) setRef(ref, to string) error {
	args := []string{"update-ref", ref, to}
	if to == "" {
		args = []string{"update-ref", "-d", ref}
	}
	_, err := r.git(args...)
	return err
}

// branches returns the commits of all branches by name.
func (r *Repository) branches() (map[string]string, error) {
	out, err := r.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/")
	if err != nil {
		return nil, err
	}
	all := make(map[string]string)
	for line := range strings.Lines(out) {
		id, ref, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		all[strings.TrimPrefix(ref, "refs/heads/")] = id
	}
	return all, nil
}
