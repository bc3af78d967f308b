package main

import (
	"context"
	"fmt"
	"os"

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
	File string `arg:"" help:"The policy file."`
}

// Run reports every mistake of a policy file.
func (c *policyCheckCmd) Run(sys surroundings) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return usageError(err)
	}
	if _, err := policy.Load(rules.All(), policy.Layer{File: c.File, Text: text}); err != nil {
		return usageError(err)
	}
	_, err = fmt.Fprintf(sys.stdout, "%s is a valid policy\n", c.File)
	return err
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
