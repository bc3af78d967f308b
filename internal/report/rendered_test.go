package report

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	dom "golang.org/x/net/html"
)

// What Markdown means is judged by a parser that knows nothing of ours: what it makes of our texts is walked through as
// a browser would.

// behind stands behind every text, to see that it is no part of anything in it.
const behind = "what stands behind"

var browser = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe(), html.WithHardWraps()))
})

// rendered is Markdown as a browser gets it, hard line ends and raw HTML included, with a further paragraph behind it.
func rendered(markdown string) *dom.Node {
	var out bytes.Buffer
	if err := browser().Convert([]byte(markdown+"\n\n"+behind+"\n"), &out); err != nil {
		panic(err) // a buffer takes everything
	}
	root, err := dom.Parse(&out)
	if err != nil {
		panic(err) // browsers read everything
	}
	return root
}

// ourElements are all that our texts make.
var ourElements = map[string]bool{"html": true, "head": true, "body": true, "p": true, "h2": true, "h3": true, "h4": true, "ul": true, "li": true,
	"table": true, "thead": true, "tbody": true, "tr": true, "th": true, "td": true, "code": true, "pre": true, "strong": true, "em": true, "a": true,
	"details": true, "summary": true, "sub": true, "br": true, "blockquote": true}

var (
	mentions  = regexp.MustCompile(`@[A-Za-z0-9]`)
	issues    = regexp.MustCompile(`#[0-9]|(?i:\bgh-)[0-9]`)
	addresses = regexp.MustCompile(`(?i)\bwww\.`) // one with "://" is written so that no parser finds it, and stays legible
	emojis    = regexp.MustCompile(`:([0-9]*[A-Za-z_+-][A-Za-z0-9_+-]*|100|1234):`)
)

// checkRendered holds that a text makes no elements, attributes, links, mentions and references but ours, and that
// everything in it is closed at its end.
func checkRendered(t testing.TB, what, markdown string) *dom.Node {
	t.Helper()
	root, closed := rendered(markdown), false
	var walk func(n *dom.Node, inCode bool)
	walk = func(n *dom.Node, inCode bool) {
		switch n.Type {
		case dom.ElementNode:
			if !ourElements[n.Data] {
				t.Errorf("%s makes an element %s:\n%s", what, n.Data, markdown)
			}
			for _, a := range n.Attr {
				ours := n.Data == "a" && a.Key == "href" && strings.HasPrefix(a.Val, "https://github.com/") ||
					n.Data == "code" && a.Key == "class" && strings.HasPrefix(a.Val, "language-")
				if !ours {
					t.Errorf("%s makes an attribute %s=%q:\n%s", what, a.Key, a.Val, markdown)
				}
			}
			inCode = inCode || n.Data == "code" || n.Data == "pre"
		case dom.CommentNode:
			if !strings.HasPrefix(n.Data, " landwaiter:") && !strings.HasPrefix(n.Data, " "+AdvisoryName+":") {
				t.Errorf("%s makes a comment %q", what, n.Data)
			}
		case dom.TextNode:
			closed = closed || n.Data == behind && n.Parent.Data == "p" && n.Parent.Parent.Data == "body"
			for _, bad := range []*regexp.Regexp{mentions, issues, addresses, emojis} {
				if found := bad.FindString(n.Data); found != "" && !inCode {
					t.Errorf("%s says %q outside of code:\n%s", what, found, markdown)
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, inCode)
		}
	}
	walk(root, false)
	if !closed {
		t.Errorf("%s is cut within something:\n%s", what, markdown)
	}
	return root
}

// skeleton lists the elements of a text as they stand within each other.
func skeleton(root *dom.Node) string {
	var b strings.Builder
	var walk func(n *dom.Node)
	walk = func(n *dom.Node) {
		if n.Type == dom.ElementNode {
			b.WriteString("(" + n.Data)
			defer b.WriteString(")")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return b.String()
}
