package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
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

// Run shows what the fixes change, then applies them.
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
	fixed, err := c.rounds(ctx, sys, where, change.Head)
	if err != nil {
		return err
	}
	for _, file := range fixed.files() {
		before, err := change.Head.ReadFile(file)
		if err != nil {
			return err
		}
		difference := manifests.Unified(onOneLine("a/"+file), onOneLine("b/"+file), string(before), string(fixed.texts[file]))
		difference = report.Concealed(difference, string(before), string(fixed.texts[file]))
		if sys.colour { // a terminal, where text of the repository could pass for something else
			difference = report.Safe(difference)
		}
		if _, err := fmt.Fprint(sys.stdout, difference); err != nil {
			return err
		}
	}
	verb := "would apply"
	if !c.DryRun {
		verb = "applied"
		if err := where.write(change.Head, fixed); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(sys.stderr, "%s %s in %s\n", verb, report.Plural(fixed.count, "safe fix"), report.Plural(len(fixed.texts), "file"))
	return err
}

// fixes are texts of files after fixes.
type fixes struct {
	texts map[string][]byte
	count int
}

func (f fixes) files() []string { return slices.Sorted(maps.Keys(f.texts)) }

// rounds reviews and fixes in memory until no safe fix is left. What a root would no longer render with is left out.
func (c *fixCmd) rounds(ctx context.Context, sys surroundings, where *place, head source.Tree) (fixes, error) {
	policy, err := loadPolicy(head, c.Policy)
	if err != nil {
		return fixes{}, err
	}
	pool, err := newPool(sys)
	if err != nil {
		return fixes{}, err
	}
	defer pool.Close()
	engine := newEngine(sys, pool)
	engine.Cache = nil
	options := review.Options{Under: []string{where.under}, URLs: where.urls(), File: where.file, Only: c.Rules}
	var good fixes
	next := fixes{texts: map[string][]byte{}}
	tree, failing := head, -1
	for range maxFixRounds {
		result, err := engine.Review(ctx, &source.Change{Head: tree}, policy, options)
		if err != nil {
			return fixes{}, configuration(err)
		}
		n := failed(result.Roots)
		if failing >= 0 && n > failing {
			say(sys.stderr, "some fixes are left out: a root would no longer render with them")
			break
		}
		failing = n
		good = fixes{maps.Clone(next.texts), next.count}
		now, count, err := review.ApplyFixes(tree, within(where.file, result.Findings), true)
		if err != nil {
			return fixes{}, err
		}
		if count == 0 {
			break
		}
		next.count += count
		maps.Copy(next.texts, now)
		if tree, err = source.Edit(head, next.texts); err != nil {
			return fixes{}, err
		}
	}
	return good, nil
}

func failed(roots []review.RootResult) (n int) {
	for _, root := range roots {
		if root.Status == review.Failed {
			n++
		}
	}
	return n
}

// within leaves out the fixes that would change another file than the one that was asked for, if one was.
func within(file string, all []review.Finding) []review.Finding {
	if file == "" {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(f review.Finding) bool {
		return f.Fix != nil && slices.ContainsFunc(f.Fix.Edits, func(e review.Edit) bool { return e.File != file })
	})
}

// write replaces files of the work tree, each in one step, so that a failure leaves every file whole. It never follows
// a link out of the tree.
func (p *place) write(head source.Tree, fixed fixes) error {
	dir := cmp.Or(p.root, p.dir)
	if p.repo != nil {
		dir = p.repo.Root()
	}
	if dir == "" {
		return usageError(fmt.Errorf("%s is in no directory that could be written", strings.Join(fixed.files(), ", ")))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, file := range fixed.files() {
		before, err := head.ReadFile(file)
		if err != nil {
			return err
		}
		if err := replaceFile(root, filepath.FromSlash(file), before, fixed.texts[file]); err != nil {
			return fmt.Errorf("fixing %s: %w", file, err)
		}
	}
	return nil
}

// replaceFile puts text into the place of a file that still holds before, with the same mode. A checkout with CRLF of a
// text that Git keeps with LF stays one.
func replaceFile(root *os.Root, name string, before, text []byte) error {
	held, err := root.ReadFile(name)
	if err != nil {
		return err
	}
	switch {
	case bytes.Equal(held, before):
	case bytes.Equal(bytes.ReplaceAll(held, []byte("\r\n"), []byte("\n")), before):
		text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	default:
		return errors.New("it is not on disk what was reviewed; run again")
	}
	info, err := root.Stat(name)
	if err != nil {
		return err
	}
	return replace(root, name, text, info.Mode().Perm())
}
