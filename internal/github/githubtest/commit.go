package githubtest

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// commitInfo is what a commit says.
type commitInfo struct {
	sha, tree         string
	parents           []string
	author, committer signature
	message           string
}

type signature struct {
	name, email string
	at          time.Time
}

const commitFormat = "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x01"

// log reads commits as git log selects them, the newest first.
func (r *Repository) log(args ...string) ([]commitInfo, error) {
	out, err := r.git(append([]string{"log", commitFormat}, args...)...)
	if err != nil {
		return nil, err
	}
	var all []commitInfo
	for part := range strings.SplitSeq(out, "\x01") {
		fields := strings.Split(strings.TrimPrefix(part, "\n"), "\x00")
		if len(fields) != 10 {
			continue
		}
		all = append(all, commitInfo{
			sha: fields[0], tree: fields[1], parents: strings.Fields(fields[2]), author: signed(fields[3:6]), committer: signed(fields[6:9]),
			message: strings.TrimRight(fields[9], "\n"),
		})
	}
	return all, nil
}

func signed(fields []string) signature {
	seconds, _ := strconv.ParseInt(fields[2], 10, 64) // Git printed it
	return signature{name: fields[0], email: fields[1], at: time.Unix(seconds, 0)}
}

func (r *Repository) commitInfo(sha string) (commitInfo, error) {
	all, err := r.log("-1", sha)
	if err != nil {
		return commitInfo{}, err
	}
	if len(all) == 0 {
		return commitInfo{}, fmt.Errorf("no commit %s", sha)
	}
	return all[0], nil
}

// commits are those that the pull request has and its base branch has not, the oldest first.
func (pr *PullRequest) commits() ([]commitInfo, error) {
	return pr.Repo.log("--reverse", pr.baseCommit()+".."+pr.head)
}

func escapePath(path string) string {
	return (&url.URL{Path: path}).EscapedPath()
}
