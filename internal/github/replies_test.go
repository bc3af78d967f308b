package github

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

func TestReplies(t *testing.T) {
	t.Parallel()
	s := play(t)
	ctx, c := t.Context(), s.client()
	talk := Asked{Repository: s.repo, Number: s.pull.Number, Comment: s.pull.Comment("alice", "/landwaiter help")}
	first := s.pull.CommentOn("alice", "app.yaml", 3, "what?")
	line := Asked{Repository: s.repo, Number: s.pull.Number, Comment: s.pull.Reply("alice", first, "/landwaiter explain"), Inline: true}
	for _, asked := range []Asked{talk, line} {
		for range 2 {
			if err := c.Acknowledge(ctx, asked); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Reply(ctx, asked, "An answer.", false); err != nil {
			t.Fatal(err)
		}
		if err := c.Reply(ctx, asked, "An answer.", true); err != nil { // after a crash
			t.Fatal(err)
		}
	}
	comments, lines := s.pull.Comments(), s.pull.ReviewComments()
	if len(comments) != 2 || !strings.HasPrefix(comments[1].Body, "An answer.") || !slices.Equal(comments[0].Reactions, []string{"eyes"}) {
		t.Errorf("the conversation is %+v", comments)
	}
	if !slices.ContainsFunc(s.Requests(), func(r githubtest.Request) bool {
		return strings.HasSuffix(r.Path, fmt.Sprintf("/comments/%d/replies", first))
	}) {
		t.Error("an answer in a thread is to its first comment: GitHub takes no other")
	}
	if len(lines) != 3 || lines[2].ReplyTo != first || !slices.Equal(lines[1].Reactions, []string{"eyes"}) {
		t.Errorf("the thread is %+v", lines)
	}
}
