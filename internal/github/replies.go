package github

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/event"
)

// Asked is a person's comment that is answered.
type Asked struct {
	Repository event.Repository
	Number     int   // of the pull request
	Comment    int64 // id
	Inline     bool  // it stands on a line
}

// Acknowledge puts eyes under a comment: it was seen. Doing it again changes nothing.
//
// https://docs.github.com/en/rest/reactions/reactions
func (c *Client) Acknowledge(ctx context.Context, asked Asked) error {
	r := asked.Repository
	if err := c.owns(r); err != nil {
		return err
	}
	react := c.rest.Reactions.CreateIssueCommentReaction
	if asked.Inline {
		react = c.rest.Reactions.CreatePullRequestCommentReaction
	}
	_, _, err := react(ctx, r.Owner, r.Name, asked.Comment, "eyes")
	return failure(ctx, "put eyes under a comment", err)
}

// Reply answers a comment, in its thread when it stands on a line. With again, when an earlier attempt may have
// answered already, it looks for that first.
func (c *Client) Reply(ctx context.Context, asked Asked, text string, again bool) error {
	r := asked.Repository
	if err := c.owns(r); err != nil {
		return err
	}
	marker := fmt.Sprintf("<!-- landwaiter answers %d -->", asked.Comment)
	if again {
		if there, err := c.replied(ctx, asked, marker); there || err != nil {
			return err
		}
	}
	return c.say(ctx, asked, stored(text)+"\n\n"+marker)
}

// say posts an answer. In a thread GitHub takes answers to its first comment only.
//
// https://docs.github.com/en/rest/pulls/comments#create-a-reply-for-a-review-comment
func (c *Client) say(ctx context.Context, asked Asked, body string) error {
	const op = "answer a comment"
	r := asked.Repository
	if !asked.Inline {
		_, _, err := c.rest.Issues.CreateComment(ctx, r.Owner, r.Name, asked.Number, &github.IssueComment{Body: &body})
		return failure(ctx, op, err)
	}
	comment, _, err := c.rest.PullRequests.GetComment(ctx, r.Owner, r.Name, asked.Comment)
	if err != nil {
		return failure(ctx, op, err)
	}
	first := cmp.Or(comment.GetInReplyTo(), asked.Comment)
	path := fmt.Sprintf("repos/%s/%s/pulls/%d/comments/%d/replies", r.Owner, r.Name, asked.Number, first)
	return failure(ctx, op, call(ctx, c.rest, http.MethodPost, path, map[string]string{"body": body}, nil))
}

// replied looks for our answer with a marker.
func (c *Client) replied(ctx context.Context, asked Asked, marker string) (bool, error) {
	identity, err := c.app.Identity(ctx)
	if err != nil {
		return false, err
	}
	for page := 1; page != 0 && page <= maxPages; {
		bodies, next, err := c.comments(ctx, asked, page, identity.Slug+"[bot]")
		if err != nil {
			return false, failure(ctx, "look for an earlier answer", err)
		}
		for _, body := range bodies {
			if strings.HasSuffix(stored(body), marker) {
				return true, nil
			}
		}
		page = next
	}
	return false, nil
}

// comments returns the texts of an author's comments on one page of a pull request, in the conversation or on lines.
func (c *Client) comments(ctx context.Context, asked Asked, page int, author string) (bodies []string, next int, err error) {
	r, options := asked.Repository, github.ListOptions{Page: page, PerPage: perPage}
	if asked.Inline {
		all, resp, err := c.rest.PullRequests.ListComments(ctx, r.Owner, r.Name, asked.Number,
			&github.PullRequestListCommentsOptions{Sort: "created", Direction: "desc", ListOptions: options})
		if err != nil {
			return nil, 0, err
		}
		for _, comment := range all {
			if comment.GetUser().GetLogin() == author {
				bodies = append(bodies, comment.GetBody())
			}
		}
		return bodies, resp.NextPage, nil
	}
	all, resp, err := c.rest.Issues.ListComments(ctx, r.Owner, r.Name, asked.Number, &github.IssueListCommentsOptions{ListOptions: options})
	if err != nil {
		return nil, 0, err
	}
	for _, comment := range all {
		if comment.GetUser().GetLogin() == author {
			bodies = append(bodies, comment.GetBody())
		}
	}
	return bodies, resp.NextPage, nil
}
