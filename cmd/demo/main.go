// Command demo shows the main job: it starts the App with its embedded defaults beside a GitHub for tests on the
// loopback interface, opens the example's pull request, prints what a reviewer would see, and pushes a correction.
//
//	go run ./cmd/demo bin/landwaiter
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := demo(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

const (
	repositoryName = "harbourside/infrastructure"
	author         = "mara"
	patience       = 2 * time.Minute // for one review, on a machine that is busy
)

func demo(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: demo PROGRAM")
	}
	before, after, err := exampleTrees(ctx)
	if err != nil {
		return err
	}
	hub := githubtest.Start(githubtest.Options{})
	defer hub.Close()
	repository := hub.Create(repositoryName, before)
	repository.Grant("write", author)
	app := hub.CreateApp(githubtest.AppOptions{
		Slug:        "landwaiter",
		Permissions: map[string]string{"checks": "write", "pull_requests": "write", "contents": "write", "merge_queues": "read"},
		Events:      []string{"pull_request", "merge_group", "check_run", "check_suite", "issue_comment", "push"},
	})
	app.Install(repository)
	address, end, err := serve(ctx, args[0], hub, app)
	if err != nil {
		return err
	}
	defer end()
	app.SetWebhook(address + "/webhook")

	fmt.Printf("$ landwaiter serve          (beside a GitHub for tests at %s)\n\n", hub.URL())
	pull := repository.Open(githubtest.Proposal{Author: author, Branch: "debug-uploads", Title: "Debug the uploads", Files: changes(before, after)})
	if err := show(pull, "failure"); err != nil {
		return err
	}
	fmt.Print("\n$ git push                  (the correction)\n\n")
	pull.Push(author, corrected(before, after))
	if err := show(pull, "success"); err != nil {
		return err
	}
	if wrong := hub.Violations(); len(wrong) > 0 {
		return fmt.Errorf("GitHub would not have taken this: %s", strings.Join(wrong, "; "))
	}
	return nil
}

// show waits for the review of a pull request's head and prints what a reviewer sees.
func show(pull *githubtest.PullRequest, want string) error {
	began := time.Now()
	run, ok := pull.Repo.Completed(pull.Head(), "landwaiter", patience)
	if !ok {
		return fmt.Errorf("no review of %s within %s", pull.Head(), patience)
	}
	took := time.Since(began)
	time.Sleep(time.Second) // comments follow the check run
	fmt.Println(firstRead(pull.Conversation()))
	fmt.Printf("(the check was complete %.1f seconds after the push)\n", took.Seconds())
	if run.Conclusion != want {
		return fmt.Errorf("the check ended as %s, it ought to be %s", run.Conclusion, want)
	}
	return nil
}

// firstRead leaves out of a conversation what a reviewer unfolds later: the lower part of the check run, but for its buttons.
func firstRead(conversation string) string {
	var out []string
	left := 0
	for line := range strings.SplitSeq(conversation, "\n") {
		switch {
		case strings.HasPrefix(line, "    ### What merging does"), left > 0 && (line == "" || strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "    [")):
			left++
		case left > 0:
			out = append(out, fmt.Sprintf("    … %d more lines: what merging does, images, the rendered difference, annotations", left), "", line)
			left = 0
		default:
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// serve starts the App and returns where it listens, and what ends it.
func serve(ctx context.Context, program string, hub *githubtest.GitHub, app *githubtest.App) (address string, end func(), err error) {
	data, err := os.MkdirTemp("", "landwaiter-demo-")
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, program, "serve")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Env = append(os.Environ(),
		"LANDWAITER_LISTEN=127.0.0.1:0", "LANDWAITER_LOG_FORMAT=json", "LANDWAITER_DATA="+data, "LANDWAITER_GITHUB_URL="+hub.URL(),
		"LANDWAITER_APP_ID="+strconv.FormatInt(app.ID, 10), "LANDWAITER_PRIVATE_KEY="+app.PEM, "LANDWAITER_WEBHOOK_SECRETS="+app.Secret)
	log, err := cmd.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(data))
	}
	end = func() {
		cmd.Process.Signal(syscall.SIGTERM) // when it has ended by itself there is nobody to tell
		cmd.Wait()
		os.RemoveAll(data)
	}
	address, said := listening(bufio.NewScanner(log))
	if address == "" {
		end()
		return "", nil, fmt.Errorf("the App did not start:\n%s", said)
	}
	return address, end, ready(ctx, address)
}

// listening reads the log until it says where the App listens, and prints what goes wrong after that.
func listening(log *bufio.Scanner) (address, said string) {
	var lines []string
	for log.Scan() {
		lines = append(lines, log.Text())
		if _, rest, ok := strings.Cut(log.Text(), `"address":"`); ok {
			host, _, _ := strings.Cut(rest, `"`)
			go func() {
				for log.Scan() {
					if strings.Contains(log.Text(), `"level":"ERROR"`) {
						fmt.Fprintln(os.Stderr, log.Text())
					}
				}
			}()
			return "http://" + host, ""
		}
	}
	return "", strings.Join(lines, "\n")
}

// ready waits until the App says that it can work.
func ready(ctx context.Context, address string) error {
	for range 100 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the App is not ready after ten seconds")
}

// exampleTrees are the example repository, and the same with the pull request's patch.
func exampleTrees(ctx context.Context) (before, after githubtest.Files, err error) {
	if before, err = read("examples/repository"); err != nil {
		return nil, nil, fmt.Errorf("%w (run it from the project's root)", err)
	}
	dir, err := os.MkdirTemp("", "landwaiter-demo-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS("examples/repository")); err != nil {
		return nil, nil, err
	}
	patch, err := os.ReadFile("examples/pull-request.patch")
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, "git", "apply", "--whitespace=nowarn", "-")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(patch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("git apply: %w\n%s", err, out)
	}
	after, err = read(dir)
	return before, after, err
}

func read(dir string) (githubtest.Files, error) {
	files := githubtest.Files{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		relative, relErr := filepath.Rel(dir, name)
		files[filepath.ToSlash(relative)] = string(text)
		return errors.Join(err, relErr)
	})
	return files, err
}

// changes are what makes after out of before.
func changes(before, after githubtest.Files) githubtest.Files {
	files := githubtest.Files{}
	for name, text := range after {
		if before[name] != text {
			files[name] = text
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			files[name] = githubtest.Deleted
		}
	}
	return files
}

// corrected takes back what the review found, and leaves a change that is fine: a release candidate by its name.
func corrected(before, after githubtest.Files) githubtest.Files {
	files := changes(after, before)
	const staging = "apps/web/overlays/staging/kustomization.yaml"
	files[staging] = strings.Replace(after[staging], "newTag: latest", "newTag: 3.5.0-rc.2", 1)
	return files
}
