package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
)

type rootsCmd struct {
	Path   string `arg:"" optional:"" default:"." help:"The part of the repository to look at."`
	Base   string `help:"Compare with the merge base with this revision." placeholder:"REV"`
	Head   string `help:"Look at this revision instead of the work tree." placeholder:"REV"`
	Output string `short:"o" default:"text" enum:"text,json" help:"text, or json: one root a line."`
	Policy string `help:"Policy file instead of the repository's at base." placeholder:"FILE"`
}

// Help is shown below the flags.
func (rootsCmd) Help() string {
	return `A root is what is rendered and judged together: a kustomization that no other one uses, a chart with a set of
values, a directory of plain YAML.

Examples:
  landwaiter roots
  landwaiter roots --base main -o json`
}

// Run lists the roots.
func (c *rootsCmd) Run(ctx context.Context, sys surroundings) error {
	where, err := open(ctx, sys, c.Path)
	if err != nil {
		return err
	}
	defer where.Close()
	asked := reviewCmd{Path: c.Path, Base: c.Base, Head: c.Head}
	change, err := asked.change(ctx, where)
	if err != nil {
		return err
	}
	policy, err := loadPolicy(policyTree(change), c.Policy)
	if err != nil {
		return err
	}
	pool, err := newPool(sys)
	if err != nil {
		return err
	}
	defer pool.Close()
	listed, notes, err := newEngine(sys, pool).Roots(ctx, change, policy, review.Options{Under: []string{where.under}, URLs: where.urls()})
	if err != nil {
		return configuration(err)
	}
	for _, note := range notes {
		say(sys.stderr, "%s", note)
	}
	return c.print(sys, listed)
}

func (c *rootsCmd) print(sys surroundings, listed []review.ListedRoot) error {
	if c.Output == "json" {
		encoder := json.NewEncoder(sys.stdout)
		for _, root := range listed {
			if err := encoder.Encode(root); err != nil {
				return err
			}
		}
		return nil
	}
	for _, root := range listed {
		mark := " "
		if root.Affected {
			mark = "*"
		}
		fmt.Fprintf(sys.stdout, "%s %-10s %s\n", mark, root.Kind, report.Line(root.Path))
		for i, file := range root.Because {
			if i == 5 {
				fmt.Fprintf(sys.stdout, "      and %d more files\n", len(root.Because)-i)
				break
			}
			fmt.Fprintf(sys.stdout, "      because of %s\n", report.Line(file))
		}
	}
	return nil
}
