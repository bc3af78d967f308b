package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/google/go-github/v60/github"
)

// What an answer of GitHub means. Errors of this package are one of these by errors.Is, or *RateLimited, or the
// cause of a cancelled context.
var (
	// ErrCredentials: GitHub does not know the key or the token (401).
	ErrCredentials = errors.New("GitHub does not accept the credentials")
	// ErrForbidden: the App was not given this permission, or is suspended (403).
	ErrForbidden = errors.New("GitHub does not permit it")
	// ErrNotFound: it is not there, or the App may not see it (404, 410). GitHub does not tell these apart.
	ErrNotFound = errors.New("GitHub has no such thing")
	// ErrConflict: something else happened in between (409).
	ErrConflict = errors.New("GitHub reports a conflict")
	// ErrRefused: GitHub understood what was sent and refuses it (422, and what else is a 4xx). Sending it again will
	// not help.
	ErrRefused = errors.New("GitHub refuses it")
	// ErrUnavailable: GitHub failed (5xx), could not be reached or did not answer in time. Trying again later helps.
	ErrUnavailable = errors.New("GitHub is not available")
	// ErrHeadMoved: the pull request has another head than the one that was reviewed.
	ErrHeadMoved = errors.New("the pull request has another head by now")
)

// Error is a call to GitHub that failed. It holds no credentials: what GitHub said is redacted and shortened.
type Error struct {
	Op     string // what was being done: "create check run"
	Status int    // of HTTP; 0 when there was no answer
	Said   string // what GitHub said, one line
	kind   error
}

// Error says what was being done, what went wrong and what GitHub said.
func (e *Error) Error() string {
	text := e.Op + ": " + e.kind.Error()
	if e.Status != 0 {
		text += fmt.Sprintf(" (%d)", e.Status)
	}
	if e.Said != "" {
		text += ": " + e.Said
	}
	return text
}

// Unwrap returns which of the errors of this package it is.
func (e *Error) Unwrap() error { return e.kind }

// RateLimited is an answer of GitHub that says to wait, or a call that was not made because such an answer stands.
type RateLimited struct {
	After time.Duration // from now, never less than a second
}

// Error says for how long to wait.
func (e *RateLimited) Error() string {
	return fmt.Sprintf("GitHub's rate limit is reached: try again in %s", e.After.Round(time.Second))
}

// tokens are GitHub's (prefix of three letters and an underscore; since April 2026 an installation's is
// ghs_APPID_JWT, of no fixed length), fine-grained ones, and JSON Web Tokens.
var tokens = regexp.MustCompile(`\b(?:gh[a-z]_|github_pat_)[A-Za-z0-9_.=-]+|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?`)

// Redact replaces what looks like a token of GitHub in a text that will be shown or logged.
func Redact(text string) string { return tokens.ReplaceAllString(text, "[token]") }

// maxSaid is how many bytes of a message of GitHub are kept.
const maxSaid = 500

// said makes a text that came over the network one short line without tokens.
func said(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, Redact(text))
	if len(text) > maxSaid {
		text = strings.ToValidUTF8(text[:maxSaid], "") + "…"
	}
	return strings.TrimSpace(text)
}

// failure turns an error of go-github, or of the transport below it, into one of ours. No error of a library leaves
// this package, because they hold the request with its credentials.
func failure(ctx context.Context, op string, err error) error {
	var ours *Error
	var limited *RateLimited
	var answer *github.ErrorResponse
	var used *github.RateLimitError // go-github does not ask when the last answer said that nothing is left
	switch {
	case err == nil:
		return nil
	case errors.As(err, &used):
		return fmt.Errorf("%s: %w", op, exhausted(used.Rate))
	case errors.As(err, &limited):
		return fmt.Errorf("%s: %w", op, &RateLimited{After: limited.After})
	case errors.As(err, &ours):
		return fmt.Errorf("%s: %w", op, ours)
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", op, context.Cause(ctx))
	case errors.As(err, &answer):
		return &Error{Op: op, Status: answer.Response.StatusCode, Said: said(details(answer)), kind: kindOf(answer.Response.StatusCode)}
	}
	return &Error{Op: op, Said: said(unreachable(err)), kind: ErrUnavailable}
}

// hollow is the error for an answer that lacks what it has to hold: a proxy's page, perhaps, or half an answer.
func hollow(op string) error {
	return &Error{Op: op, Said: "the answer lacks what it has to hold", kind: ErrUnavailable}
}

// kindOf says what a status means.
func kindOf(status int) error {
	switch {
	case status == http.StatusUnauthorized:
		return ErrCredentials
	case status == http.StatusForbidden:
		return ErrForbidden
	case status == http.StatusNotFound || status == http.StatusGone:
		return ErrNotFound
	case status == http.StatusConflict:
		return ErrConflict
	case status == http.StatusRequestTimeout || status >= 500 || status < 400:
		return ErrUnavailable
	}
	return ErrRefused
}

// details is what GitHub said: the message, and which fields it complains of.
func details(answer *github.ErrorResponse) string {
	parts := []string{answer.Message}
	for _, e := range answer.Errors {
		part := strings.TrimSpace(strings.Join([]string{e.Resource, e.Field, e.Code, e.Message}, " "))
		parts = append(parts, strings.Join(strings.Fields(part), " "))
	}
	return strings.Join(parts, "; ")
}

// unreachable says what is wrong with the connection, without the address: its query may hold anything.
func unreachable(err error) string {
	var failed *url.Error
	if errors.As(err, &failed) {
		if failed.Timeout() {
			return "no answer in time"
		}
		return failed.Err.Error()
	}
	return err.Error()
}
