// Command landwaiter reviews what a pull request does to Kubernetes: it renders base and head, judges the
// objects, and answers on the source lines.
package main

//go:generate go test . -run ^TestGenerated$ -update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/landwaiter/landwaiter/internal/report"
)

// The exit codes of the contract.
const (
	exitOK       = 0
	exitInternal = 1
	exitUsage    = 2
	exitFindings = 3
)

// exitError carries an exit code with what is said on stderr; an empty message says nothing more.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError marks an error as wrong usage or configuration.
func usageError(err error) error { return &exitError{exitUsage, err} }

// errFindings ends the program with the code for findings that fail the check; what they are has been said.
var errFindings = &exitError{code: exitFindings}

// surroundings is what a command gets from the operating system. Nothing below cmd reads any of it itself.
type surroundings struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) string
	environ        []string
	colour         bool // stdout is a terminal that wants colours
	progress       bool // stderr is a terminal
	behind         bool // renderers give way to this process, which has people to answer
}

// cli is the command line: one field a verb.
type cli struct {
	Review  reviewCmd  `cmd:"" help:"Review what a change does, or everything with --all."`
	Render  renderCmd  `cmd:"" help:"Print what a kustomization, chart or directory renders to."`
	Roots   rootsCmd   `cmd:"" help:"List what renders, and what of it the change affects."`
	Images  imagesCmd  `cmd:"" help:"List images, what proves them, and whether the policy allows them."`
	Rules   rulesCmd   `cmd:"" help:"List the rules, or explain one."`
	Fix     fixCmd     `cmd:"" help:"Apply the safe fixes to the work tree, showing the difference."`
	Policy  policyCmd  `cmd:"" help:"Write, check or describe the policy file."`
	Serve   serveCmd   `cmd:"" help:"Run the GitHub App."`
	Action  actionCmd  `cmd:"" help:"Run as a step of a GitHub workflow."`
	Bench   benchCmd   `cmd:"" help:"Show where time and memory go."`
	Version versionCmd `cmd:"" help:"Print the version, and what renders."`

	Completion completionCmd `cmd:"" help:"Print a script that completes the command line in a shell."`

	RenderChild renderChildCmd `cmd:"" hidden:""`
}

// ballast is memory that is never touched, so that it costs none. The collector counts it, and lets the heap grow by
// as much again before it works: most runs end before that.
const ballast = 32 << 20

func main() {
	var weight []byte
	if !slices.Contains(os.Args[1:min(len(os.Args), 2)], "render-child") { // which has a limit, and a collector set to it
		weight = make([]byte, ballast)
	}
	defer runtime.KeepAlive(weight)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends at once what does not end by the first
	code := run(ctx, os.Args[1:], surroundings{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: os.Getenv, environ: os.Environ(),
		colour:   isTerminal(os.Stdout) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
		progress: isTerminal(os.Stderr),
	})
	stop()
	os.Exit(code)
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Mode()&os.ModeDevice != 0
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, sys surroundings) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("landwaiter"),
		kong.Description("Reviews what a pull request does to Kubernetes, on the source lines."),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(sys.stdout, sys.stderr), kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(sys),
	)
	if err != nil {
		return explain(sys.stderr, err)
	}
	if len(args) == 0 { // nothing was asked for: what there is is said, and it is no success
		parser.Stdout = sys.stderr
		_, _ = parser.Parse([]string{"--help"})
		return exitUsage
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help has been printed
		return exited
	}
	if err != nil {
		return explain(sys.stderr, usageError(fmt.Errorf("%w (landwaiter --help)", err)))
	}
	return explain(sys.stderr, guarded(parsed.Run))
}

// guarded turns a panic into an error: the exit code of a panic would be that of wrong usage.
func guarded(verb func(...any) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("this is a bug, please report it: %v\n%s", cause, debug.Stack())
		}
	}()
	return verb()
}

// say writes a line on stderr. It may hold names of the repository, which must not look like anything else.
func say(w io.Writer, format string, args ...any) {
	fmt.Fprintln(w, "landwaiter: "+report.Safe(fmt.Sprintf(format, args...)))
}

// explain says what went wrong and returns the exit code for it.
func explain(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	code := exitInternal
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
	}
	if message := strings.TrimSpace(err.Error()); message != "" {
		say(stderr, "%s", message)
	}
	return code
}
