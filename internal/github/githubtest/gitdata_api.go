package githubtest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func (c *call) refJSON(ref, commit string) object {
	return object{
		"ref": ref, "node_id": "REF_" + ref, "url": c.g.api("/repos/%s/git/%s", c.repo.FullName(), escapePath(ref)),
		"object": object{"type": "commit", "sha": commit, "url": c.g.api("/repos/%s/git/commits/%s", c.repo.FullName(), commit)},
	}
}

func (c *call) getRef() (any, error) {
	ref := "refs/" + c.params["ref"]
	if commit := c.repo.resolve(ref); commit != "" {
		return c.refJSON(ref, commit), nil
	}
	return nil, notFound()
}

// listRefs answers the branches whose names begin with what is asked for.
func (c *call) listRefs() (any, error) {
	branches, err := c.repo.branches()
	if err != nil {
		return nil, err
	}
	items := []any{}
	for _, name := range slices.Sorted(maps.Keys(branches)) {
		if strings.HasPrefix("heads/"+name, c.params["ref"]) {
			items = append(items, c.refJSON("refs/heads/"+name, branches[name]))
		}
	}
	return items, nil
}

func (c *call) createRef() (any, error) {
	var in struct{ Ref, SHA string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	branch, ok := strings.CutPrefix(in.Ref, "refs/heads/")
	if _, err := c.repo.git("check-ref-format", in.Ref); !ok || err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "Reference name is invalid")
	}
	switch {
	case c.repo.branch(branch) != "":
		return nil, refuse(http.StatusUnprocessableEntity, "Reference already exists")
	case c.repo.resolve(in.SHA+"^{commit}") != in.SHA:
		return nil, refuse(http.StatusUnprocessableEntity, "Object does not exist")
	}
	if err := c.moveRef(branch, in.SHA, false); err != nil {
		return nil, err
	}
	return c.refJSON(in.Ref, in.SHA), nil
}

func (c *call) updateRef() (any, error) {
	var in struct {
		SHA   string
		Force bool
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	branch, ok := strings.CutPrefix(c.params["ref"], "heads/")
	if !ok || c.repo.branch(branch) == "" {
		return nil, refuse(http.StatusUnprocessableEntity, "Reference does not exist")
	}
	if c.repo.resolve(in.SHA+"^{commit}") != in.SHA {
		return nil, refuse(http.StatusUnprocessableEntity, "Object does not exist")
	}
	if err := c.moveRef(branch, in.SHA, in.Force); err != nil {
		return nil, err
	}
	return c.refJSON("refs/heads/"+branch, in.SHA), nil
}

func (c *call) deleteRef() (any, error) {
	branch, ok := strings.CutPrefix(c.params["ref"], "heads/")
	if !ok || c.repo.branch(branch) == "" {
		return nil, refuse(http.StatusUnprocessableEntity, "Reference does not exist")
	}
	return nil, c.moveRef(branch, "", true)
}

// moveRef moves a branch for a program: forward only unless forced, not past a protection, and, for Apps without the
// permission for it, without touching workflows.
func (c *call) moveRef(branch, to string, force bool) error {
	before := c.repo.branch(branch)
	if before != "" && c.repo.protection[branch] != nil {
		return refuse(http.StatusUnprocessableEntity, "Changes must be made through a pull request.")
	}
	if before != "" && !force && c.g.forced(c.repo, before, to) {
		return refuse(http.StatusUnprocessableEntity, "Update is not a fast forward")
	}
	if err := c.sparesWorkflows(branch, to); err != nil {
		return err
	}
	return c.repo.move(c.who.account, branch, to)
}

// sparesWorkflows refuses an App that changes workflows without the permission workflows:write.
func (c *call) sparesWorkflows(branch, to string) error {
	if c.who.app == nil || to == "" || atLeast(c.who.installation.permissions["workflows"], "write") {
		return nil
	}
	from := c.repo.branch(branch)
	if from == "" {
		from = c.repo.branch(DefaultBranch)
	}
	out, err := c.repo.git("diff-tree", "-r", "--name-only", "-z", from, to, "--", ".github/workflows")
	if err != nil {
		return err
	}
	if path, _, touched := strings.Cut(out, "\x00"); touched {
		return refuse(http.StatusForbidden, "refusing to allow a GitHub App to create or update workflow `%s` without `workflows` permission", path)
	}
	return nil
}

func (c *call) createBlob() (any, error) {
	var in struct{ Content, Encoding string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if in.Encoding == "base64" {
		data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(in.Content, "\n", ""))
		if err != nil {
			return nil, refuse(http.StatusUnprocessableEntity, "content is not valid Base64")
		}
		in.Content = string(data)
	}
	sha, err := c.repo.writeBlob(in.Content)
	if err != nil {
		return nil, err
	}
	return object{"sha": sha, "url": c.g.api("/repos/%s/git/blobs/%s", c.repo.FullName(), sha)}, nil
}

func (r *Repository) writeBlob(content string) (string, error) {
	out, err := r.g.run(gitCommand{dir: r.dir, stdin: content, args: []string{"hash-object", "-w", "--stdin"}})
	return strings.TrimSpace(out), err
}

func (c *call) getBlob() (any, error) {
	sha := c.params["file_sha"]
	data, err := c.g.run(gitCommand{dir: c.repo.dir, args: []string{"cat-file", "blob", sha}})
	if err != nil {
		return nil, notFound()
	}
	if strings.Contains(c.request.Header.Get("Accept"), "raw") {
		return raw{"application/vnd.github.raw; charset=utf-8", data}, nil
	}
	return object{
		"sha": sha, "node_id": "B_" + sha, "size": len(data), "url": c.g.api("/repos/%s/git/blobs/%s", c.repo.FullName(), sha), "encoding": "base64",
		"content": base64.StdEncoding.EncodeToString([]byte(data)),
	}, nil
}

// treeEntry is an entry of a tree that a client makes. No SHA and no content deletes it.
type treeEntry struct {
	Path, Mode, Type string
	SHA, Content     *string
}

// createTree makes a tree from entries, on top of another where one is given.
func (c *call) createTree() (any, error) {
	var in struct {
		BaseTree string `json:"base_tree"`
		Tree     []treeEntry
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	index := filepath.Join(c.g.dir, fmt.Sprintf("index-%d", c.g.id()))
	defer os.Remove(index)
	if in.BaseTree != "" {
		if c.repo.resolve(in.BaseTree+"^{tree}") == "" {
			return nil, refuse(http.StatusUnprocessableEntity, "base_tree is not a valid tree oid")
		}
		if _, err := c.g.run(gitCommand{dir: c.repo.dir, index: index, args: []string{"read-tree", in.BaseTree}}); err != nil {
			return nil, err
		}
	}
	lines, err := c.indexLines(in.Tree)
	if err != nil {
		return nil, err
	}
	if _, err := c.g.run(gitCommand{dir: c.repo.dir, index: index, stdin: lines, args: []string{"update-index", "-z", "--index-info"}}); err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "tree.path contains a malformed path component")
	}
	tree, err := c.g.run(gitCommand{dir: c.repo.dir, index: index, args: []string{"write-tree"}})
	if err != nil {
		return nil, err
	}
	return c.treeJSON(strings.TrimSpace(tree), false)
}

func (c *call) indexLines(tree []treeEntry) (string, error) {
	var lines strings.Builder
	for _, e := range tree {
		switch {
		case e.Content != nil:
			sha, err := c.repo.writeBlob(*e.Content)
			if err != nil {
				return "", err
			}
			e.SHA = &sha
		case e.SHA == nil:
			fmt.Fprintf(&lines, "0 %s\t%s\x00", zeroID, e.Path)
			continue
		case c.repo.resolve(*e.SHA) == "":
			return "", refuse(http.StatusUnprocessableEntity, "tree.sha %s is not a valid %s", *e.SHA, e.Type)
		}
		fmt.Fprintf(&lines, "%s %s\t%s\x00", e.Mode, *e.SHA, e.Path)
	}
	return lines.String(), nil
}

func (c *call) getTree() (any, error) {
	tree := c.repo.resolve(c.params["tree_sha"] + "^{tree}")
	if tree == "" {
		if commit := c.repo.commitOf(c.params["tree_sha"]); commit != "" {
			tree = c.repo.resolve(commit + "^{tree}")
		}
	}
	if tree == "" {
		return nil, notFound()
	}
	return c.treeJSON(tree, c.query("recursive") != "")
}

func (c *call) treeJSON(tree string, recursive bool) (any, error) {
	all, err := c.repo.entries(tree, recursive)
	if err != nil {
		return nil, err
	}
	items := []any{}
	for _, e := range all {
		o := object{"path": e.path, "mode": e.mode, "type": e.kind, "sha": e.sha, "url": c.g.api("/repos/%s/git/%ss/%s", c.repo.FullName(), e.kind, e.sha)}
		if e.kind == "blob" {
			o["size"] = e.size
		}
		items = append(items, o)
	}
	return object{"sha": tree, "url": c.g.api("/repos/%s/git/trees/%s", c.repo.FullName(), tree), "tree": items, "truncated": false}, nil
}

func (c *call) createCommit() (any, error) {
	var in struct {
		Message, Tree string
		Parents       []string
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	for _, p := range in.Parents {
		if c.repo.resolve(p+"^{commit}") != p {
			return nil, refuse(http.StatusUnprocessableEntity, "Parent SHA does not exist or is not a commit object")
		}
	}
	if c.repo.resolve(in.Tree+"^{tree}") != in.Tree {
		return nil, refuse(http.StatusUnprocessableEntity, "Tree SHA does not exist")
	}
	sha, err := c.repo.commitTree(c.who.account, in.Tree, in.Message, in.Parents...)
	if err != nil {
		return nil, err
	}
	return c.gitCommit(sha)
}

func (c *call) gitCommit(sha string) (any, error) {
	info, err := c.repo.commitInfo(sha)
	if err != nil {
		return nil, err
	}
	return c.g.gitCommitJSON(c.repo, info), nil
}

func (c *call) getGitCommit() (any, error) {
	sha := c.params["commit_sha"]
	if c.repo.resolve(sha+"^{commit}") != sha {
		return nil, notFound()
	}
	return c.gitCommit(sha)
}
