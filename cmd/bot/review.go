package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules"
	"github.com/landwaiter/landwaiter/internal/source"
)

type reviewCmd struct {
	Path        string   `arg:"" optional:"" default:"." help:"What to review: a directory or file, or - for standard input."`
	Base        string   `help:"Review what lies between the merge base with this revision and the head. Default: the remote's default branch, else main." placeholder:"REV"`
	Head        string   `help:"Review this revision instead of the work tree." placeholder:"REV"`
	All         bool     `help:"Review everything; every finding is new."`
	Policy      string   `help:"Policy file instead of the repository's at base." placeholder:"FILE"`
	Rules       []string `help:"Run only these rules." placeholder:"ID,…"`
	Skip        []string `help:"Leave these rules out." placeholder:"ID,…"`
	Level       string   `default:"info" enum:"error,warning,info" help:"Show this level and worse: error, warning or info."`
	Output      []string `short:"o" default:"text" help:"text, json, sarif, markdown or github, to standard output or with =FILE to a file. May be repeated." placeholder:"FORMAT[=FILE]"`
	KubeVersion string   `help:"Kubernetes version to review for." placeholder:"1.34"`
	Helm        int      `help:"Helm line to render charts with: 3 or 4." placeholder:"3|4"`
	Offline     bool     `help:"Use no network at all."`
}

// Help is shown below the flags.
func (reviewCmd) Help() string {
	return `Examples:
  landwaiter review                              the work tree against the default branch
  landwaiter review --base main --head feature   a branch
  landwaiter review --all clusters/prod          everything there, as if it were new
  helm template web charts/web | landwaiter review -
  landwaiter review -o text -o sarif=out.sarif   for people and for code scanning

Exit codes: 0 passed, 1 a failure of landwaiter, 2 wrong usage or configuration, 3 findings that fail the check.`
}

// Run reviews and writes every output that was asked for.
func (c *reviewCmd) Run(ctx context.Context, sys surroundings) error {
	outputs, err := parseOutputs(c.Output)
	if err != nil {
		return usageError(err)
	}
	where, err := open(ctx, sys, c.Path)
	if err != nil {
		return err
	}
	defer where.Close()
	change, err := c.change(ctx, where)
	if err != nil {
		return err
	}
	if c.All && c.Base != "" {
		say(sys.stderr, "--all reviews everything as if it were new: --base means nothing with it")
	}
	policy, err := loadPolicy(policyTree(change), c.Policy)
	if err != nil {
		return err
	}
	if c.All && where.file != "" {
		if err := c.alone(where, change); err != nil {
			return err
		}
	}
	pool, err := newPool(sys)
	if err != nil {
		return err
	}
	defer pool.Close()
	engine := newEngine(sys, pool)
	engine.Proving = newRegistries(sys, engine.Cache).proving
	result, err := engine.Review(ctx, change, policy, review.Options{
		Under: []string{where.under}, URLs: where.urls(), File: where.file, Repository: where.name(), Only: c.Rules, Skip: c.Skip, KubeVersion: c.KubeVersion, HelmLine: c.Helm,
		Offline: c.Offline, Named: namedFiles(where, c.Policy, policyTree(change)),
	})
	if err != nil {
		return configuration(err)
	}
	if change.Base == nil && result.Total+result.Modules == 0 {
		say(sys.stderr, "%s holds no Kubernetes objects, no kustomization, no chart and no Terraform: nothing was reviewed", c.Path)
	}
	level, _ := review.ParseLevel(c.Level)
	shown := newReport(result, change.Head, level)
	shown.FailOn, shown.Policy = policy.Gate.FailOn, policy
	shown.Rules = append(shown.Rules, policy.Own...)
	if err := c.write(sys, outputs, shown); err != nil {
		return err
	}
	if result.Verdict == review.Fails {
		return errFindings
	}
	return nil
}

// change makes the change that is reviewed.
func (c *reviewCmd) change(ctx context.Context, where *place) (*source.Change, error) {
	if where.repo == nil {
		if c.Base != "" || c.Head != "" {
			return nil, usageError(fmt.Errorf("%s is in no Git work tree, so --base and --head mean nothing there", c.Path))
		}
		return &source.Change{Head: where.tree}, nil
	}
	if c.All {
		return everything(ctx, where, c.Head)
	}
	base := c.Base
	if base == "" {
		var err error
		if base, err = where.repo.DefaultBase(ctx); err != nil {
			return nil, usageError(err)
		}
	}
	change, err := where.repo.Change(ctx, base, c.Head)
	if err != nil {
		return nil, usageError(err)
	}
	return change, nil
}

// alone takes the file that PATH names out of everything else, to be reviewed as the plain manifest that it is, even one
// that Git ignores. One that stands for its directory, as a kustomization does, stays among the others.
func (c *reviewCmd) alone(where *place, change *source.Change) error {
	text, err := change.Head.ReadFile(where.file)
	if errors.Is(err, source.ErrNotExist) && c.Head == "" {
		text, err = os.ReadFile(c.Path)
	}
	if err != nil {
		return usageError(err)
	}
	tree, err := source.Memory(map[string][]byte{where.file: text}, source.Limits{})
	if err != nil {
		return usageError(err)
	}
	if root, err := manifests.RootAt(tree, where.file); err != nil || root.Kind != manifests.Plain {
		return err
	}
	change.Head, where.file = tree, ""
	return nil
}

// everything is the change to nothing from all that is there, at a revision or in the work tree.
func everything(ctx context.Context, where *place, rev string) (*source.Change, error) {
	if where.repo == nil {
		return &source.Change{Head: where.tree}, nil
	}
	var tree source.Tree
	var err error
	if rev == "" {
		tree, err = where.repo.WorkTree(ctx)
	} else {
		tree, err = where.repo.Tree(ctx, rev)
	}
	if err != nil {
		return nil, usageError(err)
	}
	return &source.Change{Head: tree, HeadID: rev}, nil
}

// policyTree is where the policy is read from: base, or all there is when nothing is compared.
func policyTree(change *source.Change) source.Tree {
	if change.Base != nil {
		return change.Base
	}
	return change.Head
}

func newReport(result *review.Result, head source.Tree, level review.Level) *report.Report {
	return &report.Report{Result: result, Rules: rules.All(), Level: level, Version: version(), Renderers: rendererVersions(), Now: time.Now(), Source: func(file string) []byte {
		text, _ := head.ReadFile(file)
		return text
	}}
}

// configuration gives wrong configuration its exit code.
func configuration(err error) error {
	var wrong *review.ConfigError
	if errors.As(err, &wrong) {
		return usageError(err)
	}
	return err
}

// output is one -o.
type output struct {
	format string
	file   string // "" for standard output
}

var formats = map[string]func(io.Writer, *report.Report) error{
	"json": report.JSON, "sarif": report.SARIF, "markdown": report.Markdown, "github": report.Workflow,
}

func parseOutputs(values []string) ([]output, error) {
	var outputs []output
	stdout := 0
	for _, value := range values {
		format, file, named := strings.Cut(value, "=")
		if _, known := formats[format]; !known && format != "text" {
			return nil, fmt.Errorf("-o %s: the formats are text, json, sarif, markdown and github", value)
		}
		if named && file == "" {
			return nil, fmt.Errorf("-o %s: after = comes the file to write", value)
		}
		if file == "" {
			stdout++
		}
		outputs = append(outputs, output{format, file})
	}
	if stdout > 1 {
		return nil, fmt.Errorf("only one -o can go to standard output, give the others a file: -o sarif=out.sarif")
	}
	return outputs, nil
}

// write writes every output; a file is written whole or not at all.
func (c *reviewCmd) write(sys surroundings, outputs []output, r *report.Report) error {
	for _, out := range outputs {
		if out.file == "" {
			if err := writeFormat(sys.stdout, out.format, r, sys.colour); err != nil {
				return fmt.Errorf("writing %s: %w", out.format, err)
			}
			continue
		}
		var text strings.Builder
		if err := writeFormat(&text, out.format, r, false); err != nil {
			return fmt.Errorf("writing %s: %w", out.format, err)
		}
		if err := writeFile(out.file, text.String()); err != nil {
			return fmt.Errorf("writing %s: %w", out.file, err)
		}
	}
	return nil
}

func writeFormat(w io.Writer, format string, r *report.Report, colour bool) error {
	if format == "text" {
		return report.Text(w, r, colour)
	}
	return formats[format](w, r)
}
