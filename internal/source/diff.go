package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// DiffFile is one file of a Git difference: what happened to it, and its entry on either side. An entry's Mode is
// Removed on the side where the file is not; its ID is "" where Git has not hashed it (a changed file of a work tree).
type DiffFile struct {
	FileChange
	OldEntry, NewEntry Entry
	ModeChanged        bool // the executable bit, or the kind of file
}

// Unmodified reports whether Git listed the file only because its time stamp or its line ends changed on disk.
func (d DiffFile) Unmodified() bool {
	sameID := d.NewEntry.ID == "" || d.NewEntry.ID == d.OldEntry.ID
	return d.Old == d.New && sameID && !d.ModeChanged && !d.Binary && len(d.Hunks) == 0
}

// DiffArguments returns the arguments that make git diff-tree and diff-index print what ParseDiff reads: first one
// line a file with modes, full object IDs, status and names (quoted where they need it), then the patches in the
// same order. The algorithm is Git's default, so that lines fall as GitHub shows them.
func DiffArguments() []string {
	return []string{
		"--raw", "--patch", "--unified=0", "--inter-hunk-context=0", "--no-abbrev", "--full-index", "--no-color",
		"--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty", "--submodule=short",
		"--src-prefix=a/", "--dst-prefix=b/", "--find-renames=50%", "-l400",
	}
}

const (
	diffBuffer = 64 << 10 // the longest line that matters: two names of 4096 bytes, each byte escaped
	maxLine    = 1 << 30  // no file has more lines
)

// ParseDiff reads the output of Git made with DiffArguments. At most maxFiles files are accepted, more give
// ErrFileCount. Contents are skipped by the counts of their hunk headers, so nothing in them can pose as a header,
// and the whole is never held in memory. What is not such output gives an error that names the line.
func ParseDiff(r io.Reader, maxFiles int) ([]DiffFile, error) {
	p := diffParser{in: bufio.NewReaderSize(r, diffBuffer), maxFiles: maxFiles}
	if err := p.parse(); err != nil {
		return nil, fmt.Errorf("difference from git, line %d: %w", p.line, err)
	}
	for i := range p.files {
		p.files[i].finish()
	}
	return p.files, nil
}

type diffParser struct {
	in       *bufio.Reader
	line     int
	maxFiles int
	files    []DiffFile
	headers  []string // the line that begins the patch of each file
	current  int      // file of the patch being read, -1 before the first
}

var errDiff = errors.New("is not what git was asked for")

func (p *diffParser) parse() error {
	line, err := p.next()
	for ; err == nil && len(line) > 0 && line[0] == ':'; line, err = p.next() {
		if err := p.raw(string(line)); err != nil {
			return err
		}
	}
	p.current = -1
	for ; err == nil; line, err = p.next() {
		if err := p.patchLine(line); err != nil {
			return err
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// next returns the next line without its end. What passes the buffer is cut off.
func (p *diffParser) next() ([]byte, error) {
	line, err := p.in.ReadSlice('\n')
	if len(line) == 0 {
		return nil, err
	}
	p.line++
	if !errors.Is(err, bufio.ErrBufferFull) {
		return bytes.TrimSuffix(line, []byte("\n")), nil
	}
	kept := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = p.in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return kept, nil
}

// raw reads ":100644 100755 <id> <id> M\tname", or for a rename "R100\told\tnew".
func (p *diffParser) raw(line string) error {
	if len(p.files) >= p.maxFiles {
		return fmt.Errorf("%w (%d)", ErrFileCount, p.maxFiles)
	}
	names := strings.Split(line[1:], "\t")
	fields := strings.Split(names[0], " ")
	if len(fields) != 5 || fields[4] == "" || len(names) < 2 || len(names) > 3 {
		return errDiff
	}
	oldToken, newToken := names[1], names[len(names)-1]
	oldName, oldErr := unquote(oldToken)
	newName, newErr := unquote(newToken)
	if err := errors.Join(oldErr, newErr); err != nil {
		return err
	}
	if oldName == "" || newName == "" {
		return errDiff
	}
	d := DiffFile{ModeChanged: fields[0] != fields[1]}
	d.OldEntry = diffEntry(oldName, fields[0], fields[2])
	d.NewEntry = diffEntry(newName, fields[1], fields[3])
	if d.OldEntry.Mode != Removed {
		d.Old = oldName
	}
	if d.NewEntry.Mode != Removed {
		d.New = newName
	}
	p.files = append(p.files, d)
	p.headers = append(p.headers, "diff --git "+withPrefix("a/", oldToken)+" "+withPrefix("b/", newToken))
	return nil
}

func diffEntry(name, mode, id string) Entry {
	e := Entry{Path: name, ID: id, Size: -1}
	switch {
	case mode == "000000":
		e.Mode = Removed
	case mode == "120000":
		e.Mode = Symlink
	case mode == "160000":
		e.Mode = Gitlink
	default:
		e.Mode = Regular
	}
	if strings.Trim(id, "0") == "" && e.Mode != Gitlink {
		e.ID = ""
	}
	return e
}

// withPrefix puts a/ or b/ before a name as Git prints it.
func withPrefix(prefix, token string) string {
	if strings.HasPrefix(token, `"`) {
		return `"` + prefix + token[1:]
	}
	return prefix + token
}

// patchLine reads a line outside of hunks.
func (p *diffParser) patchLine(line []byte) error {
	switch {
	case bytes.HasPrefix(line, []byte("diff --git ")):
		return p.begin(string(line))
	case bytes.HasPrefix(line, []byte("@@ ")):
		if p.current < 0 {
			return errDiff
		}
		return p.hunk(string(line))
	case bytes.HasPrefix(line, []byte("Binary files ")) && p.current >= 0:
		p.files[p.current].Binary = true
	}
	return nil
}

// begin finds the file whose patch begins: the same as before (a change of type is two patches) or a later one,
// for those in between have no patch.
func (p *diffParser) begin(header string) error {
	for i := max(p.current, 0); i < len(p.headers); i++ {
		if p.headers[i] == header {
			p.current = i
			return nil
		}
	}
	return fmt.Errorf("%w: a patch without its file", errDiff)
}

// hunk reads "@@ -4,2 +4 @@ …" and skips the lines it announces.
func (p *diffParser) hunk(line string) error {
	h, err := parseHunk(line)
	if err != nil {
		return err
	}
	f := &p.files[p.current]
	if last := len(f.Hunks) - 1; last >= 0 && (h.OldStart < f.Hunks[last].OldStart || h.NewStart < f.Hunks[last].NewStart) {
		if !f.mergeTypeChange(h) {
			return fmt.Errorf("%w: hunks out of order", errDiff)
		}
	} else {
		f.Hunks = append(f.Hunks, h)
	}
	for range h.OldLines {
		if _, err := p.content('-', ""); err != nil {
			return err
		}
	}
	for i := range h.NewLines {
		mark := pointerLine(h.NewStart + i)
		marked, err := p.content('+', mark)
		if err != nil {
			return err
		}
		if marked && mark != "" {
			f.Note = "git-lfs pointer"
		}
	}
	return nil
}

// pointerLine is how a line of a Git LFS pointer begins; of a changed pointer only the second is in the patch.
func pointerLine(line int) string {
	switch line {
	case 1:
		return strings.TrimSuffix(lfsVersion, "\n")
	case 2:
		return "oid sha256:"
	}
	return ""
}

// content skips one line of a file, and a remark that it is the last and has no end. It reports whether the line
// begins with mark.
func (p *diffParser) content(sign byte, mark string) (marked bool, err error) {
	line, err := p.next()
	if errors.Is(err, io.EOF) {
		return false, io.ErrUnexpectedEOF
	}
	if err != nil {
		return false, err
	}
	if len(line) == 0 || line[0] != sign {
		return false, fmt.Errorf("%w: expected a line with %q", errDiff, sign)
	}
	marked = bytes.HasPrefix(line[1:], []byte(mark))
	ahead, err := p.in.Peek(1)
	if err == nil && ahead[0] == '\\' {
		_, err = p.next()
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return marked, err
}

// mergeTypeChange joins the two patches of a file that became something else: all removed, then all added.
func (d *DiffFile) mergeTypeChange(h Hunk) bool {
	if len(d.Hunks) != 1 || d.Hunks[0].NewLines != 0 || h.OldLines != 0 {
		return false
	}
	d.Hunks[0].NewStart, d.Hunks[0].NewLines = h.NewStart, h.NewLines
	return true
}

// finish settles what only the whole patch tells.
func (d *DiffFile) finish() {
	if d.OldEntry.Mode == Gitlink || d.NewEntry.Mode == Gitlink {
		d.Hunks, d.Note = nil, "submodule"
	}
}

// parseHunk reads "@@ -4,2 +4 @@ …"; a count that is not there is 1.
func parseHunk(line string) (Hunk, error) {
	fields := strings.SplitN(line, " ", 5)
	if len(fields) < 4 || fields[3] != "@@" || !strings.HasPrefix(fields[1], "-") || !strings.HasPrefix(fields[2], "+") {
		return Hunk{}, fmt.Errorf("%w: a hunk header", errDiff)
	}
	var h Hunk
	var oldErr, newErr error
	h.OldStart, h.OldLines, oldErr = parseRange(fields[1][1:])
	h.NewStart, h.NewLines, newErr = parseRange(fields[2][1:])
	return h, errors.Join(oldErr, newErr)
}

func parseRange(s string) (start, count int, err error) {
	first, second, both := strings.Cut(s, ",")
	count = 1
	if start, err = parseLine(first); err == nil && both {
		count, err = parseLine(second)
	}
	return start, count, err
}

func parseLine(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || n > maxLine {
		return 0, fmt.Errorf("%w: the number %q", errDiff, s)
	}
	return int(n), nil
}

// unquote undoes Git's quoting of names with control characters, quotes, backslashes or bytes beyond ASCII: a C
// string, with octal escapes. A name without quotes is itself.
func unquote(token string) (string, error) {
	if !strings.HasPrefix(token, `"`) {
		return token, nil
	}
	if len(token) < 2 || !strings.HasSuffix(token, `"`) {
		return "", fmt.Errorf("%w: the name %.80q", errDiff, token)
	}
	rest, name := token[1:len(token)-1], make([]byte, 0, len(token))
	for len(rest) > 0 {
		c, _, tail, err := strconv.UnquoteChar(rest, '"')
		switch {
		case rest[0] != '\\': // bytes as they are, which UnquoteChar would take for runes
			name, rest = append(name, rest[0]), rest[1:]
			continue
		case err != nil || c > 0xff:
			return "", fmt.Errorf("%w: the name %.80q", errDiff, token)
		}
		name, rest = append(name, byte(c)), tail
	}
	return string(name), nil
}
