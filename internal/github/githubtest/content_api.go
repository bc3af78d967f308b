package githubtest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (c *call) getRepository() (any, error) { return c.g.fullRepositoryJSON(c.repo), nil }

func (c *call) listBranches() (any, error) {
	branches, err := c.repo.branches()
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(branches))
	for name := range branches {
		names = append(names, name)
	}
	slices.Sort(names)
	return listOf(names, func(name string) object {
		return object{
			"name": name, "protected": c.repo.protection[name] != nil,
			"commit": object{"sha": branches[name], "url": c.g.api("/repos/%s/commits/%s", c.repo.FullName(), branches[name])},
		}
	}), nil
}

func (c *call) getBranch() (any, error) {
	name := c.params["branch"]
	commit := c.repo.branch(name)
	if commit == "" {
		return nil, refuse(http.StatusNotFound, "Branch not found")
	}
	info, err := c.repo.commitInfo(commit)
	if err != nil {
		return nil, err
	}
	self := c.g.api("/repos/%s/branches/%s", c.repo.FullName(), escapePath(name))
	contexts := []any{}
	p := c.repo.protection[name]
	if p != nil {
		for _, check := range p.Checks {
			contexts = append(contexts, check.Context)
		}
	}
	return object{
		"name": name, "commit": c.g.commitJSON(c.repo, info), "protected": p != nil, "protection_url": self + "/protection",
		"_links":     object{"self": self, "html": c.g.url + "/" + c.repo.FullName() + "/tree/" + escapePath(name)},
		"protection": object{"enabled": p != nil, "required_status_checks": object{"enforcement_level": "everyone", "contexts": contexts, "checks": []any{}}},
	}, nil
}

func (c *call) getCommit() (any, error) {
	commit := c.repo.commitOf(c.params["ref"])
	if commit == "" {
		return nil, unprocessable("No commit found for SHA: " + c.params["ref"])
	}
	info, err := c.repo.commitInfo(commit)
	if err != nil {
		return nil, err
	}
	return c.g.commitJSON(c.repo, info), nil
}

func (c *call) listCommits() (any, error) {
	from := c.query("sha")
	if from == "" {
		from = DefaultBranch
	}
	commit := c.repo.commitOf(from)
	if commit == "" {
		return nil, notFound()
	}
	args := []string{commit}
	if path := c.query("path"); path != "" {
		args = append(args, "--", path)
	}
	all, err := c.repo.log(args...)
	if err != nil {
		return nil, err
	}
	return listOf(all, func(info commitInfo) object { return c.g.commitJSON(c.repo, info) }), nil
}

// entry is one entry of a Git tree.
type entry struct {
	mode, kind, sha, path string
	size                  int64
}

// entries lists a tree, with all below it where recursive.
func (r *Repository) entries(tree string, recursive bool) ([]entry, error) {
	args := []string{"ls-tree", "-z", "-l", "--full-tree", tree}
	if recursive {
		args = []string{"ls-tree", "-z", "-l", "-r", "-t", "--full-tree", tree}
	}
	out, err := r.git(args...)
	if err != nil {
		return nil, err
	}
	var all []entry
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		about, path, ok := strings.Cut(line, "\t")
		fields := strings.Fields(about)
		if !ok || len(fields) != 4 {
			continue
		}
		size, _ := strconv.ParseInt(fields[3], 10, 64) // "-" for trees
		all = append(all, entry{mode: fields[0], kind: fields[1], sha: fields[2], size: size, path: path})
	}
	return all, nil
}

// getContents answers a file with its content, or a directory as a list. Files over 1 MB come without content, as
// GitHub sends them, unless they are asked for as they are.
func (c *call) getContents() (any, error) {
	rev := c.query("ref")
	if rev == "" {
		rev = DefaultBranch
	}
	commit, path := c.repo.commitOf(rev), strings.Trim(c.params["path"], "/")
	if commit == "" {
		return nil, refuse(http.StatusNotFound, "No commit found for the ref %s", rev)
	}
	found := c.repo.resolve(commit + ":" + path)
	if found == "" {
		return nil, notFound()
	}
	kind, err := c.repo.git("cat-file", "-t", found)
	if err != nil {
		return nil, err
	}
	if kind == "tree" {
		return c.directory(found, path, rev)
	}
	data, err := c.g.run(gitCommand{dir: c.repo.dir, args: []string{"cat-file", "blob", found}})
	if err != nil {
		return nil, err
	}
	if accept := c.request.Header.Get("Accept"); strings.Contains(accept, "raw") {
		return raw{"application/vnd.github.raw; charset=utf-8", data}, nil
	}
	o := c.contentJSON(entry{kind: "blob", sha: found, size: int64(len(data)), path: path}, path, rev)
	o["content"], o["encoding"] = "", "none"
	if len(data) <= 1<<20 {
		o["content"], o["encoding"] = base64.StdEncoding.EncodeToString([]byte(data)), "base64"
	}
	return o, nil
}

func (c *call) directory(tree, path, rev string) (any, error) {
	all, err := c.repo.entries(tree, false)
	if err != nil {
		return nil, err
	}
	items := []any{}
	for _, e := range all {
		items = append(items, c.contentJSON(e, strings.Trim(path+"/"+e.path, "/"), rev))
	}
	return items, nil
}

func (c *call) contentJSON(e entry, path, rev string) object {
	self := c.g.api("/repos/%s/contents/%s?ref=%s", c.repo.FullName(), escapePath(path), rev)
	kind, objects := map[string]string{"blob": "file", "tree": "dir", "commit": "submodule"}[e.kind], map[string]string{"blob": "blobs", "tree": "trees"}[e.kind]
	if e.mode == "120000" {
		kind = "symlink"
	}
	git := c.g.api("/repos/%s/git/%s/%s", c.repo.FullName(), objects, e.sha)
	html := fmt.Sprintf("%s/%s/blob/%s/%s", c.g.url, c.repo.FullName(), rev, escapePath(path))
	return object{
		"name": path[strings.LastIndex(path, "/")+1:], "path": path, "sha": e.sha, "size": e.size, "url": self, "html_url": html, "git_url": git,
		"download_url": html, "type": kind, "_links": object{"self": self, "git": git, "html": html},
	}
}

// putContents makes or changes a file in one commit.
func (c *call) putContents() (any, error) {
	var in struct{ Message, Content, SHA, Branch string }
	if err := c.read(&in); err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(in.Content, "\n", ""))
	if err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "content is not valid Base64")
	}
	path := c.params["path"]
	commit, existed, err := c.commitFile(in.Branch, in.SHA, in.Message, path, string(data))
	if err != nil {
		return nil, err
	}
	if existed {
		c.status = http.StatusOK
	}
	info, err := c.repo.commitInfo(commit)
	if err != nil {
		return nil, err
	}
	e := entry{kind: "blob", sha: c.repo.resolve(commit + ":" + path), size: int64(len(data)), path: path}
	return object{"content": c.contentJSON(e, path, in.Branch), "commit": c.g.gitCommitJSON(c.repo, info)}, nil
}

// commitFile commits one file to a branch. As on GitHub, changing a file needs the name of the blob it had, so that
// nobody's change is lost.
func (c *call) commitFile(branch, had, message, path, content string) (commit string, existed bool, err error) {
	if branch == "" {
		branch = DefaultBranch
	}
	parent := c.repo.branch(branch)
	if parent == "" {
		return "", false, refuse(http.StatusNotFound, "Branch %s not found", branch)
	}
	switch has := c.repo.resolve(parent + ":" + path); {
	case has != "" && had == "":
		return "", false, refuse(http.StatusUnprocessableEntity, "Invalid request.\n\n\"sha\" wasn't supplied.")
	case had != "" && has != had:
		return "", false, refuse(http.StatusConflict, "%s does not match %s", path, had)
	}
	commit, err = c.repo.commit(c.who.account, parent, message, Files{path: content})
	if err != nil {
		return "", false, err
	}
	return commit, had != "", c.moveRef(branch, commit, false)
}

// compare answers what a head has that a base has not. BASE...HEAD.
func (c *call) compare() (any, error) {
	from, to, ok := strings.Cut(c.params["basehead"], "...")
	base, head := c.repo.commitOf(from), c.repo.commitOf(to)
	if !ok || base == "" || head == "" {
		return nil, notFound()
	}
	mergeBase, err := c.repo.mergeBase(base, head)
	if err != nil {
		return nil, notFound()
	}
	ahead, err := c.repo.log("--reverse", mergeBase+".."+head)
	if err != nil {
		return nil, err
	}
	behind, err := c.repo.log(mergeBase + ".." + base)
	if err != nil {
		return nil, err
	}
	files, err := c.repo.difference(mergeBase, head)
	if err != nil {
		return nil, err
	}
	return c.comparison(base, mergeBase, ahead, len(behind), shown(files))
}

func (c *call) comparison(base, mergeBase string, ahead []commitInfo, behind int, files []*diffFile) (any, error) {
	baseInfo, err := c.repo.commitInfo(base)
	if err != nil {
		return nil, err
	}
	mergeInfo, err := c.repo.commitInfo(mergeBase)
	if err != nil {
		return nil, err
	}
	status := "diverged"
	switch {
	case len(ahead) == 0 && behind == 0:
		status = "identical"
	case behind == 0:
		status = "ahead"
	case len(ahead) == 0:
		status = "behind"
	}
	self := c.g.api("/repos/%s/compare/%s", c.repo.FullName(), c.params["basehead"])
	html := c.g.url + "/" + c.repo.FullName() + "/compare/" + c.params["basehead"]
	head := base
	if len(ahead) > 0 {
		head = ahead[len(ahead)-1].sha
	}
	return object{
		"url": self, "html_url": html, "permalink_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch", "status": status,
		"base_commit": c.g.commitJSON(c.repo, baseInfo), "merge_base_commit": c.g.commitJSON(c.repo, mergeInfo), "ahead_by": len(ahead), "behind_by": behind,
		"total_commits": len(ahead), "commits": listOf(ahead, func(i commitInfo) object { return c.g.commitJSON(c.repo, i) }).items,
		"files": listOf(files[:min(300, len(files))], func(f *diffFile) object { return c.g.fileJSON(c.repo, head, f) }).items,
	}, nil
}
