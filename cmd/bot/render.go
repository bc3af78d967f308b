package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"unicode"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

type renderCmd struct {
	Path        string   `arg:"" optional:"" default:"." help:"A kustomization, chart or directory of manifests."`
	All         bool     `help:"Every root under PATH."`
	Rev         string   `help:"Render this revision instead of the work tree." placeholder:"REV"`
	Output      string   `short:"o" default:"yaml" enum:"yaml,json" help:"yaml, or json: one object a line."`
	Origins     bool     `help:"With json: the source line of every field."`
	KubeVersion string   `help:"Kubernetes version that charts are rendered for." placeholder:"V"`
	Values      []string `help:"Values file over the chart's own. May be repeated, later ones win." placeholder:"FILE" type:"path"`
	IncludeCRDs bool     `name:"include-crds" help:"With the CRDs in the crds directories of charts."`
	Helm        int      `help:"Helm line: 3 or 4." placeholder:"3|4"`
	ShowSecrets bool     `help:"Show the values of Secrets."`
	Policy      string   `help:"Policy file instead of the repository's." placeholder:"FILE"`
}

// Help is shown below the flags.
func (renderCmd) Help() string {
	return `Examples:
  landwaiter render apps/web/overlays/prod
  landwaiter render charts/web --values charts/web/values-prod.yaml
  landwaiter render --all -o json --origins | jq .origins

A root that does not render is named on stderr with its reason, the others go on; the exit code is then 3.`
}

// Run renders the roots and prints their objects.
func (c *renderCmd) Run(ctx context.Context, sys surroundings) error {
	if c.Origins && c.Output != "json" {
		return usageError(errors.New("--origins goes with -o json"))
	}
	where, err := open(ctx, sys, c.Path)
	if err != nil {
		return err
	}
	defer where.Close()
	change, err := everything(ctx, where, c.Rev)
	if err != nil {
		return err
	}
	policy, err := loadPolicy(change.Head, c.Policy)
	if err != nil {
		return err
	}
	pool, err := newPool(sys)
	if err != nil {
		return err
	}
	defer pool.Close()
	engine := newEngine(sys, pool)
	engine.Cache = nil
	settings, err := engine.Settings(policy, review.Options{KubeVersion: c.KubeVersion, HelmLine: c.Helm})
	if err != nil {
		return usageError(err)
	}
	settings.Lines, settings.IncludeCRDs = c.Origins, c.IncludeCRDs
	todo := job{tree: change.Head, settings: settings}
	if todo.roots, err = c.roots(ctx, engine, change.Head, policy, where); err != nil {
		return err
	}
	if todo, err = c.withValues(where, todo); err != nil {
		return usageError(err)
	}
	if !c.All {
		todo = widen(ctx, pool, where, todo)
	}
	printer := &objectPrinter{cmd: c, out: bufio.NewWriter(sys.stdout), shown: todo.shown}
	renderer, done, err := engine.Rendering(policy, review.Options{})
	if err != nil {
		return configuration(err)
	}
	defer done()
	err = c.renderAll(ctx, renderer, todo, printer, sys.stderr)
	return errors.Join(err, printer.out.Flush())
}

// roots are what PATH names: one root, or with --all every one below it.
func (c *renderCmd) roots(ctx context.Context, engine *review.Engine, tree source.Tree, policy *review.Policy, where *place) ([]manifests.Root, error) {
	if !c.All {
		root, err := manifests.RootAt(tree, cmp.Or(where.file, where.under))
		if err != nil {
			return nil, usageError(err)
		}
		return []manifests.Root{root}, nil
	}
	if len(c.Values) > 0 {
		return nil, usageError(errors.New("--values goes with one chart, not with --all"))
	}
	plan, err := engine.Plan(ctx, &source.Change{Head: tree}, policy, review.Options{Under: []string{where.under}, URLs: where.urls()})
	if err != nil {
		return nil, err
	}
	var roots []manifests.Root
	for _, pair := range plan.Pairs {
		if !pair.Head.Kind.Renders() {
			continue
		}
		roots = append(roots, *pair.Head)
	}
	return roots, nil
}

// job is what one call of render has to do.
type job struct {
	tree     source.Tree
	roots    []manifests.Root
	settings manifests.Settings
	from     string // the directory that PATH is in a tree that was widened; "" in others
}

// outcome is one rendered root.
type outcome struct {
	rendering *manifests.Rendering
	err       error
}

// renderAll renders on all processors and prints in order.
func (c *renderCmd) renderAll(ctx context.Context, renderer review.Renderer, j job, printer *objectPrinter, stderr io.Writer) error {
	outcomes := make([]chan outcome, len(j.roots))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0)*2)
	for i := range outcomes {
		outcomes[i] = make(chan outcome, 1)
	}
	go func() {
		for i, root := range j.roots {
			slots <- struct{}{}
			go func() {
				r, _, err := renderer.Render(ctx, j.tree, root, j.settings)
				outcomes[i] <- outcome{r, err}
			}()
		}
	}()
	var failures error
	for i, root := range j.roots {
		o := <-outcomes[i]
		<-slots
		var failed *manifests.RenderError
		switch {
		case errors.As(o.err, &failed):
			say(stderr, "%s cannot be rendered: %v", root.Path, failed)
			failures = errFindings
		case o.err != nil:
			return o.err
		default:
			if err := printer.print(o.rendering); err != nil {
				return err
			}
			for _, note := range o.rendering.Notes {
				say(stderr, "%s: %s", root.Path, note)
			}
		}
	}
	return failures
}

// objectPrinter prints rendered roots one after the other.
type objectPrinter struct {
	cmd     *renderCmd
	out     *bufio.Writer
	printed bool
	shown   func(file string) string // how a file of the tree is named
	files   map[string][]byte        // names of files as JSON
	buffer  []byte                   // of quoted
}

func (p *objectPrinter) print(r *manifests.Rendering) error {
	if p.cmd.All && p.cmd.Output == "yaml" && len(r.Objects) == 0 {
		fmt.Fprintf(p.out, "# Root: %s\n", onOneLine(r.Root.Path))
	}
	for _, o := range r.Objects {
		var err error
		if p.cmd.Output == "json" {
			err = p.printJSON(r.Root, o)
		} else {
			p.printYAML(r.Root, o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// onOneLine returns a path as it is, or quoted, as Git does, when it holds what would end the line, and go on with
// objects or commands of its own, or what steers a terminal.
func onOneLine(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(path)
	}
	return path
}

func (p *objectPrinter) printYAML(root manifests.Root, o *manifests.Object) {
	if p.printed || p.cmd.All {
		p.out.WriteString("---\n")
	}
	p.printed = true
	if p.cmd.All {
		fmt.Fprintf(p.out, "# Root: %s\n", onOneLine(root.Path))
	}
	text := o.Raw
	if !p.cmd.ShowSecrets {
		text = o.Masked()
	}
	p.out.Write(text)
	if len(text) == 0 || text[len(text)-1] != '\n' {
		p.out.WriteByte('\n')
	}
}

// jsonObject is one line of "render -o json", without its origins.
type jsonObject struct {
	Root   string `json:"root"`
	Object any    `json:"object"`
}

func (p *objectPrinter) printJSON(root manifests.Root, o *manifests.Object) error {
	shown := o
	if !p.cmd.ShowSecrets && o.HoldsSecrets() {
		masked, err := manifests.NewObject(o.Masked())
		if err != nil {
			return err
		}
		shown = masked
	}
	line := jsonObject{Root: root.Path}
	if err := shown.Field().Decode(&line.Object); err != nil {
		return fmt.Errorf("%s of %s: %w", o, root.Path, err)
	}
	text := &bytes.Buffer{}
	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(line); err != nil {
		return err
	}
	if p.cmd.Origins {
		text.Truncate(text.Len() - len("}\n"))
		text.WriteString(`,"origins":{`)
		p.writeOrigins(text, o)
		text.WriteString("}}\n")
	}
	_, err := p.out.Write(text.Bytes())
	return err
}
