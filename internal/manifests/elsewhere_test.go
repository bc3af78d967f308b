package manifests

import (
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/source"
)

// TestParseBase reads the forms of kustomize's documentation of remote targets, and refuses what is none.
func TestParseBase(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Base{
		"https://github.com/acme/base":                               {URL: "https://github.com/acme/base", Path: "."},
		"https://github.com/acme/base//apps/web?ref=v1":              {URL: "https://github.com/acme/base", Path: "apps/web", Ref: "v1"},
		"https://github.com/acme/base/apps/web?ref=v1":               {URL: "https://github.com/acme/base", Path: "apps/web", Ref: "v1"},
		"github.com/acme/base/apps?version=v1&timeout=90s":           {URL: "https://github.com/acme/base", Path: "apps", Ref: "v1"},
		"https://github.com/acme/base.git/apps?ref=feature/x":        {URL: "https://github.com/acme/base.git", Path: "apps", Ref: "feature/x"},
		"git::https://git.example/a/b/c//x?ref=v1":                   {URL: "https://git.example/a/b/c", Path: "x", Ref: "v1"},
		"git@github.com:acme/base.git//x?ref=v1":                     {URL: "https://github.com/acme/base.git", Path: "x", Ref: "v1"},
		"github.com:acme/base//x":                                    {URL: "https://github.com/acme/base", Path: "x"},
		"ssh://git@git.example:2222/acme/base//x?ref=v1":             {URL: "https://git.example/acme/base", Path: "x", Ref: "v1"},
		"https://user@dev.azure.com/o/p/_git/repo/x?version=v1":      {URL: "https://dev.azure.com/o/p/_git/repo", Path: "x", Ref: "v1"},
		"HTTPS://GitHub.com:443/acme/base?ref=v1":                    {URL: "https://github.com/acme/base", Path: ".", Ref: "v1"},
		"http://127.0.0.1:8080/acme/base?ref=v1":                     {URL: "http://127.0.0.1:8080/acme/base", Path: ".", Ref: "v1"},
		"https://raw.githubusercontent.com/a/b/v1/x.yaml":            {URL: "https://raw.githubusercontent.com/a/b/v1/x.yaml", File: true},
		"https://github.com/a/b/releases/download/v1/install.yaml":   {URL: "https://github.com/a/b/releases/download/v1/install.yaml", File: true},
		"https://example.test/crds":                                  {URL: "https://example.test/crds", File: true},
		"https://github.com/acme/base//x?ref=HEAD":                   {URL: "https://github.com/acme/base", Path: "x"},
		"https://github.com/acme/base//x?ref=v1HEAD":                 {URL: "https://github.com/acme/base", Path: "x", Ref: "v1HEAD"},
		"https://github.com/acme/base?ref=release-1.2&submodules=no": {URL: "https://github.com/acme/base", Path: ".", Ref: "release-1.2"},
	} {
		if got, err := ParseBase(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"file:///etc//x":       "only addresses over HTTPS",
		"ext::sh -c id":        "cannot be read",
		"ext::id/a/b":          "only addresses over HTTPS",
		"git::ext::id/a/b":     "only addresses over HTTPS",
		"git://github.com/a/b": "only addresses over HTTPS",
		"https://user:secret@github.com/acme/base":   "it has credentials",
		"https://github.com/a/b?ref=-x":              "its ref is neither",
		"https://github.com/a/b?ref=--upload-pack=x": "its ref is neither",
		"https://github.com/a/b?ref=a..b":            "its ref is neither",
		"https://github.com/a/b//../../x?ref=v1":     "leads out",
		"https://github.com/../b?ref=v1":             "cannot be read",
		"https:///a/b?ref=v1":                        "cannot be read",
		"https://github.com/a/b\n?ref=v1":            "cannot be read",
		"https://github.com/%2e%2e/b?ref=v1":         "cannot be read",
		"https://g\u0456thub.com/acme/base?ref=v1":   "characters that no address has",
		"https://github.com/acme/b\u202ease?ref=v1":  "characters that no address has",
		"https://github.com/acme/b\x1b[31m?ref=v1":   "characters that no address has",
		"https://*/acme/base?ref=v1":                 "characters that no address has",
		"https://github.com/*/**?ref=v1":             "characters that no address has",
		"https://github.com/acme/<b>?ref=v1":         "characters that no address has",
		"https://raw.h/acme/*/x.yaml":                "characters that no address has",
		"https://raw.h/acme/\x1b[31m/x.yaml":         "characters that no address has",
	} {
		if got, err := ParseBase(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %q", text, got, err, want)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestShown holds that nothing in an address is shown that opens anything, or disguises it.
func TestShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://raw.h/acme/x/v1/a.yaml?token=hidden": "https://raw.h/acme/x/v1/a.yaml?…",
		"https://me:hidden@h/x":                       "https://…@h/x",
		"https://hidden@h/x#hidden":                   "https://…@h/x#…",
		"https://me:hid@den@h/x":                      "https://…@h/x",
		"oci://me:hidden@h/x":                         "oci://…@h/x",
		"me:hidden@h/x":                               "…@h/x",
		"git@h:acme/x.git":                            "git@h:acme/x.git",
		"ssh://git@h/acme/x":                          "ssh://git@h/acme/x",
		"https://h/acme@v1/x":                         "https://h/acme@v1/x",
		"https://h/\x1b[31m\u202e\nx":                 "https://h/\ufffd[31m\ufffd\ufffdx",
		"https://h/" + strings.Repeat("ä", 1000):      "https://h/" + strings.Repeat("ä", 145) + "…",
	} {
		if got := ShownAddress(text); got != want {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
	chart := &RemoteChart{URL: "https://me:hidden@h/x", Name: "web\n::error::", Version: "\x1b[31m"}
	if got := chart.String(); got != "the chart web\ufffd::error:: of https://…@h/x in version \ufffd[31m" {
		t.Errorf("%q", got)
	}
}

// TestFileAddress holds that the path of a file is one that no server reads otherwise than the policy's patterns do.
func TestFileAddress(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"https://raw.h/acme/x/v1%2B2/a.yaml", "https://raw.h/acme/x/..a/b...yaml?token=../x"} {
		if got, err := FileAddress(text); err != nil || got.URL != text || !got.File {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, below := range []string{"../evil", "./../evil", "%2e%2e/evil", "%2E./evil", "..%2fevil", "%252e%252e/evil", "..%5cevil", "%zz", ".."} {
		if got, err := FileAddress("https://raw.h/acme/" + below); err == nil {
			t.Errorf("%s: %+v", below, got)
		}
		if got, err := ParseBase("https://raw.h/acme/" + below + "/x.yaml"); err == nil {
			t.Errorf("%s: %+v", below, got)
		}
	}
}

// FuzzParseBase holds that what is read of an address is one over HTTP without a user, and a ref that is no option.
func FuzzParseBase(f *testing.F) {
	for _, seed := range []string{"git@github.com:acme/base.git//x?ref=v1", "https://u:p@h/a/b//../x?ref=-x", "ext::id", "https://[::1]:1/a/_git/b/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		base, err := ParseBase(text)
		if err != nil {
			return
		}
		_, rest, ok := strings.Cut(base.URL, "://")
		host, _, _ := strings.Cut(rest, "/")
		if !ok || !strings.HasPrefix(base.URL, "http") || host == "" || strings.ContainsAny(host, "@\\ ") || strings.HasPrefix(base.Ref, "-") ||
			base.Path == ".." || strings.HasPrefix(base.Path, "../") || strings.HasPrefix(base.Path, "/") {
			t.Errorf("%q: %+v", text, base)
		}
	})
}

// TestLackDir holds that the directory of a lack is by what it is and where it is named.
func TestLackDir(t *testing.T) {
	t.Parallel()
	a := Lack{Kind: LackBase, Address: "x", At: source.Span{File: "f", Line: 1}}
	b := a
	b.At.Line = 2
	if !a.In().Valid() || a.In().Dir == b.In().Dir || a.In().Dir != a.In().In().Dir || (Lack{Dir: ElsewhereDir + "/../x"}).Valid() {
		t.Errorf("%q, %q", a.In().Dir, b.In().Dir)
	}
}
