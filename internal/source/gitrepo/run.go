package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// command is one run of git.
type command struct {
	args  []string
	env   []string
	dir   string
	stdin string
}

// findGit finds the program, and picks what it gets of the environment.
func (r *Repo) findGit(env []string) error {
	if r.git == "" {
		r.git = "git"
	}
	found, err := exec.LookPath(r.git)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoGit, err)
	}
	r.git = found
	wanted := []string{"PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SYSTEMROOT", "USERPROFILE"}
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(wanted, strings.ToUpper(name)) {
			r.env = append(r.env, pair)
		}
	}
	r.env = append(r.env,
		"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=false", "GIT_PAGER=cat", "GIT_OPTIONAL_LOCKS=0",
		"GIT_NO_REPLACE_OBJECTS=1", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_LITERAL_PATHSPECS=1",
	)
	return nil
}

// noConfig keeps Git from reading the user's and the system's settings.
var noConfig = [...]string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1"}

// inScratch is a command in the scratch repository, without a work tree.
func (r *Repo) inScratch(args ...string) command {
	env := slices.Concat(r.env, noConfig[:], []string{
		"GIT_DIR=" + r.scratch,
		"GIT_OBJECT_DIRECTORY=" + filepath.Join(r.commonDir, "objects"),
		"GIT_SHALLOW_FILE=" + filepath.Join(r.commonDir, "shallow"),
	})
	return command{args: args, env: env, dir: r.scratch}
}

// inWorkTree is a command in the scratch repository over the real work tree, with a copy of its index.
func (r *Repo) inWorkTree(index string, args ...string) command {
	c := r.inScratch(args...)
	c.env = append(c.env, "GIT_WORK_TREE="+r.root, "GIT_INDEX_FILE="+index)
	c.dir = r.root
	return c
}

// inRepository is a command in the real repository. It must be one that runs no programs. What it could reach by
// detours is switched off as well; fetching missing objects is closed by GIT_ALLOW_PROTOCOL, which no setting of a
// repository outweighs, also in versions of Git that do not know GIT_NO_LAZY_FETCH.
func (r *Repo) inRepository(args ...string) command {
	safe := []string{
		"-c", "core.fsmonitor=false", "-c", "core.sshCommand=false", "-c", "core.hooksPath=/dev/null",
		"-c", "credential.helper=", "-c", "core.pager=cat",
	}
	return command{args: append(safe, args...), env: append(slices.Clone(r.env), "GIT_DIR="+r.gitDir), dir: r.scratchOrGitDir()}
}

func (r *Repo) scratchOrGitDir() string {
	if r.scratch != "" {
		return r.scratch
	}
	return r.gitDir
}

// output runs a command and returns what it prints.
func (r *Repo) output(ctx context.Context, c command) ([]byte, error) {
	var out []byte
	err := r.stream(ctx, c, func(stdout io.Reader) (err error) {
		out, err = io.ReadAll(stdout)
		return err
	})
	return out, err
}

// stream runs a command and gives what it prints to read. When read fails, the command is ended at once.
func (r *Repo) stream(ctx context.Context, c command, read func(io.Reader) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.git, c.args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	cmd.Stdin = strings.NewReader(c.stdin)
	stderr := &tail{}
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run git: %w", err)
	}
	readErr := read(stdout)
	if readErr != nil {
		cancel()
	}
	err = cmd.Wait()
	if parent := context.Cause(ctx); readErr == nil && parent != nil {
		return fmt.Errorf("run git: %w", parent)
	}
	if err != nil && (readErr == nil || stderr.text() != "") && !killed(err) {
		return r.failure(c, stderr.text(), err)
	}
	return readErr
}

func killed(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == -1
}

// failure is the error of a git that failed, with what it said.
func (r *Repo) failure(c command, said string, err error) error {
	if tellsDamage(said) {
		r.damaged.Store(true)
	}
	if r.settings.partial && (strings.Contains(said, "unable to read") || strings.Contains(said, "missing") || strings.Contains(said, "could not fetch")) {
		return fmt.Errorf("%w: %s", r.missing(), said)
	}
	verb := c.args[0]
	for i := 0; verb == "-c" && i+2 < len(c.args); i += 2 {
		verb = c.args[i+2]
	}
	if said == "" {
		return fmt.Errorf("git %s: %w", verb, err)
	}
	return fmt.Errorf("git %s: %s (%w)", verb, said, err)
}

// tellsDamage says whether git complains about what a repository holds.
func tellsDamage(said string) bool {
	for _, complaint := range [...]string{"is corrupt", "unable to read", "missing", "bad object", "bad tree object", "could not parse", "not a git repository",
		"inflate:", "unable to find", "could not get object info", "failed to traverse", "garbage at end", "could not read"} {
		if strings.Contains(strings.ToLower(said), complaint) {
			return true
		}
	}
	return false
}

// missing is the error of an object that is not there, with what brings it.
func (r *Repo) missing() error {
	if r.settings.partial {
		return fmt.Errorf("%w: this is a partial clone, and nothing is fetched while reviewing; run git fetch --refetch --no-filter", ErrMissing)
	}
	return fmt.Errorf("%w; git fsck shows what is wrong", ErrMissing)
}

// exitCode returns what git ended with, -1 when it did not end by itself.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// tail keeps the first 4 KiB of what git says on standard error.
type tail struct{ buf bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	if room := 4096 - t.buf.Len(); room > 0 {
		t.buf.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

func (t *tail) text() string { return strings.TrimSpace(t.buf.String()) }
