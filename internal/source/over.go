package source

import (
	"path"
	"slices"
)

// On returns what the set would be had it been read from t instead of a tree that has other files at paths, which were
// laid over t: of these, and of the directories above them, t's own answers.
func (s ReadSet) On(t Tree, paths []string) ReadSet {
	if len(paths) == 0 {
		return s
	}
	laid := make(map[string]bool, len(paths))
	above := make(map[string]bool)
	for _, p := range paths {
		laid[p] = true
		for dir := path.Dir(p); ; dir = path.Dir(dir) {
			above[dir] = true
			if dir == "." {
				break
			}
		}
	}
	own := slices.Clone(s)
	for i, read := range own {
		if !laid[read.Path] && !above[read.Path] {
			continue
		}
		if read.Is != "" {
			info, err := t.Stat(read.Path)
			own[i].Is = statAnswer(read.Path, info, err)
		}
		if read.Lists != "" {
			list, err := t.ReadDir(read.Path)
			own[i].Lists = listAnswer(list, err)
		}
	}
	return own
}
