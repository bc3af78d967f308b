package github

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Names come from webhooks, answers and comments and go into addresses, labels and paths: each kind has a form.
var (
	ownerName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$`)
	repoName  = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
	loginName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}(?:\[bot\])?$`)
	slugName  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$`)
	commitID  = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
)

// checkName refuses what cannot be a repository's owner and name.
func checkName(owner, name string) error {
	if !ownerName.MatchString(owner) || !repoName.MatchString(name) || name == "." || name == ".." {
		return fmt.Errorf("%.80q is no name of a repository", owner+"/"+name)
	}
	return nil
}

func checkCommit(what, id string) error {
	if !commitID.MatchString(id) || strings.Trim(id, "0") == "" {
		return fmt.Errorf("%s %.80q is no commit", what, id)
	}
	return nil
}

// checkBranch refuses what Git would not take for a branch's name (git-check-ref-format), and more than 255 bytes.
func checkBranch(name string) error {
	bad := name == "" || name == "@" || len(name) > 255 || !utf8.ValidString(name) || strings.HasPrefix(name, "-") ||
		strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.HasSuffix(name, ".") ||
		strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`~^:?*[\`, r) })
	for part := range strings.SplitSeq(name, "/") {
		bad = bad || part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock")
	}
	if bad {
		return fmt.Errorf("%.80q is no name of a branch", name)
	}
	return nil
}
