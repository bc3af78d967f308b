package github

import (
	"context"
	"maps"
	"strings"

	"github.com/landwaiter/landwaiter/internal/report"
)

// discussion is what a pull request's page shows of us.
type discussion struct {
	inline    []shown // comments on lines and files
	summaries []shown // in the conversation
}

// shown is a comment of ours on the page.
type shown struct {
	node            string // GraphQL's id
	file            string
	line, startLine int  // where it stands by now
	whole           bool // on the file, not on a line
	outdated        bool // the line is gone
	body            string
	hidden          bool
	reason          string // why it is hidden: resolved, outdated, duplicate, off-topic …
	answered        bool   // a person answered
	fingerprints    []string
}

// byPerson reports whether a person hid a comment, for a reason that we never give. It is left hidden.
func (s shown) byPerson() bool {
	switch strings.ToLower(s.reason) {
	case "resolved", "outdated", "duplicate", "":
		return false
	}
	return s.hidden
}

// discussionQuery reads a page of threads and one of the conversation in one call, or one of them. Whether a comment is
// hidden, and where it stands after later pushes, only GraphQL tells.
func discussionQuery(threads, comments bool) string {
	text := "query Discussion($owner:String!,$name:String!,$number:Int!"
	fields := "headRefOid"
	if threads {
		text += ",$threads:String"
		fields += " reviewThreads(first:100,after:$threads){pageInfo{hasNextPage endCursor}nodes{isOutdated path line startLine subjectType " +
			"root:comments(first:1){nodes{" + commentFields + "}}replies:comments(first:20){totalCount nodes{author{__typename login}}}}}"
	}
	if comments {
		text += ",$comments:String"
		fields += " comments(first:100,after:$comments){pageInfo{hasNextPage endCursor}nodes{" + commentFields + "}}"
	}
	return text + "){repository(owner:$owner,name:$name){pullRequest(number:$number){" + fields + "}}}"
}

const commentFields = "id body isMinimized minimizedReason author{__typename login}"

type (
	graphqlPage struct {
		HasNextPage bool
		EndCursor   string
	}
	graphqlAuthor struct {
		Typename string `json:"__typename"`
		Login    string
	}
	graphqlComment struct {
		ID, Body        string
		IsMinimized     bool
		MinimizedReason string
		Author          *graphqlAuthor
	}
	graphqlThread struct {
		IsOutdated      bool
		Path            string
		Line, StartLine int
		SubjectType     string
		Root            struct{ Nodes []graphqlComment }
		Replies         struct {
			TotalCount int
			Nodes      []graphqlComment
		}
	}
	graphqlPull struct {
		HeadRefOid    string
		ReviewThreads struct {
			PageInfo graphqlPage
			Nodes    []graphqlThread
		}
		Comments struct {
			PageInfo graphqlPage
			Nodes    []graphqlComment
		}
	}
)

// maxPages bounds how much of a discussion is read: 5,000 threads.
const maxPages = 50

// discussion reads what the page shows of us: all threads, and the conversation up to our summary comment, or of it
// one page when no summary is wanted. It fails with ErrHeadMoved when the pull request has another head than the one
// that was reviewed.
func (p *Publisher) discussion(ctx context.Context, summary bool) (discussion, error) {
	us, err := p.Client.app.Identity(ctx)
	if err != nil {
		return discussion{}, err
	}
	variables := map[string]any{"owner": p.Repository.Owner, "name": p.Repository.Name, "number": p.Number}
	threads, comments := true, true
	var d discussion
	for range maxPages {
		var data struct {
			Repository *struct{ PullRequest *graphqlPull }
		}
		if err := p.Client.query(ctx, "read the discussion", discussionQuery(threads, comments), variables, &data, nil); err != nil {
			return discussion{}, err
		}
		if data.Repository == nil || data.Repository.PullRequest == nil {
			return discussion{}, &Error{Op: "read the discussion", kind: ErrNotFound}
		}
		pull := data.Repository.PullRequest
		if pull.HeadRefOid != p.Head {
			return discussion{}, &Error{Op: "comment on " + p.Head, Said: "it is " + said(pull.HeadRefOid), kind: ErrHeadMoved}
		}
		d.read(pull, us, p.as())
		threads = pull.ReviewThreads.PageInfo.HasNextPage
		comments = pull.Comments.PageInfo.HasNextPage && summary && len(d.summaries) == 0
		if !threads && !comments {
			return d, nil
		}
		variables["threads"], variables["comments"] = pull.ReviewThreads.PageInfo.EndCursor, pull.Comments.PageInfo.EndCursor
		maps.DeleteFunc(variables, func(name string, _ any) bool { return name == "threads" && !threads || name == "comments" && !comments })
	}
	return discussion{}, &Error{Op: "read the discussion", Said: "it is too long", kind: ErrRefused}
}

// read takes what is ours from a page: written by our account, with our marker. Neither alone would do: people can copy
// the marker, and the account writes other things too.
func (d *discussion) read(pull *graphqlPull, us Identity, as string) {
	for _, thread := range pull.ReviewThreads.Nodes {
		if len(thread.Root.Nodes) == 0 {
			continue
		}
		root := thread.Root.Nodes[0]
		fingerprints, ok := report.ParseMarker(as, root.Body)
		if !ok || !root.Author.is(us) {
			continue
		}
		s := root.shown()
		s.file, s.line, s.startLine = thread.Path, thread.Line, thread.StartLine
		s.whole, s.outdated = thread.SubjectType == "FILE", thread.IsOutdated
		s.answered, s.fingerprints = thread.answered(), fingerprints
		d.inline = append(d.inline, s)
	}
	for _, c := range pull.Comments.Nodes {
		if c.Author.is(us) && report.IsSummary(as, c.Body) {
			d.summaries = append(d.summaries, c.shown())
		}
	}
}

func (c graphqlComment) shown() shown {
	return shown{node: c.ID, body: c.Body, hidden: c.IsMinimized, reason: c.MinimizedReason}
}

// is reports whether an author is our App, or the person whose token is used. People may be called like an App, Apps may
// not.
func (a *graphqlAuthor) is(us Identity) bool {
	if a == nil || us.Person {
		return a != nil && a.Typename == "User" && a.Login == us.Slug
	}
	return a.Typename == "Bot" && strings.TrimSuffix(a.Login, "[bot]") == us.Slug
}

// answered reports whether a person wrote in a thread, or somebody whose account is gone. Where there are more answers
// than are read, a person is taken to be among them.
func (t graphqlThread) answered() bool {
	if t.Replies.TotalCount > len(t.Replies.Nodes) {
		return true
	}
	for _, c := range t.Replies.Nodes {
		if c.Author == nil || c.Author.Typename != "Bot" {
			return true
		}
	}
	return false
}
