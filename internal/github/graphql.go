package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// graphqlError is one of the errors that an answer of GraphQL may hold beside its data.
type graphqlError struct {
	Type    string `json:"type"` // FORBIDDEN, NOT_FOUND, RATE_LIMITED …
	Message string `json:"message"`
	Path    []any  `json:"path"`
}

// kind says what an error means. What GitHub calls by no type is its own failure.
func (e graphqlError) kind() error {
	switch e.Type {
	case "FORBIDDEN", "INSUFFICIENT_SCOPES":
		return ErrForbidden
	case "NOT_FOUND":
		return ErrNotFound
	case "UNPROCESSABLE", "":
		if e.Type == "" && strings.Contains(strings.ToLower(e.Message), "something went wrong") {
			return ErrUnavailable
		}
		return ErrRefused
	}
	return ErrUnavailable
}

// query asks GitHub's GraphQL interface and reads the data of the answer into out. Errors of which every one passes
// tolerate are none.
//
// https://docs.github.com/en/graphql/guides/forming-calls-with-graphql
func (c *Client) query(ctx context.Context, op, text string, variables map[string]any, out any, tolerate func(error) bool) error {
	in := map[string]any{"query": text, "variables": variables}
	answer := struct {
		Data   any            `json:"data"`
		Errors []graphqlError `json:"errors"`
	}{Data: out}
	req, err := c.rest.NewRequest(http.MethodPost, c.app.site.graphql.String(), in)
	if err != nil {
		return failure(ctx, op, err)
	}
	resp, err := c.rest.Do(ctx, req, &answer)
	if err != nil {
		return failure(ctx, op, err)
	}
	for _, e := range answer.Errors {
		if e.Type == "RATE_LIMITED" {
			return fmt.Errorf("%s: %w", op, exhausted(resp.Rate))
		}
		if err := (&Error{Op: op, Said: said(e.Message), kind: e.kind()}); tolerate == nil || !tolerate(err) {
			return err
		}
	}
	return nil
}

// exhausted is the wait for a limit that is used up.
func exhausted(rate github.Rate) *RateLimited {
	wait := time.Until(rate.Reset.Time) + time.Second
	if rate.Reset.IsZero() {
		wait = guess
	}
	return &RateLimited{After: min(max(wait, time.Second), maxWait)}
}

// mutation is one change through GraphQL.
type mutation struct {
	field string         // minimizeComment
	input string         // the type of its input: MinimizeCommentInput
	value map[string]any // the input
}

// Several changes go in one request, as many as these.
const (
	maxMutations     = 25
	maxMutationBytes = 512 << 10
)

// minimize hides a comment, by one of GitHub's reasons: RESOLVED, OUTDATED, DUPLICATE. Done again it changes nothing.
func minimize(node, reason string) mutation {
	return mutation{"minimizeComment", "MinimizeCommentInput", map[string]any{"subjectId": node, "classifier": reason}}
}

// unminimize shows a comment again.
func unminimize(node string) mutation {
	return mutation{"unminimizeComment", "UnminimizeCommentInput", map[string]any{"subjectId": node}}
}

// editInline gives a comment on a line another text.
func editInline(node, body string) mutation {
	return mutation{"updatePullRequestReviewComment", "UpdatePullRequestReviewCommentInput",
		map[string]any{"pullRequestReviewCommentId": node, "body": body}}
}

// editComment gives a comment of the conversation another text.
func editComment(node, body string) mutation {
	return mutation{"updateIssueComment", "UpdateIssueCommentInput", map[string]any{"id": node, "body": body}}
}

// mutate makes changes, in as few requests as they fit in; before is asked right before each. A comment that somebody
// deleted in between is no failure.
func (c *Client) mutate(ctx context.Context, changes []mutation, before func() error) error {
	for len(changes) > 0 {
		n, size := 0, 0
		for n < len(changes) && n < maxMutations && (n == 0 || size+changes[n].size() <= maxMutationBytes) {
			size += changes[n].size()
			n++
		}
		if err := before(); err != nil {
			return err
		}
		text, variables := mutations(changes[:n])
		gone := func(err error) bool { return errors.Is(err, ErrNotFound) }
		if err := c.query(ctx, "tidy up comments", text, variables, &struct{}{}, gone); err != nil {
			return err
		}
		changes = changes[n:]
	}
	return nil
}

func (m mutation) size() int {
	body, _ := m.value["body"].(string)
	return len(body) + 256
}

// mutations writes changes as one document: mutation Tidy($i0:T!){m0:FIELD(input:$i0){clientMutationId}}.
func mutations(changes []mutation) (string, map[string]any) {
	var head, body strings.Builder
	variables := make(map[string]any, len(changes))
	for i, m := range changes {
		fmt.Fprintf(&head, "$i%d:%s!,", i, m.input)
		fmt.Fprintf(&body, "m%d:%s(input:$i%d){clientMutationId} ", i, m.field, i)
		variables[fmt.Sprintf("i%d", i)] = m.value
	}
	return fmt.Sprintf("mutation Tidy(%s){%s}", strings.TrimSuffix(head.String(), ","), strings.TrimSpace(body.String())), variables
}
