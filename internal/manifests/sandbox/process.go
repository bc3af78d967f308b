package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/landwaiter/landwaiter/internal/source"
)

const (
	helloTime = 20 * time.Second // for a child to start and to confine itself
	lastWords = 8 << 10          // bytes of a child's standard error that are kept: its beginning

	// maxLookups is how much a child may ask for one root; a tree has no more files by default.
	maxLookups = 200_000
)

// process is one child. It is made by Pool.start; ready closes when it can be used, or err says why not.
type process struct {
	cmd    *exec.Cmd
	in     *bufio.Reader // what the child says
	out    *os.File      // what the child hears
	stderr *words
	desk   *librarian
	report Report
	err    error
	fresh  bool          // has not worked yet
	ready  chan struct{} // closed when err and report are known
	ended  chan struct{} // closed when the child is gone and cmd.ProcessState is known
}

// words keeps the beginning of a child's standard error. The rest is read and dropped, so that it never waits.
type words struct {
	text []byte
	done chan struct{}
}

func (w *words) drain(r io.ReadCloser) {
	defer close(w.done)
	defer r.Close()
	w.text, _ = io.ReadAll(io.LimitReader(r, lastWords))
	_, _ = io.Copy(io.Discard, r)
}

// launch starts the program. It runs on the pool's own thread, see launcher.
func (p *process) launch(config Config) error {
	var files pipes
	defer files.closeTheirs()
	if err := files.open(); err != nil {
		return err
	}
	p.cmd = exec.Command(config.Command[0], config.Command[1:]...)
	p.cmd.Env, p.cmd.Dir = []string{}, string(os.PathSeparator)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = files.theirs[0], files.theirs[1], files.theirs[2]
	p.cmd.SysProcAttr = attributes()
	if err := p.cmd.Start(); err != nil {
		files.closeOurs()
		return err
	}
	if config.Behind {
		giveWay(p.cmd.Process.Pid)
	}
	p.out = files.ours[0]
	p.in = bufio.NewReaderSize(files.ours[1], 64<<10)
	p.stderr = &words{done: make(chan struct{})}
	go p.stderr.drain(files.ours[2])
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		<-p.stderr.done
		p.out.Close()
		files.ours[1].Close()
		close(p.ended)
	}()
	return nil
}

// pipes are the three pipes of a child: standard input, output and error.
type pipes struct{ ours, theirs [3]*os.File }

func (p *pipes) open() error {
	for i := range p.ours {
		r, w, err := os.Pipe()
		if err != nil {
			p.closeOurs()
			return err
		}
		p.ours[i], p.theirs[i] = r, w
		if i == 0 {
			p.ours[i], p.theirs[i] = w, r
		}
	}
	return nil
}

func (p *pipes) closeOurs()   { closeAll(p.ours) }
func (p *pipes) closeTheirs() { closeAll(p.theirs) }

func closeAll(files [3]*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

// greet tells the child its limits and waits for its hello, as long as ctx is not over.
func (p *process) greet(ctx context.Context, limits Limits) error {
	ctx, cancel := context.WithTimeout(ctx, helloTime)
	defer cancel()
	defer context.AfterFunc(ctx, p.kill)()
	if err := writeFrame(p.out, encodeSetup(limits)); err != nil {
		return p.stillborn(err)
	}
	kind, message, err := readFrame(p.in, maxSmall)
	if err == nil && kind != frameHello {
		err = fmt.Errorf("%w: no hello", errProtocol)
	}
	if err == nil {
		p.report, err = decodeHello(message)
	}
	if own := (*remoteError)(nil); errors.As(err, &own) {
		p.end()
		return fmt.Errorf("it could not be confined: %w", err)
	}
	if err != nil {
		return p.stillborn(err)
	}
	return nil
}

// stillborn ends a child that did not say hello and says what is known of it.
func (p *process) stillborn(err error) error {
	p.end()
	if text := firstLine(p.stderr.text); text != "" {
		return fmt.Errorf("%w (%s: %s)", err, p.cmd.ProcessState, text)
	}
	return fmt.Errorf("%w (%s)", err, p.cmd.ProcessState)
}

// kill ends the child at once. It may be called at any time after launch, more than once.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

// end kills the child and waits until it is gone.
func (p *process) end() {
	p.kill()
	<-p.ended
}

// do has the child render one root. An error is how the conversation ended before its time: ctx is over, the
// child is gone or it does not keep to the protocol. The child must not be used again then.
func (p *process) do(ctx context.Context, tree source.Tree, j *job, limits Limits) (*result, error) {
	stop := context.AfterFunc(ctx, p.kill)
	r, err := p.converse(tree, j, limits)
	if !stop() && err == nil {
		err = context.Cause(ctx) // it was killed just after its last word
	}
	return r, err
}

func (p *process) converse(tree source.Tree, j *job, limits Limits) (*result, error) {
	j.listing = p.desk.preface(tree, j.tree, j.root.Dir)
	if err := writeFrame(p.out, encodeJob(j)); err != nil {
		return nil, err
	}
	for range maxLookups {
		kind, message, err := readFrame(p.in, limits.resultLimit())
		if err != nil {
			return nil, err
		}
		switch kind {
		case frameResult:
			return decodeResult(message, limits)
		case frameLookup:
			answer, err := p.desk.answer(tree, j.tree, message)
			if err != nil {
				return nil, err
			}
			if err := writeFrame(p.out, answer); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("%w: message of kind %d", errProtocol, kind)
		}
	}
	return nil, fmt.Errorf("%w: more than %d questions", errProtocol, maxLookups)
}

// isProtocol reports whether a conversation ended because the child did not keep to the protocol.
func isProtocol(err error) bool { return errors.Is(err, errProtocol) }
