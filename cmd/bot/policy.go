package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/rules"
)

type policyCmd struct {
	Init   policyInitCmd   `cmd:"" help:"Print a commented starter policy made from what the repository uses."`
	Check  policyCheckCmd  `cmd:"" help:"Check a policy file."`
	Schema policySchemaCmd `cmd:"" help:"Print the policy's JSON schema, for editors."`
	Export policyExportCmd `cmd:"" help:"Print what the policy says of images as objects that a cluster enforces."`
}

type policyInitCmd struct {
	Path string `arg:"" optional:"" default:"." help:"The repository."`
}

// Run prints a starter policy.
func (c *policyInitCmd) Run(ctx context.Context, sys surroundings) error {
	where, err := open(ctx, sys, c.Path)
	if err != nil {
		return err
	}
	defer where.Close()
	change, err := everything(ctx, where, "")
	if err != nil {
		return err
	}
	pool, err := newPool(sys)
	if err != nil {
		return err
	}
	defer pool.Close()
	used, err := newEngine(sys, pool).Survey(ctx, change.Head)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(sys.stdout, policy.Starter(used))
	return err
}

type policyCheckCmd struct {
	File string `arg:"" help:"The policy file, or one with rules of the repository's own."`
}

// Run reports every mistake of a policy file and of the repository's own rules beside it, and holds these against their
// examples.
func (c *policyCheckCmd) Run(ctx context.Context, sys surroundings) error {
	layers, err := policyLayers(c.File)
	if err != nil {
		return usageError(err)
	}
	if _, err := policy.Load(rules.All(), layers...); err != nil {
		return usageError(err)
	}
	tried, mistakes := policy.TryExamples(rules.All(), func(kinds []string) ([]*manifests.Object, error) { return definitionsAround(ctx, sys, c.File, kinds) }, layers...)
	if len(mistakes) > 0 {
		return usageError(errors.Join(mistakes...))
	}
	text := c.File + " is a valid policy\n"
	if tried.Rules > 0 {
		text += fmt.Sprintf("%s of its own, %s as they should be\n", report.Plural(tried.Rules, "rule"), report.Plural(tried.Examples, "example"))
	}
	if len(tried.Without) > 0 {
		text += "without examples: " + strings.Join(tried.Without, ", ") + "\n"
	}
	_, err = fmt.Fprint(sys.stdout, text)
	return err
}

// definitionsAround returns the CustomResourceDefinitions of kinds that the repository has in which a policy file lies: the Git
// work tree, or else, of a file in a directory .github, what that stands in. There are none for a file that lies elsewhere.
func definitionsAround(ctx context.Context, sys surroundings, file string, kinds []string) ([]*manifests.Object, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	at, _, inRepository := strings.Cut(filepath.ToSlash(file), "/.github/")
	if !inRepository {
		at = filepath.Dir(file)
	}
	where, err := open(ctx, sys, filepath.FromSlash(at))
	if err != nil {
		return nil, err
	}
	defer where.Close()
	if where.repo == nil && !inRepository {
		return nil, nil
	}
	change, err := everything(ctx, where, "")
	if err != nil {
		return nil, err
	}
	pool, err := newPool(sys)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	return newEngine(sys, pool).Definitions(ctx, change.Head, kinds)
}

// policyLayers reads a policy file, with the files of rules that belong to it: those in landwaiter/rules beside it.
func policyLayers(file string) ([]policy.Layer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	layers, err := ruleLayers(filepath.Join(filepath.Dir(file), "landwaiter", "rules"))
	return append(layers, policy.Layer{File: file, Text: text}), err
}

// ruleLayers reads the files with rules in a directory, which need not be there.
func ruleLayers(dir string) (layers []policy.Layer, err error) {
	for _, extension := range []string{"*.yaml", "*.yml"} {
		files, err := filepath.Glob(filepath.Join(dir, extension))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			layers = append(layers, policy.Layer{File: file, Text: text})
		}
	}
	return layers, nil
}

// ownRules are the rules that the policy of the repository around a directory defines, as it lies on the disk.
func ownRules(dir string) ([]*review.Rule, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for ; ; dir = filepath.Dir(dir) {
		layers, err := policyLayers(filepath.Join(dir, filepath.FromSlash(policyFile)))
		if errors.Is(err, os.ErrNotExist) {
			layers, err = ruleLayers(filepath.Join(dir, filepath.FromSlash(policy.RulesDir)))
		}
		if err != nil {
			return nil, err
		}
		if len(layers) > 0 {
			found, err := policy.Load(rules.All(), layers...)
			if err != nil {
				return nil, err
			}
			return found.Own, nil
		}
		_, err = os.Stat(filepath.Join(dir, ".git"))
		if err == nil || dir == filepath.Dir(dir) {
			return nil, nil
		}
	}
}

type policySchemaCmd struct{}

// Run prints the schema.
func (policySchemaCmd) Run(sys surroundings) error {
	text, err := policy.Schema(rules.All())
	if err != nil {
		return err
	}
	_, err = sys.stdout.Write(text)
	return err
}
