package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/aymanbagabas/go-udiff"
	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

type fixCmd struct {
	Path   string   `arg:"" optional:"" default:"." help:"What to fix: a directory or file."`
	Rules  []string `help:"Apply the fixes of these rules only." placeholder:"ID,…"`
	DryRun bool     `help:"Show the difference and change nothing."`
	Policy string   `help:"Policy file instead of the repository's." placeholder:"FILE"`
}

// Help is shown below the flags.
func (fixCmd) Help() string {
	return `Only safe fixes are applied: those whose value follows from the manifest alone. The others are shown by
"landwaiter review" and stay with you.

Examples:
  landwaiter fix --dry-run
  landwaiter fix --rules privilege-escalation apps/web`
}

// maxFixRounds bounds how often fixes that touch the same lines are tried after one another.
const maxFixRounds = 20

// Run applies the fixes and prints what they change.
func (c *fixCmd) Run(ctx context.Context, sys surroundings) error {
	if c.Path == "-" {
		return usageError(errors.New("standard input cannot be fixed in place"))
	}
	where, err := open(ctx, sys, c.Path)
	if err != nil {
		return err
	}
	defer where.Close()
	change, err := everything(ctx, where, "")
	if err != nil {
		return err
	}
	changed, applied, err := c.rounds(ctx, sys, where, change.Head)
	if err != nil {
		return err
	}
	for _, file := range slices.Sorted(maps.Keys(changed)) {
		if err := c.finish(sys, where, change.Head, file, changed[file]); err != nil {
			return err
		}
	}
	verb := "applied"
	if c.DryRun {
		verb = "would apply"
	}
	_, err = fmt.Fprintf(sys.stderr, "%s %s in %s\n", verb, report.Plural(applied, "safe fix"), report.Plural(len(changed), "file"))
	return err
}

// rounds reviews and fixes in memory until no safe fix is left.
func (c *fixCmd) rounds(ctx context.Context, sys surroundings, where *place, head source.Tree) (map[string][]byte, int, error) {
	policy, err := loadPolicy(head, c.Policy)
	if err != nil {
		return nil, 0, err
	}
	pool, err := newPool(sys)
	if err != nil {
		return nil, 0, err
	}
	defer pool.Close()
	engine := newEngine(sys, pool)
	engine.Cache = nil
	changed, applied := make(map[string][]byte), 0
	tree := head
	for range maxFixRounds {
		result, err := engine.Review(ctx, &source.Change{Head: tree}, policy, review.Options{Under: []string{where.under}, File: where.file, Only: c.Rules})
		if err != nil {
			return nil, 0, configuration(err)
		}
		now, n, err := review.ApplyFixes(tree, result.Findings, true)
		if err != nil {
			return nil, 0, err
		}
		if n == 0 {
			break
		}
		applied += n
		maps.Copy(changed, now)
		if tree, err = source.Edit(head, changed); err != nil {
			return nil, 0, err
		}
	}
	return changed, applied, nil
}

// finish shows a file's difference and writes the file.
func (c *fixCmd) finish(sys surroundings, where *place, head source.Tree, file string, text []byte) error {
	before, err := head.ReadFile(file)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(sys.stdout, udiff.Unified("a/"+file, "b/"+file, string(before), string(text))); err != nil || c.DryRun {
		return err
	}
	return where.write(file, text)
}

// write replaces a file of the work tree, keeping its mode. It never follows a link out of the tree.
func (p *place) write(file string, text []byte) error {
	dir := p.root
	if p.repo != nil {
		dir = p.repo.Root()
	}
	if dir == "" {
		return usageError(fmt.Errorf("%s is in no directory that could be written", file))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Stat(filepath.FromSlash(file))
	if err != nil {
		return err
	}
	return root.WriteFile(filepath.FromSlash(file), text, info.Mode().Perm())
}
