package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/rules"
	"github.com/landwaiter/landwaiter/internal/source"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo"
)

// actionCmd has no flags: a step's inputs come by the environment, as action.yml passes them.
type actionCmd struct{}

// Help is shown below the flags.
func (actionCmd) Help() string {
	return `Reviews what the event of a GitHub workflow is about, and writes the step's summary, annotations, SARIF and outputs.
action.yml calls it; docs/action.md has its inputs and outputs.`
}

// actionInput is one input of the action: its variable, and what it is for.
type actionInput struct{ Name, Variable, Default, Doc string }

// actionInputs are the inputs, as action.yml and docs/action.md list them.
func actionInputs() []actionInput {
	return []actionInput{
		{"policy", "INPUT_POLICY", policyFile, "The policy file, read from the base commit."},
		{"fail-on", "INPUT_FAIL_ON", "", "The level of new findings that fails the step: error, warning, info or never. Default: the policy's."},
		{"path", "INPUT_PATH", ".", "The part of the repository that is reviewed."},
		{"kube-version", "INPUT_KUBE_VERSION", "", "The Kubernetes version to review for. Default: the policy's."},
		{"base", "INPUT_BASE", "", "The commit or branch to compare with. Default: the event's."},
		{"sarif", "INPUT_SARIF", "landwaiter.sarif", "Where the SARIF file for code scanning goes; none writes none."},
		{"report", "INPUT_REPORT", "landwaiter.json", "Where the report in JSON goes; none writes none."},
		{"comment", "INPUT_COMMENT", "on", "Comments on the lines of the pull request and a check run, on or off. They need pull-requests: write and checks: write."},
		{"artifact", "INPUT_ARTIFACT", "landwaiter", "On workflow_run: the artifact with the report that the other workflow left, to be shown."},
		{"token", "INPUT_TOKEN", "", "The token that comments, and fetches what a shallow checkout lacks; it needs contents: read. Default: the workflow's."},
	}
}

// inputs reads the step's inputs.
func inputs(env func(string) string) map[string]string {
	values := make(map[string]string)
	for _, in := range actionInputs() {
		switch value := strings.TrimSpace(env(in.Variable)); value {
		case "":
			values[in.Name] = in.Default
		case "none":
			values[in.Name] = ""
		default:
			values[in.Name] = value
		}
	}
	return values
}

// Run reviews the event's change and tells the runner.
func (actionCmd) Run(ctx context.Context, sys surroundings) error {
	r, err := readRunner(sys.env)
	if err != nil {
		return usageError(err)
	}
	a := &action{runner: r, sys: sys, in: inputs(sys.env)}
	if a.comments, err = onOff(a.in["comment"]); err != nil {
		return usageError(fmt.Errorf("the input comment: %w", err))
	}
	if r.event == "workflow_run" {
		return a.relay(ctx)
	}
	if a.in["base"] != "" {
		a.base = a.in["base"]
	}
	repo, change, err := a.change(ctx)
	if err != nil {
		return err
	}
	defer repo.Close()
	shown, err := a.review(ctx, repo, change)
	if err != nil {
		return err
	}
	if err := a.tell(shown); err != nil {
		return err
	}
	if err := a.publish(ctx, shown, change); err != nil {
		return err
	}
	if a.fails(shown) {
		return errFindings
	}
	return nil
}

// action is one step.
type action struct {
	runner
	sys      surroundings
	in       map[string]string
	comments bool // are wanted
}

// onOff reads a switch as people write it.
func onOff(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "on", "true", "yes":
		return true, nil
	case "off", "false", "no", "":
		return false, nil
	}
	return false, fmt.Errorf("%.80q is neither on nor off", text)
}

// review reviews the change.
func (a *action) review(ctx context.Context, repo *gitrepo.Repo, change *source.Change) (*report.Report, error) {
	part := filepath.ToSlash(filepath.Clean(a.in["path"]))
	if err := hasPart(change, part); err != nil {
		return nil, usageError(err)
	}
	tree := a.policyTree(ctx, repo, change)
	rulesOf, err := a.policy(tree)
	if err != nil {
		return nil, err
	}
	pool, err := newPool(a.sys)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	engine := newEngine(a.sys, pool)
	asks := newRegistries(a.sys, engine.Cache)
	asks.signIn(a.server, a.in["token"])
	engine.Proving, engine.Fetching, engine.FetchingBases = asks.proving, asks.fetching, asks.fetchingBases
	result, err := engine.Review(ctx, change, rulesOf, review.Options{
		Under: []string{part}, Repository: a.repository, URLs: []string{a.server + "/" + a.repository}, KubeVersion: a.in["kube-version"],
		Named: func(_, file string) ([]byte, error) { return tree.ReadFile(file) },
	})
	if err != nil {
		return nil, configuration(err)
	}
	shown := newReport(result, change.Head, review.Info)
	shown.Rules = append(shown.Rules, rulesOf.Own...)
	own := *rulesOf
	own.Acknowledge = nil // by commands to the App
	shown.Policy, shown.FailOn, shown.As = &own, own.Gate.FailOn, a.name()
	shown.Link = func(file string, line int) string {
		if _, there := change.HeadPath(file); !there {
			return a.linkAt(change.BaseID, file, line)
		}
		return a.link(file, line)
	}
	return shown, nil
}

// hasPart says that neither side of a change has the part that is to be reviewed: nothing would be found there, for ever.
func hasPart(change *source.Change, part string) error {
	_, err := change.Head.Stat(part)
	if err != nil && change.Base != nil {
		_, err = change.Base.Stat(part)
	}
	if err != nil {
		return fmt.Errorf("the input path: %w", err)
	}
	return nil
}

// link is where people see a line of a file at head.
func (a *action) link(file string, line int) string { return a.linkAt(a.head, file, line) }

// linkAt is where people see a line of a file at a commit.
func (a *action) linkAt(commit, file string, line int) string {
	if a.server == "" || a.repository == "" {
		return ""
	}
	segments := strings.Split(file, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return fmt.Sprintf("%s/%s/blob/%s/%s#L%d", a.server, a.repository, commit, strings.Join(segments, "/"), max(line, 1))
}

// change opens the checkout, or where it lacks a commit a mirror of the repository.
func (a *action) change(ctx context.Context) (*gitrepo.Repo, *source.Change, error) {
	repo, err := gitrepo.Open(ctx, a.workspace, gitrepo.Options{Env: a.sys.environ})
	if err == nil {
		change, err := a.between(ctx, repo)
		if err == nil {
			return repo, change, nil
		}
		repo.Close()
		if !errors.Is(err, gitrepo.ErrUnknown) && !errors.Is(err, gitrepo.ErrNoMergeBase) && !errors.Is(err, gitrepo.ErrMissing) || a.base == "" {
			return nil, nil, usageError(err)
		}
		say(a.sys.stderr, "the checkout lacks commits, fetching them: %v", err)
	} else if !errors.Is(err, gitrepo.ErrNoRepository) || a.server == "" {
		return nil, nil, usageError(err)
	}
	fetched, err := a.fetch(ctx)
	if err != nil {
		return nil, nil, err
	}
	change, err := fetched.Change(ctx, fetched.IDs[1], fetched.IDs[0])
	if err != nil {
		fetched.Close()
		return nil, nil, usageError(err)
	}
	return fetched.Repo, change, nil
}

func (a *action) between(ctx context.Context, repo *gitrepo.Repo) (*source.Change, error) {
	if a.base != "" {
		return repo.Change(ctx, a.base, a.head)
	}
	tree, err := repo.Tree(ctx, a.head)
	return &source.Change{Head: tree, HeadID: a.head}, err
}

// fetch brings both commits into a mirror of its own, which leaves the checkout alone.
func (a *action) fetch(ctx context.Context) (*gitrepo.Fetched, error) {
	dir := a.temporary
	if dir == "" {
		dir = os.TempDir()
	}
	mirror, err := gitrepo.OpenMirror(gitrepo.MirrorOptions{Options: gitrepo.Options{Env: a.sys.environ}, Dir: filepath.Join(dir, "landwaiter-mirror")})
	if err != nil {
		return nil, err
	}
	from := gitrepo.Remote{Installation: 1, Repository: 1, URL: fmt.Sprintf("%s/%s.git", a.server, a.repository)}
	if token := a.in["token"]; token != "" {
		from.Token = func(context.Context) (string, error) { return token, nil }
	}
	base := a.base
	if !commitForm.MatchString(base) && !strings.HasPrefix(base, "refs/") {
		base = "refs/heads/" + strings.TrimPrefix(base, "origin/")
	}
	return mirror.Fetch(ctx, from, a.head, base)
}

// policyTree is where the policy is read from: the base commit. With nothing to compare with it is head.
func (a *action) policyTree(ctx context.Context, repo *gitrepo.Repo, change *source.Change) source.Tree {
	if a.base != "" {
		if at, err := repo.Tree(ctx, a.base); err == nil { // the branch as it is now, not as it was when the work began
			return at
		}
	}
	return policyTree(change)
}

func (a *action) policy(tree source.Tree) (*review.Policy, error) {
	name := filepath.ToSlash(filepath.Clean(a.in["policy"]))
	layers, err := policy.RuleLayers(tree, policy.RulesDir)
	if err != nil {
		return nil, usageError(fmt.Errorf("the rules at base: %w", err))
	}
	text, err := tree.ReadFile(name)
	switch {
	case errors.Is(err, source.ErrNotExist) && name == policyFile:
		return policyOf(layers...)
	case err != nil:
		return nil, usageError(fmt.Errorf("the policy at base: %w", err))
	}
	return policyOf(append(layers, policy.Layer{File: name, Text: text})...)
}

func policyOf(layers ...policy.Layer) (*review.Policy, error) {
	p, err := policy.Load(rules.All(), layers...)
	if err != nil {
		return nil, usageError(err)
	}
	return p, nil
}

// fails reports whether the step fails: by the policy's gate, or the level that the step asks for.
func (a *action) fails(shown *report.Report) bool {
	switch level, err := review.ParseLevel(a.in["fail-on"]); {
	case a.in["fail-on"] == "never":
		return false
	case err == nil:
		return shown.Verdict == review.Fails || review.Judge(review.Gate{FailOn: level}, shown.Findings) == review.Fails
	}
	return shown.Verdict == review.Fails
}

// maxSummary is a little less than the 1024 KiB of which a runner drops all when there is more.
const maxSummary = 1000 << 10

// tell writes annotations, the summary, files and outputs.
func (a *action) tell(shown *report.Report) error {
	if err := report.Workflow(a.sys.stdout, shown); err != nil {
		return fmt.Errorf("writing annotations: %w", err)
	}
	var text strings.Builder
	if err := report.MarkdownWithin(&text, shown, maxSummary); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	errs := []error{appendFile(a.summary, text.String()+"\n")}
	for input, write := range map[string]func(*strings.Builder) error{
		"sarif":  func(b *strings.Builder) error { return report.SARIF(b, shown) },
		"report": func(b *strings.Builder) error { return report.JSON(b, shown) },
	} {
		if a.in[input] == "" {
			continue
		}
		var text strings.Builder
		if err := write(&text); err != nil {
			return fmt.Errorf("writing %s: %w", input, err)
		}
		errs = append(errs, a.keep(a.in[input], text.String()))
	}
	return errors.Join(append(errs, a.put(shown, a.in["sarif"], a.in["report"]))...)
}

// keep writes a file into the workspace. What is checked out there are a stranger's files: none of its links leads out.
func (a *action) keep(name, text string) error {
	dir, err := os.OpenRoot(a.workspace)
	if err != nil {
		return err
	}
	defer dir.Close()
	name = filepath.Clean(name)
	err = dir.MkdirAll(filepath.Dir(name), 0o755)
	if err = cmp.Or(err, replace(dir, name, []byte(text), 0)); err != nil {
		return fmt.Errorf("writing %s, which has to be in the workspace: %w", name, err)
	}
	return nil
}

// put writes the step's outputs.
func (a *action) put(shown *report.Report, sarif, file string) error {
	return appendFile(a.output, fmt.Sprintf("verdict=%s\nerrors=%d\nwarnings=%d\ninfos=%d\nsarif=%s\nreport=%s\n",
		shown.Verdict, shown.Summary.New.Error, shown.Summary.New.Warning, shown.Summary.New.Info, report.Line(sarif), report.Line(file)))
}

// appendFile adds to a file of the runner's, "" for none.
func appendFile(name, text string) error {
	if name == "" {
		return nil
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
