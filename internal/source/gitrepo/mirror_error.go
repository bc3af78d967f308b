package gitrepo

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// The errors of fetching. Their texts say what to do.
var (
	ErrAccess      = errors.New("the server refused the token: the App may not read the contents of this repository (any more)")
	ErrGone        = errors.New("the repository is not there under this name: it was renamed, moved or deleted, or the App was removed from it")
	ErrUnreachable = errors.New("the Git server could not be reached or did not answer properly; it will be tried again")
	ErrTooLarge    = errors.New("the server sent more than the limit of one fetch (cache.maxFetch)")
	ErrNoSpace     = errors.New("the directory of the mirrors cannot be written: give it room, or lower cache.mirrors")

	// errDamaged says that a copy is not what it should be.
	errDamaged = errors.New("the mirror is damaged")
)

// saying pairs what git prints with what it means. The first that occurs counts.
type saying struct {
	text    string
	meaning error
}

// sayings are in English because git runs with LC_ALL=C. What a full disk makes git say often looks like damage as
// well, and what a server says can be anything, so the order matters.
var sayings = [...]saying{
	{"no space left on device", ErrNoSpace},
	{"disk quota exceeded", ErrNoSpace},
	{"read-only file system", ErrNoSpace},
	{"requested url returned error: 401", ErrAccess},
	{"requested url returned error: 403", ErrAccess},
	{"authentication failed", ErrAccess},
	{"could not read username", ErrAccess},
	{"could not read password", ErrAccess},
	{"requested url returned error: 404", ErrGone},
	{"requested url returned error: 410", ErrGone},
	{"requested url returned error: 451", ErrGone},
	{"requested url returned error: 30", ErrGone}, // a redirect, which is not followed
	{"unable to update url base from redirection", ErrGone},
	{"repository not found", ErrGone},
	{"' not found", ErrGone},
	{"couldn't find remote ref", ErrUnknown},
	{"not our ref", ErrUnknown},
	{"no such remote ref", ErrUnknown},
	{"server does not allow request for unadvertised object", ErrUnknown},
	{"unable to access", ErrUnreachable},
	{"requested url returned error", ErrUnreachable},
	{"could not resolve host", ErrUnreachable},
	{"rpc failed", ErrUnreachable},
	{"early eof", ErrUnreachable},
	{"the remote end hung up", ErrUnreachable},
	{"unexpected disconnect", ErrUnreachable},
	{"expected flush after", ErrUnreachable},
	{"protocol error", ErrUnreachable},
	{"remote error", ErrUnreachable},
	{"invalid server response", ErrUnreachable},
	{"is this a git repository", ErrUnreachable}, // somebody else answers in the server's place
	{"transport '", ErrUnreachable},              // ... not allowed
	{"fsck error", nil},                          // what the server has is not well formed: fetching it again would not help
}

// meaning returns the error for what a git that fetched said, errDamaged when it is none of the server's doing.
func meaning(said string, err error) error {
	low := strings.ToLower(said)
	for _, s := range sayings {
		if !strings.Contains(low, s.text) {
			continue
		}
		if s.meaning == nil {
			return fmt.Errorf("git refuses what the repository holds: %s", said)
		}
		return fmt.Errorf("%w: git said: %s", s.meaning, said)
	}
	if said == "" {
		return fmt.Errorf("%w: git fetch: %w", errDamaged, err)
	}
	return fmt.Errorf("%w: git fetch: %s (%w)", errDamaged, said, err)
}

// diskError names the error of a file operation, ErrNoSpace where room or leave to write is what lacks.
func diskError(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case isUnwritable(err) || errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s: %w: %w", what, ErrNoSpace, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// plain returns what git said as one line without what could hide or forge anything, and without secret.
func plain(said, secret string) string {
	for _, hidden := range []string{secret, basic(secret)} {
		if secret != "" {
			said = strings.ReplaceAll(said, hidden, "***")
		}
	}
	said = strings.Map(func(c rune) rune {
		if c == '\n' {
			return ';'
		}
		if c < ' ' || c >= 0x7f && c < 0xa0 || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(said, "?"))
	const most = 1000 // characters of what git says are more than enough
	if len(said) > most {
		said = strings.ToValidUTF8(said[:most], "") + " …"
	}
	return said
}
