package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/sandbox"
	"github.com/landwaiter/landwaiter/internal/source"
)

// maxWiden is how many directories above PATH a kustomization outside Git may reach for its bases.
const maxWiden = 6

// widen finds the directory from which a kustomization outside Git renders: PATH itself, or one of those above it,
// where its bases lie. In a work tree the repository is that directory, so nothing has to be looked for. The job stays
// as it is when no directory helps: what is missing is then said of PATH.
func widen(ctx context.Context, pool *sandbox.Pool, where *place, j job) job {
	if where.repo != nil || where.root == "" || len(j.roots) != 1 || j.roots[0].Kind != manifests.Kustomize {
		return j
	}
	settings := j.settings
	settings.Lines = false
	wider := job{tree: j.tree, roots: []manifests.Root{j.roots[0]}, settings: j.settings}
	for dir, level := where.root, 0; level <= maxWiden; level++ {
		root := &wider.roots[0]
		_, _, err := pool.Render(ctx, wider.tree, *root, settings)
		var failed *manifests.RenderError
		switch {
		case err == nil:
			wider.from = root.Dir
			return wider
		case !errors.As(err, &failed) || !strings.Contains(failed.Reason, "../"):
			return j
		}
		above := filepath.Dir(dir)
		if home, _ := os.UserHomeDir(); above == dir || above == home || above == filepath.Dir(above) {
			return j // too much to look through, and nobody's repository
		}
		tree, err := source.OpenDir(above, source.Limits{})
		if err != nil {
			return j
		}
		root.Dir = path.Join(filepath.Base(dir), root.Dir)
		wider.tree, dir = tree, above
	}
	return j
}

// withValues puts the values files of the command line over the chart's own. Files outside of the tree, as those of
// another directory are outside Git, are laid into it.
func (c *renderCmd) withValues(where *place, j job) (job, error) {
	outside := make(map[string][]byte)
	for i, file := range c.Values {
		name, err := where.inside(file)
		if err != nil {
			name = fmt.Sprintf(".values/%d/%s", i, filepath.Base(file))
			if outside[name], err = os.ReadFile(file); err != nil {
				return j, fmt.Errorf("--values: %w", err)
			}
		} else if _, err := j.tree.ReadFile(name); err != nil {
			return j, fmt.Errorf("--values %s: %w", name, err)
		}
		j.roots[0].Values = append(j.roots[0].Values, name)
	}
	if len(outside) == 0 {
		return j, nil
	}
	tree, err := source.Edit(j.tree, outside)
	j.tree = tree
	return j, err
}

// shown writes a file of the job's tree as relative to PATH, which is where a widened tree was looked at from.
func (j job) shown(file string) string {
	if j.from == "" || j.from == "." {
		return file
	}
	relative, err := filepath.Rel(filepath.FromSlash(j.from), filepath.FromSlash(file))
	if err != nil {
		return file
	}
	return filepath.ToSlash(relative)
}
