package gitrepo

import (
	"context"
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/source"
)

// settings is what is taken over from the configuration of a repository.
type settings struct {
	values  [][2]string // of the copied keys, in the order of precedence
	sha256  bool
	partial bool // objects may be missing, to be fetched when needed
	remotes []string
}

// copied are the settings that decide what of a work tree counts as changed. None of them names a program.
var copied = [...]string{
	"core.autocrlf", "core.checkstat", "core.eol", "core.excludesfile", "core.filemode", "core.ignorecase", "core.precomposeunicode",
	"core.sparsecheckout", "core.sparsecheckoutcone", "core.symlinks", "core.trustctime",
}

// readSettings asks the repository's and the user's configuration for what we need to know. git config reads files
// and runs nothing.
func (r *Repo) readSettings(ctx context.Context) (settings, error) {
	keys := make([]string, len(copied))
	for i, key := range copied {
		keys[i] = strings.TrimPrefix(key, "core.")
	}
	pattern := `^(core\.(` + strings.Join(keys, "|") + `)|extensions\.(objectformat|partialclone)|remote\..*\.(promisor|url))$`
	out, err := r.output(ctx, r.inRepository("config", "--null", "--includes", "--get-regexp", pattern))
	if err != nil && exitCode(err) != 1 { // 1: nothing matches
		return settings{}, fmt.Errorf("read the repository's configuration: %w", err)
	}
	var s settings
	for record := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		key, value, hasValue := strings.Cut(record, "\n")
		if !hasValue {
			value = "true"
		}
		switch {
		case key == "":
		case key == "extensions.objectformat":
			s.sha256 = value == "sha256"
		case strings.HasPrefix(key, "core."):
			s.values = append(s.values, [2]string{strings.TrimPrefix(key, "core."), value})
		case strings.HasSuffix(key, ".url"):
			s.remotes = append(s.remotes, value)
		default:
			s.partial = s.partial || value != "false"
		}
	}
	return s, nil
}

// config writes the configuration of the scratch repository.
func (s settings) config(limits source.Limits) string {
	var b strings.Builder
	version := 0
	if s.sha256 {
		version = 1
	}
	fmt.Fprintf(&b, "[core]\n\trepositoryformatversion = %d\n\tbare = false\n", version)
	// Files that no tree would read are not compared line by line either.
	fmt.Fprintf(&b, "\tbigFileThreshold = %d\n\tfsmonitor = false\n\tuntrackedCache = false\n", limits.FileSize+1)
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	for _, pair := range s.values {
		fmt.Fprintf(&b, "\t%s = \"%s\"\n", pair[0], escape.Replace(pair[1]))
	}
	if s.sha256 {
		b.WriteString("[extensions]\n\tobjectformat = sha256\n")
	}
	return b.String()
}

// contentID names bytes as this repository does.
func (s settings) contentID(data []byte) string {
	if s.sha256 {
		return source.ContentID256(data)
	}
	return source.ContentID(data)
}

// emptyTree is the ID of the tree without entries, which git knows in every repository.
func (s settings) emptyTree() string {
	if s.sha256 {
		return "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
	}
	return "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
}

// hashSize is how many bytes name an object.
func (s settings) hashSize() int {
	if s.sha256 {
		return 32
	}
	return 20
}
