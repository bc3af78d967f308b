package github

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/report"
)

// TestHollowAnswers: whatever is answered with 200, nothing panics, and what writes does not go on as if it had an
// answer.
func TestHollowAnswers(t *testing.T) {
	t.Parallel()
	asked := Asked{Repository: acme, Number: 12, Comment: 4, Inline: true}
	commit := Commit{Branch: "fix", Parent: head, Message: "x", Files: []File{{Path: "a", Content: []byte{0xff}}}}
	publisher := func(c *Client) *Publisher {
		return &Publisher{Client: c, Repository: acme, Number: 12, Head: head, Review: "r", Resumed: true, Current: always}
	}
	methods := map[string]func(context.Context, *App, *Client) error{
		"PullRequest": func(ctx context.Context, _ *App, c *Client) error { _, err := c.PullRequest(ctx, acme, 12); return err },
		"Start":       func(ctx context.Context, _ *App, c *Client) error { _, err := publisher(c).Start(ctx, "x"); return err },
		"Comment": func(ctx context.Context, _ *App, c *Client) error {
			_, err := publisher(c).Comment(ctx, report.Publication{})
			return err
		},
		"Commit": func(ctx context.Context, _ *App, c *Client) error { _, err := c.Commit(ctx, acme, commit); return err },
		"Verify": func(ctx context.Context, a *App, _ *Client) error { _, err := a.Verify(ctx); return err },
		"OpenPullRequest": func(ctx context.Context, _ *App, c *Client) error {
			_, _, err := c.OpenPullRequest(ctx, acme, NewPullRequest{Branch: "a", Base: "b"})
			return err
		},
	}
	mayWork := []func(context.Context, *App, *Client){
		func(ctx context.Context, _ *App, c *Client) { _, _ = c.OpenPullRequests(ctx, acme) },
		func(ctx context.Context, _ *App, c *Client) { _, _ = c.Repositories(ctx) },
		func(ctx context.Context, a *App, _ *Client) { _, _ = a.Installations(ctx) },
		func(ctx context.Context, _ *App, c *Client) { _, _ = c.Permission(ctx, acme, "mona") },
		func(ctx context.Context, _ *App, c *Client) { _, _ = c.InTeam(ctx, "acme", "security", "mona") },
		func(ctx context.Context, _ *App, c *Client) { _, _, _ = c.File(ctx, acme, "a", "") },
		func(ctx context.Context, a *App, _ *Client) { _, _ = a.FailedDeliveries(ctx, time.Time{}) },
		func(ctx context.Context, _ *App, c *Client) { _ = c.Reply(ctx, asked, "x", true) },
	}
	for _, body := range []string{"null", "{}", "[]", "[null]", `""`, "1", "", `{"check_runs":[null],"repositories":[null],"data":{"repository":null}}`, `{"data":{"repository":{"pullRequest":{}}}}`} {
		r := record(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		app := r.app()
		for name, method := range methods {
			if method(t.Context(), app, app.Client(5)) == nil {
				t.Errorf("%s takes %q for an answer", name, body)
			}
		}
		for _, method := range mayWork {
			method(t.Context(), app, app.Client(5))
		}
	}
}
