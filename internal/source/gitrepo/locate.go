package gitrepo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// locate finds the repository of dir as git does, but without asking its configuration: the nearest directory
// upwards that has a .git. Only when there is none may dir itself be a bare repository, so that one planted among
// the files of another is not taken for it.
func (r *Repo) locate(dir string) error {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return fmt.Errorf("open repository: %w", err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		found, err := gitDirectory(at)
		if err != nil {
			return err
		}
		if found != "" {
			rel, err := filepath.Rel(at, dir)
			r.root, r.prefix, r.gitDir = at, filepath.ToSlash(rel), found
			r.commonDir = commonDirectory(found)
			return err
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	if !isRepository(dir) {
		return fmt.Errorf("%s: %w", dir, ErrNoRepository)
	}
	r.prefix, r.gitDir, r.commonDir = ".", dir, commonDirectory(dir)
	return nil
}

// gitDirectory returns the repository of a work tree whose top is dir, "" when dir is not one. In linked work trees
// and submodules .git is a file that says where the repository is.
func gitDirectory(dir string) (string, error) {
	name := filepath.Join(dir, ".git")
	info, err := os.Stat(name)
	if err != nil {
		return "", nil //nolint:nilerr // not there, or not ours to read: git looks further up too
	}
	if info.IsDir() {
		if isRepository(name) {
			return name, nil
		}
		return "", nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("open repository: %w", err)
	}
	target, ok := strings.CutPrefix(strings.TrimRight(string(text), "\r\n"), "gitdir: ")
	if !ok {
		return "", fmt.Errorf("%s: %w: the file does not begin with \"gitdir: \"", name, ErrNoRepository)
	}
	target = under(dir, target)
	if !isRepository(target) {
		return "", fmt.Errorf("%s: %w: it leads to %s, which is not a repository; git worktree repair may help", name, ErrNoRepository, target)
	}
	return target, nil
}

// commonDirectory returns the directory that a linked work tree's own one shares with others.
func commonDirectory(gitDir string) string {
	text, err := os.ReadFile(filepath.Join(gitDir, "commondir"))
	if err != nil {
		return gitDir
	}
	return under(gitDir, strings.TrimRight(string(text), "\r\n"))
}

func under(dir, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(dir, name)
}

// isRepository looks for what every repository has: a HEAD, and objects and refs of its own or shared.
func isRepository(dir string) bool {
	if info, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil || info.IsDir() {
		return false
	}
	common := commonDirectory(dir)
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(common, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}
