package githubtest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cgi"
	"path/filepath"
	"strconv"
	"strings"
)

// isGit reports whether a request is Git's: /OWNER/REPO.git/….
func isGit(r *http.Request) bool {
	_, rest, ok := strings.Cut(r.URL.Path, ".git/")
	return ok && (rest == "info/refs" || rest == "git-upload-pack" || rest == "git-receive-pack")
}

// serveGit lets git http-backend answer, for who may read or write the repository. Tokens come as the password.
func (g *GitHub) serveGit(w *answer, r *http.Request, body []byte) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), ".git/")
	writes := strings.HasSuffix(r.URL.Path, "git-receive-pack") || r.URL.Query().Get("service") == "git-receive-pack"
	who, repo, before, err := g.admit(r, name, writes)
	if err != nil {
		w.header.Set("WWW-Authenticate", `Basic realm="GitHub"`)
		w.header.Set("Content-Type", "text/plain")
		w.status = err.status
		_, _ = io.WriteString(w, err.message+"\n")
		return
	}
	g.backend(w, r, body)
	if writes {
		g.pushed(who, repo, before)
	}
}

// admit finds the repository and holds the caller to contents:read or contents:write.
func (g *GitHub) admit(r *http.Request, name string, writes bool) (who *caller, repo *Repository, before map[string]string, refused *refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	repo = g.repos[fold(name)]
	who, err := g.authenticate(r)
	if err != nil {
		if repo != nil && !repo.Private && !writes && r.Header.Get("Authorization") == "" {
			return nil, repo, nil, nil
		}
		return nil, nil, nil, refuse(http.StatusUnauthorized, "Invalid username or token. Password authentication is not supported for Git operations.")
	}
	if repo == nil {
		return nil, nil, nil, refuse(http.StatusNotFound, "Repository not found.")
	}
	c := &call{g: g, request: r, who: who, repo: repo}
	needs := "contents:read"
	if writes {
		needs = "contents:write"
	}
	if err := c.permit(needs); err != nil {
		if writes && repo.readable(c) {
			return nil, nil, nil, refuse(http.StatusForbidden, "Write access to repository not granted.")
		}
		return nil, nil, nil, refuse(http.StatusNotFound, "Repository not found.")
	}
	before, err = repo.branches()
	if err != nil {
		return nil, nil, nil, refuse(http.StatusInternalServerError, "%v", err)
	}
	return who, repo, before, nil
}

func (r *Repository) readable(c *call) bool { return c.permit("contents:read") == nil }

// backend runs git http-backend as a web server would.
func (g *GitHub) backend(w http.ResponseWriter, r *http.Request, body []byte) {
	request := r.Clone(r.Context())
	request.TransferEncoding = nil // the body has been read
	request.ContentLength = int64(len(body))
	request.Header.Set("Content-Length", strconv.Itoa(len(body)))
	request.Body = io.NopCloser(bytes.NewReader(body))
	request.Header.Del("Authorization")
	env := append(g.gitSettings(), "GIT_PROJECT_ROOT="+filepath.Join(g.dir, "git"), "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=git",
		"GIT_COMMITTER_NAME=git", "GIT_COMMITTER_EMAIL=git@users.noreply.github.test")
	handler := &cgi.Handler{Path: g.git, Args: []string{"http-backend"}, Env: env, Dir: g.dir, Stderr: io.Discard}
	handler.ServeHTTP(w, request)
}

// pushed does what GitHub does after a push.
func (g *GitHub) pushed(who *caller, repo *Repository, before map[string]string) {
	err := g.locked(func() error {
		after, err := repo.branches()
		if err != nil {
			return err
		}
		for branch, commit := range after {
			if commit != before[branch] {
				if err := repo.moved(who.account, branch, before[branch], commit); err != nil {
					return err
				}
			}
		}
		for branch, commit := range before {
			if after[branch] == "" {
				if err := repo.moved(who.account, branch, commit, ""); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		g.log.violation("after a push to %s: %v", repo.FullName(), err)
	}
}
