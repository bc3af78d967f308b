package githubtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// artifact is a file that a run of a workflow left.
type artifact struct {
	id, run int64
	name    string
	zip     []byte
	expired bool
	made    time.Time
}

// Token returns a token of the installation, as a job of a workflow is given that of the App github-actions: it may what
// permissions say and no more than the installation. It is good for a day.
func (i *Installation) Token(permissions map[string]string) (value string) {
	i.g.must("give a token", func() error {
		t := &token{installation: i, permissions: withMetadata(permissions), expires: i.g.now().Add(24 * time.Hour)}
		t.value = fmt.Sprintf("ghs_%d_%s.%s.%s", i.app.ID, randomHex(18), randomHex(60), randomHex(43))
		i.g.tokens[t.value] = t
		value = t.value
		return nil
	})
	return value
}

// Upload leaves an artifact at a run of a workflow: the bytes of a zip archive, or whatever a hostile job says is one.
func (r *Repository) Upload(run int64, name string, zip []byte) {
	r.g.must("upload "+name, func() error {
		r.artifacts = append(r.artifacts, &artifact{id: r.g.id(), run: run, name: name, zip: slices.Clone(zip), made: r.g.now()})
		return nil
	})
}

// ExpireArtifacts lets all artifacts be gone, of which GitHub goes on telling.
func (r *Repository) ExpireArtifacts() {
	r.g.must("expire artifacts", func() error {
		for _, a := range r.artifacts {
			a.expired = true
		}
		return nil
	})
}

func (c *call) listArtifacts() (any, error) {
	l := &list{key: "artifacts", items: []any{}}
	for _, a := range slices.Backward(c.repo.artifacts) {
		if a.run == c.number("run_id") && (c.query("name") == "" || c.query("name") == a.name) {
			l.items = append(l.items, c.artifactJSON(a))
		}
	}
	return l, nil
}

func (c *call) artifactJSON(a *artifact) map[string]any {
	self := fmt.Sprintf("%s%s/repos/%s/actions/artifacts/%d", c.g.url, restPrefix, c.repo.FullName(), a.id)
	return map[string]any{
		"id": a.id, "node_id": fmt.Sprintf("ART_%d", a.id), "name": a.name, "size_in_bytes": len(a.zip), "expired": a.expired, "url": self,
		"archive_download_url": self + "/zip", "created_at": stamp(a.made), "updated_at": stamp(a.made), "expires_at": stamp(a.made.Add(90 * 24 * time.Hour)),
		"workflow_run": map[string]any{"id": a.run, "repository_id": c.repo.ID, "head_repository_id": c.repo.ID},
	}
}

// downloadArtifact leads to where the archive lies, for which nobody has to say who they are.
func (c *call) downloadArtifact() (any, error) {
	for _, a := range c.repo.artifacts {
		if a.id != c.number("artifact_id") || c.params["archive_format"] != "zip" {
			continue
		}
		if a.expired {
			return nil, refuse(http.StatusGone, "Artifact has expired")
		}
		c.header = map[string]string{"Location": fmt.Sprintf("%s%s%d?sig=%s", c.g.url, artifactPath, a.id, randomHex(8))}
		return nil, nil
	}
	return nil, notFound()
}

const artifactPath = "/storage/artifacts/"

// serveArtifact hands out an archive, as the storage does that GitHub leads to. A token has no business there.
func (g *GitHub) serveArtifact(w *answer, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		g.log.violation("the storage of artifacts was sent a token")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	id, _ := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, artifactPath), 10, 64)
	for repo := range maps.Values(g.repos) {
		for _, a := range repo.artifacts {
			if a.id == id {
				w.header.Set("Content-Type", "application/zip")
				w.body.Write(a.zip)
				return
			}
		}
	}
	w.WriteHeader(http.StatusNotFound)
}
