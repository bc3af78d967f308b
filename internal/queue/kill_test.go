package queue

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
)

// TestKill kills processes that work with SIGKILL, again and again at random points, while pull requests are pushed to,
// and starts them anew. Whatever was accepted must come to its end: the newest head of each pull request is reviewed,
// in one check run, and no check run is left as if it were in progress.
func TestKill(t *testing.T) {
	conform(t, func(l lab) {
		members := 1
		if strings.HasPrefix(l.url, "postgres") {
			members = 2
		}
		k := &killing{lab: l, checks: checkRuns(l.TempDir()), random: rand.New(rand.NewPCG(1, uint64(members)))}
		for range members {
			k.replicas = append(k.replicas, k.launch())
		}
		const subjects, pushes = 40, 3
		for push := range pushes {
			for subject := range subjects {
				k.deliver(subject+1, fmt.Sprint("head", push))
			}
		}
		newest := fmt.Sprint("head", pushes-1)
		l.until("all are reviewed", func() bool { return k.checks.reviewed(newest) == subjects && k.checks.with("in_progress") == 0 })
		for _, r := range k.replicas {
			r.finish(l)
		}
		// What was killed between its last write and the note that it is done is done once more, to no effect.
		q := l.open()
		if err := q.Start(l.Context(), &reviewer{queue: q, checks: k.checks}); err != nil {
			l.Fatal(err)
		}
		l.idle(q)
		if k.checks.reviewed(newest) != subjects || k.checks.with("in_progress") > 0 {
			l.Error("doing it once more changed what is seen")
		}
		if k.checks.with("failure") > 0 {
			l.Error("a review failed though nothing but its process did")
		}
		for number := 1; number <= subjects; number++ {
			if p := l.progress(q, pull(1, number)); !p.Done || p.Head != newest {
				l.Errorf("pull request %d: %+v", number, p)
			}
		}
		l.Logf("%d kills, %d check runs, of which %d cancelled", k.kills, k.checks.with(""), k.checks.with("cancelled"))
	})
}

// killing sends deliveries to processes and kills these.
type killing struct {
	lab
	checks   checkRuns
	random   *rand.Rand
	replicas []*replica
	kills    int
}

// deliver sends a delivery until a process has answered for it, as GitHub's redelivery does, and kills a process now and
// then: sometimes while it accepts.
func (k *killing) deliver(number int, head string) {
	line := fmt.Sprintf("%d-%s %d %s\n", number, head, number, head)
	for attempt := 0; ; attempt++ {
		i := k.random.IntN(len(k.replicas))
		r := k.replicas[i]
		kill := attempt == 0 && k.random.IntN(12) == 0
		if kill && k.random.IntN(2) == 0 {
			r.kill()
		}
		_, err := io.WriteString(r.in, line)
		if kill {
			time.Sleep(time.Duration(k.random.IntN(3000)) * time.Microsecond)
			r.kill()
		}
		if err == nil && r.answers() {
			time.Sleep(time.Duration(k.random.IntN(8)) * time.Millisecond)
			return
		}
		r.kill()
		_ = r.cmd.Wait()
		k.kills++
		k.replicas[i] = k.launch()
	}
}

// replica is a process of its own that runs child.
type replica struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
	log *strings.Builder
}

func (k *killing) launch() *replica {
	k.Helper()
	r := &replica{cmd: exec.Command(os.Args[0]), log: &strings.Builder{}}
	r.cmd.Env = append(os.Environ(), "LANDWAITER_QUEUE_CHILD="+k.url, "LANDWAITER_QUEUE_CHECKS="+string(k.checks))
	r.cmd.Stderr = r.log
	in, err := r.cmd.StdinPipe()
	if err != nil {
		k.Fatal(err)
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		k.Fatal(err)
	}
	r.in, r.out = in, bufio.NewScanner(out)
	if err := r.cmd.Start(); err != nil {
		k.Fatal(err)
	}
	k.Cleanup(r.kill)
	if !r.answers() {
		_ = r.cmd.Wait()
		k.Fatal("a process did not start:\n", r.log)
	}
	return r
}

// answers says whether the process has done what it was told, or has ended.
func (r *replica) answers() bool { return r.out.Scan() && r.out.Text() == "ok" }

func (r *replica) kill() { _ = r.cmd.Process.Kill() }

// finish lets a process end by itself.
func (r *replica) finish(l lab) {
	_ = r.in.Close()
	if err := r.cmd.Wait(); err != nil {
		l.Errorf("a process ended badly: %v\n%s", err, r.log)
	}
}

// child is the process that is killed: it accepts what it reads and works until it reads no more.
func child() {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	q, err := Open(context.Background(), Config{
		Database: os.Getenv("LANDWAITER_QUEUE_CHILD"), Workers: 4, Attempts: 30, Retry: 5 * time.Millisecond, Logger: log, pace: quick,
	})
	if err == nil {
		err = q.Start(context.Background(), &reviewer{queue: q, checks: checkRuns(os.Getenv("LANDWAITER_QUEUE_CHECKS"))})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ok")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var delivery, head string
		var number int
		if _, err := fmt.Sscan(lines.Text(), &delivery, &number, &head); err != nil {
			panic(err)
		}
		if _, err := q.Accept(context.Background(), delivery, "pull_request", []event.Task{review(number, head)}); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println("ok")
	}
	if err := q.Stop(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	q.Close()
}

// reviewer writes check runs as the real worker does.
type reviewer struct {
	queue  *Queue
	checks checkRuns
}

func (r *reviewer) Work(ctx context.Context, job Job) error {
	for _, status := range []string{"in_progress", "completed"} {
		if err := r.queue.Current(ctx, job); err != nil {
			return err
		}
		if err := r.checks.write(job, status); err != nil {
			return err
		}
		select {
		case <-time.After(time.Duration(rand.IntN(30)) * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (r *reviewer) Failed(_ context.Context, job Job, err error) error {
	if _, missing := os.Stat(filepath.Join(string(r.checks), job.Review)); missing != nil {
		return nil
	}
	if errors.Is(err, ErrSuperseded) {
		return r.checks.write(job, "cancelled")
	}
	return r.checks.write(job, "failure")
}

// checkRuns is GitHub, as a directory: a file for each check run, named by its external id.
type checkRuns string

var written sync.Mutex // one temporary file at a time

func (c checkRuns) write(job Job, status string) error {
	written.Lock()
	defer written.Unlock()
	temporary := filepath.Join(string(c), fmt.Sprintf(".%d", os.Getpid()))
	if err := os.WriteFile(temporary, fmt.Appendf(nil, "%d %s %s", job.Subject.Number, job.Head, status), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, filepath.Join(string(c), job.Review))
}

// each lists the check runs as subject, head and status.
func (c checkRuns) each(see func(number int, head, status string)) {
	names, _ := filepath.Glob(filepath.Join(string(c), "[A-Z0-9]*"))
	for _, name := range names {
		var number int
		var head, status string
		text, err := os.ReadFile(name)
		if err == nil {
			_, err = fmt.Sscan(string(text), &number, &head, &status)
		}
		if err != nil {
			panic(err)
		}
		see(number, head, status)
	}
}

// with counts the check runs of a status, of any when it is empty.
func (c checkRuns) with(status string) (n int) {
	c.each(func(_ int, _, is string) {
		if status == "" || is == status {
			n++
		}
	})
	return n
}

// reviewed counts the pull requests with exactly one check run on head, which is completed.
func (c checkRuns) reviewed(head string) int {
	all, completed := make(map[int]int), make(map[int]int)
	c.each(func(number int, of, status string) {
		if of == head {
			all[number]++
			if status == "completed" {
				completed[number]++
			}
		}
	})
	n := 0
	for number := range all {
		if all[number] == 1 && completed[number] == 1 {
			n++
		}
	}
	return n
}
