package gitrepo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// remoteName is what git calls the server. Its URL, like all settings, is given to git by its environment.
const remoteName = "server"

// fetchEnvironment is the environment of every git that works in a mirror, without what belongs to one fetch.
func fetchEnvironment(opts MirrorOptions) []string {
	wanted := []string{"PATH", "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
	env := []string{
		"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_PAGER=cat", "GIT_NO_REPLACE_OBJECTS=1", "GIT_NO_LAZY_FETCH=1",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1", "GIT_DIR=.",
		"HOME=" + opts.Dir, // where no .netrc lies
	}
	for _, pair := range opts.Env {
		if name, _, _ := strings.Cut(pair, "="); slices.Contains(wanted, strings.ToUpper(name)) {
			env = append(env, pair)
		}
	}
	return env
}

// fetchSettings are the same for every fetch. Histories hold mistakes of old programs in dates, names and modes, and
// files for programs that never see them here; those do no harm. What makes a tree ambiguous stays refused.
var fetchSettings = [][2]string{
	{"core.hooksPath", "/dev/null"},
	{"core.bigFileThreshold", "16m"}, // contents of more are not held in memory
	{"credential.helper", ""},
	{"fetch.fsckObjects", "true"},
	{"fetch.unpackLimit", "1"},
	{"fetch.writeCommitGraph", "true"},
	{"gc.auto", "0"},
	{"http.followRedirects", "false"},
	{"http.lowSpeedLimit", "1000"}, // bytes a second
	{"http.lowSpeedTime", "30"},    // seconds
	{"maintenance.auto", "false"},
	{"pack.threads", "2"},
	{"submodule.recurse", "false"},
	{"transfer.bundleURI", "false"},
}

// harmless are the mistakes in objects that git may find and fetch nevertheless.
var harmless = []string{
	"badDate", "badDateOverflow", "badEmail", "badFilemode", "badGpgsig", "badHeaderContinuation", "badName", "badTimezone",
	"extraHeaderEntry", "gitattributesBlob", "gitattributesLarge", "gitattributesLineLength", "gitattributesMissing",
	"gitignoreSymlink", "gitattributesSymlink", "gitmodulesBlob", "gitmodulesLarge", "gitmodulesMissing", "gitmodulesName",
	"gitmodulesParse", "gitmodulesPath", "gitmodulesSymlink", "gitmodulesUpdate", "gitmodulesUrl", "mailmapSymlink",
	"missingEmail", "missingNameBeforeEmail", "missingSpaceBeforeDate", "missingSpaceBeforeEmail", "multipleAuthors",
	"nulInCommit", "zeroPaddedDate", "zeroPaddedFilemode",
}

// environment is that of a git that fetches. The token is in it and nowhere else: command lines are for everybody to
// read and files outlive us, the environment of a program only its own user may read. The header is sent to the server
// only, which cannot pass it on since redirects are not followed.
func (j *fetchJob) environment() []string {
	at, _ := url.Parse(j.from.URL) // it was checked
	origin := at.Scheme + "://" + at.Host + "/"
	settings := append(slices.Clone(fetchSettings),
		[2]string{"remote." + remoteName + ".url", j.from.URL},
		[2]string{"remote." + remoteName + ".promisor", strconv.FormatBool(j.place.partial())})
	for _, id := range harmless {
		settings = append(settings, [2]string{"fetch.fsck." + id, "ignore"})
	}
	if file := j.mirror.opts.CAFile; file != "" {
		settings = append(settings, [2]string{"http.sslCAInfo", file})
	}
	if j.token != "" {
		settings = append(settings, [2]string{"http." + origin + ".extraHeader", "Authorization: Basic " + basic(j.token)})
	}
	return append(withSettings(j.mirror.env, settings), "GIT_ALLOW_PROTOCOL="+at.Scheme)
}

// basic writes a token as GitHub wants to have it over Git's protocol.
func basic(token string) string {
	return base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token))
}

func variable(env []string, name string) string {
	for _, pair := range env {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// withSettings adds settings to an environment as git reads them from there.
func withSettings(env []string, settings [][2]string) []string {
	env = append(slices.Clone(env), "GIT_CONFIG_COUNT="+strconv.Itoa(len(settings)))
	for i, pair := range settings {
		n := strconv.Itoa(i)
		env = append(env, "GIT_CONFIG_KEY_"+n+"="+pair[0], "GIT_CONFIG_VALUE_"+n+"="+pair[1])
	}
	return env
}

// ask runs a git that only reads, in a mirror. The network is closed to it.
func (m *Mirror) ask(ctx context.Context, at place, stdin string, args ...string) (string, error) {
	asker := Repo{git: m.git}
	env := append(slices.Clone(m.env), "GIT_ALLOW_PROTOCOL=none")
	out, err := asker.output(ctx, command{args: args, env: env, dir: at.repo, stdin: stdin})
	return strings.TrimRight(string(out), "\n"), err
}

// commits returns the IDs of commits that are named by references or IDs, all of which must be there.
func (m *Mirror) commits(ctx context.Context, at place, names []string) ([]string, error) {
	out, err := m.ask(ctx, at, strings.Join(names, "^{commit}\n")+"^{commit}\n", "cat-file", "--batch-check=%(objectname)")
	if err != nil {
		return nil, err
	}
	ids := strings.Split(out, "\n")
	for i, id := range ids {
		if !isID(id) {
			return nil, fmt.Errorf("%w %q", ErrUnknown, names[min(i, len(names)-1)])
		}
	}
	if len(ids) != len(names) {
		return nil, fmt.Errorf("git answered %d questions of %d", len(ids), len(names))
	}
	return ids, nil
}

// lacking returns the contents that are not there of the trees of commits and of their merge bases.
func (m *Mirror) lacking(ctx context.Context, at place, ids []string) (missing []string, err error) {
	commits := slices.Clone(ids)
	for i, a := range ids {
		for _, b := range ids[:i] {
			base, err := m.ask(ctx, at, "", "merge-base", a, b)
			if err == nil {
				commits = append(commits, base)
			} else if exitCode(err) != 1 { // 1: they have none
				return nil, err
			}
		}
	}
	out, err := m.ask(ctx, at, strings.Join(commits, "\n")+"\n", "rev-list", "--objects", "--no-walk", "--missing=print", "--stdin")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(out) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "?"); ok {
			missing = append(missing, id)
		}
	}
	return missing, nil
}

// packsMost is how many packs, one of each fetch, a mirror has before they are put together.
const packsMost = 20

// pack puts small packs together, so that looking for an object stays quick. Large ones are left as they are. Nothing is
// dropped, also what no reference leads to any more: somebody may be reading it.
func (m *Mirror) pack(ctx context.Context, at place, lock *fileLock) error {
	packs, _ := filepath.Glob(filepath.Join(at.repo, "objects", "pack", "*.pack")) // the pattern is well formed
	if len(packs) <= packsMost {
		return nil
	}
	args := []string{"repack", "--quiet", "-d", "--geometric=2"}
	if at.partial() { // packs of which contents are missing have to be kept apart, which only a whole repack does; it keeps all of them
		args = []string{"repack", "--quiet", "-a", "-d"}
	}
	cmd := exec.CommandContext(ctx, m.git, args...)
	cmd.Dir = at.repo
	cmd.Env = append(withSettings(m.env, fetchSettings), "GIT_ALLOW_PROTOCOL=none")
	said := &tail{}
	cmd.Stderr, cmd.ExtraFiles, cmd.WaitDelay = said, []*os.File{lock.file}, 5*time.Second
	asGroup(cmd)
	if err := cmd.Run(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return meaning(plain(said.text(), ""), err)
	}
	return nil
}

var (
	idPattern  = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	refPattern = regexp.MustCompile(`^refs(/[^/\x00-\x20\x7f~^:?*\[\\]+)+$`)
)

func isID(s string) bool { return idPattern.MatchString(s) }

// checkRemote refuses what must never reach git.
func checkRemote(from Remote, wanted []string) error {
	at, err := url.Parse(from.URL)
	if err != nil {
		return errors.New("fetch: the URL of the repository is none") // the error would show it, and what may be in it
	}
	shown := at.Scheme + "://" + at.Host + at.EscapedPath()
	switch {
	case at.User != nil || at.RawQuery != "" || at.Fragment != "" || at.Host == "" || strings.ContainsAny(from.URL, "\n\x00"):
		return fmt.Errorf("fetch: the URL of a repository is https://HOST/OWNER/REPO.git, not one like %s", shown)
	case at.Scheme != "https" && (at.Scheme != "http" || !isLoopback(at.Hostname())):
		return fmt.Errorf("fetch %s: only https is allowed, and http on this machine", shown)
	case from.Installation <= 0 || from.Repository <= 0:
		return fmt.Errorf("fetch %s: the installation and the repository have to be known", shown)
	case len(wanted) == 0 || len(wanted) > 100:
		return fmt.Errorf("fetch %s: %d things are wanted, which has to be 1 to 100", shown, len(wanted))
	}
	for _, w := range wanted {
		if !isID(w) && (!refPattern.MatchString(w) || strings.Contains(w, "..") || strings.Contains(w, "@{") || len(w) > 1000) {
			return fmt.Errorf("fetch %s: %w %.80q: it is neither an ID of a commit nor the full name of a reference", shown, ErrUnknown, w)
		}
	}
	return nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
