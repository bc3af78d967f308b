package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules"
)

type rulesCmd struct {
	ID     string `arg:"" optional:"" help:"The rule to explain."`
	Output string `short:"o" default:"text" enum:"text,json,markdown" help:"text, json or markdown."`
}

// Help is shown below the flags.
func (rulesCmd) Help() string {
	return `Examples:
  landwaiter rules                 the catalogue, and the rules that the policy here defines
  landwaiter rules host-path       why, a bad and a good example, how to fix it`
}

// Run prints the catalogue, with the rules of the repository around it, or one rule.
func (c *rulesCmd) Run(sys surroundings) error {
	own, err := ownRules(".")
	if err != nil {
		say(sys.stderr, "warning: the rules of the repository's own are left out: %v", err)
	}
	all := append(rules.All(), own...)
	if c.ID != "" {
		for _, r := range all {
			if r.ID == c.ID {
				return c.print(sys, []*review.Rule{r})
			}
		}
		return usageError(fmt.Errorf("there is no rule %q: \"landwaiter rules\" lists them", c.ID))
	}
	return c.print(sys, all)
}

func (c *rulesCmd) print(sys surroundings, list []*review.Rule) error {
	switch {
	case c.Output == "json":
		encoder := json.NewEncoder(sys.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report.Catalogue(list))
	case c.Output == "markdown" && c.ID == "":
		return report.CatalogueMarkdown(sys.stdout, rules.All())
	case c.ID != "":
		_, err := fmt.Fprintln(sys.stdout, strings.TrimSpace(report.RuleMarkdown(list[0])))
		return err
	}
	area := ""
	for _, r := range list {
		if r.Area != area {
			area = r.Area
			fmt.Fprintf(sys.stdout, "%s\n", area)
		}
		level := r.Level.String()
		if r.Off {
			level = "off"
		}
		fmt.Fprintf(sys.stdout, "  %-32s %-8s %s\n", r.ID, level, r.Summary)
	}
	return nil
}
