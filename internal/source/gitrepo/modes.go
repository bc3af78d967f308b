package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// Executable returns which of some files of a commit are marked as programs, so that a commit that changes their contents
// keeps the mark.
func (r *Repo) Executable(ctx context.Context, rev string, files []string) (map[string]bool, error) {
	ids, err := r.resolve(ctx, rev)
	if err != nil {
		return nil, err
	}
	args := []string{"--literal-pathspecs", "ls-tree", "-z", "--full-tree", ids[0], "--"}
	out, err := r.output(ctx, r.inScratch(append(args, files...)...))
	if err != nil {
		return nil, fmt.Errorf("reading the modes of files: %w", err)
	}
	marked := make(map[string]bool)
	for _, record := range bytes.Split(out, []byte{0}) {
		about, name, _ := strings.Cut(string(record), "\t")
		if strings.HasPrefix(about, "100755 ") {
			marked[name] = true
		}
	}
	return marked, nil
}
