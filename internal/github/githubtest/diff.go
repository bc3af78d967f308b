package githubtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// diffFile is one file of a difference, as GitHub shows it: with three lines around each change.
type diffFile struct {
	path, previous       string
	status               string // added, removed, modified, renamed or copied
	blob                 string
	additions, deletions int
	hunks                []hunk
}

// hunk is a part of a file's difference. Lines of a pull request that no hunk has cannot be commented on.
type hunk struct {
	oldStart, oldLines, newStart, newLines int
	lines                                  []string // its header first
}

func (h hunk) text() string { return strings.Join(h.lines, "\n") }

// patch is the difference of the file as GitHub's interface gives it: without a header, "" for binary files.
func (f *diffFile) patch() string {
	var all []string
	for _, h := range f.hunks {
		all = append(all, h.lines...)
	}
	return strings.Join(all, "\n")
}

// difference returns the files that differ between two commits. It is remembered, since commits do not change.
func (r *Repository) difference(from, to string) ([]*diffFile, error) {
	key := [2]string{from, to}
	if files, ok := r.diffs[key]; ok {
		return files, nil
	}
	raw, err := r.git("diff-tree", "-r", "-M", "--raw", "-z", "--no-abbrev", from, to)
	if err != nil {
		return nil, err
	}
	text, err := r.git("diff-tree", "-r", "-M", "-p", "-U3", "--no-color", "--no-ext-diff", "--no-textconv", from, to)
	if err != nil {
		return nil, err
	}
	files, err := parseRaw(raw)
	if err != nil {
		return nil, err
	}
	if err := addHunks(files, text); err != nil {
		return nil, err
	}
	r.diffs[key] = files
	return files, nil
}

// parseRaw reads the list of files that git diff-tree --raw -z prints.
func parseRaw(raw string) ([]*diffFile, error) {
	names := map[byte]string{'A': "added", 'D': "removed", 'M': "modified", 'T': "modified", 'R': "renamed", 'C': "copied"}
	var files []*diffFile
	fields := strings.Split(strings.TrimSuffix(raw, "\x00"), "\x00")
	for len(fields) > 1 {
		about := strings.Fields(fields[0])
		if len(about) != 5 {
			return nil, fmt.Errorf("git printed %q", fields[0])
		}
		f := &diffFile{status: names[about[4][0]], blob: about[3], path: fields[1]}
		fields = fields[2:]
		if f.status == "removed" {
			f.blob = about[2]
		}
		if f.status == "renamed" || f.status == "copied" {
			f.previous, f.path, fields = f.path, fields[0], fields[1:]
		}
		files = append(files, f)
		if about[4][0] == 'T' { // Git prints one patch that removes it and one that adds it
			files = append(files, nil)
		}
	}
	return files, nil
}

// addHunks puts the patches, which come in the order of the files, where they belong.
func addHunks(files []*diffFile, text string) error {
	at := -1
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "diff --git ") {
			if at++; at >= len(files) {
				return fmt.Errorf("git printed more patches than files")
			}
			continue
		}
		if at < 0 || files[at] == nil && at == 0 {
			continue
		}
		f := files[at]
		if f == nil {
			f = files[at-1]
		}
		if err := f.add(line); err != nil {
			return err
		}
	}
	return nil
}

func (f *diffFile) add(line string) error {
	if strings.HasPrefix(line, "@@ ") {
		h, err := parseHunk(line)
		f.hunks = append(f.hunks, h)
		return err
	}
	if len(f.hunks) == 0 || line == "" {
		return nil // between the names and the first hunk; the end
	}
	h := &f.hunks[len(f.hunks)-1]
	switch line[0] {
	case '+':
		f.additions++
	case '-':
		f.deletions++
	case ' ', '\\':
	default:
		return nil
	}
	h.lines = append(h.lines, line)
	return nil
}

// parseHunk reads "@@ -1,2 +3,4 @@ …".
func parseHunk(line string) (hunk, error) {
	fields := strings.Fields(line)
	if len(fields) < 4 {
		return hunk{}, fmt.Errorf("git printed %q", line)
	}
	oldStart, oldLines, err := parseRange(fields[1])
	if err != nil {
		return hunk{}, err
	}
	newStart, newLines, err := parseRange(fields[2])
	return hunk{oldStart: oldStart, oldLines: oldLines, newStart: newStart, newLines: newLines, lines: []string{line}}, err
}

func parseRange(text string) (start, lines int, err error) {
	from, count, several := strings.Cut(text[1:], ",")
	if start, err = strconv.Atoi(from); err != nil || !several {
		return start, 1, err
	}
	lines, err = strconv.Atoi(count)
	return start, lines, err
}

// hunkAt returns the hunk that has a line of a side (LEFT is the old one, RIGHT the new one), nil when none has it.
func (f *diffFile) hunkAt(line int, side string) *hunk {
	at := slices.IndexFunc(f.hunks, func(h hunk) bool {
		if side == "LEFT" {
			return line >= h.oldStart && line < h.oldStart+h.oldLines
		}
		return line >= h.newStart && line < h.newStart+h.newLines
	})
	if at < 0 {
		return nil
	}
	return &f.hunks[at]
}

// upTo is the hunk's text from its header to a line of a side, which is what GitHub shows above a comment.
func (h *hunk) upTo(line int, side string) string {
	oldAt, newAt := h.oldStart-1, h.newStart-1
	for i, text := range h.lines[1:] {
		onOld, onNew := text[0] != '+', text[0] != '-'
		if text[0] == '\\' {
			continue
		}
		if onOld {
			oldAt++
		}
		if onNew {
			newAt++
		}
		if side == "LEFT" && onOld && oldAt == line || side != "LEFT" && onNew && newAt == line {
			return strings.Join(h.lines[:i+2], "\n")
		}
	}
	return h.text()
}

// follow returns where a line of the old side is on the new one; 0 when the line has changed.
func (f *diffFile) follow(line int) int {
	shift := 0
	for _, h := range f.hunks {
		if line < h.oldStart {
			break
		}
		oldAt, newAt := h.oldStart, h.newStart
		for _, text := range h.lines[1:] {
			switch text[0] {
			case ' ':
				if oldAt == line {
					return newAt
				}
				oldAt, newAt = oldAt+1, newAt+1
			case '-':
				if oldAt == line {
					return 0
				}
				oldAt++
			case '+':
				newAt++
			}
		}
		shift = (h.newStart + h.newLines) - (h.oldStart + h.oldLines)
	}
	return line + shift
}
