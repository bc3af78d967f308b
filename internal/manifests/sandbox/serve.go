package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Serve is the life of a child: it hears its limits on in, confines the whole process for good, and renders what
// it is asked to until in ends. The renderers have to be ready before: nothing can be opened afterwards. What
// libraries print to standard output goes to standard error from here on, because out belongs to the protocol.
//
// It returns nil when the parent is done, else what broke the conversation.
func Serve(in io.Reader, out io.Writer, renderers map[manifests.RootKind]manifests.Renderer) error {
	if out == io.Writer(os.Stdout) {
		os.Stdout = os.Stderr
	}
	return serve(newClient(in, out), renderers, confineProcess)
}

// confineProcess gives up what a renderer does not need.
func confineProcess(limits Limits) (Report, error) {
	runtime.GOMAXPROCS(min(runtime.NumCPU(), 2)) // a root renders on one; the other one collects garbage
	tuneCollector(limits)
	return Confine(limits)
}

func serve(c *client, renderers map[manifests.RootKind]manifests.Renderer, confine func(Limits) (Report, error)) error {
	kind, setup, err := readFrame(c.in, maxSmall)
	if err != nil {
		return ending(err)
	}
	limits, err := decodeSetup(setup)
	if err != nil || kind != frameSetup {
		return fmt.Errorf("no limits: %w", errors.Join(errProtocol, err))
	}
	report, err := confine(limits)
	if sent := writeFrame(c.out, encodeHello(report, err)); err != nil || sent != nil {
		return errors.Join(err, sent)
	}
	for {
		kind, message, err := readFrame(c.in, maxAnswer)
		if err != nil {
			return ending(err)
		}
		j, err := decodeJob(message)
		if err != nil || kind != frameJob {
			return fmt.Errorf("no job: %w", errors.Join(errProtocol, err))
		}
		if err := c.work(j, limits, renderers[j.root.Kind]); err != nil {
			return err
		}
	}
}

// ending returns nil for the end of the pipe, which is how a parent says that it is done.
func ending(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// work renders one root and sends the result. The error is one of the pipe.
func (c *client) work(j *job, limits Limits, renderer manifests.Renderer) error {
	tree := c.tree(j)
	recorder := source.Record(tree)
	r := &result{}
	rendering, err := render(recorder, j, limits, renderer)
	if broken := tree.done(); broken != nil {
		return broken
	}
	r.retire = errors.Is(err, context.DeadlineExceeded) // something may still be running
	switch {
	case errors.As(err, &r.refusal):
	case r.retire:
		r.refusal = refusal(j.root, tooSlow(limits))
	case err != nil:
		r.failure = err
	default:
		r.rendering = rendering
	}
	r.reads, r.cpu = recorder.Reads(), cpuTime()
	return writeFrame(c.out, encodeResult(r, j.root, limits))
}

func render(tree source.Tree, j *job, limits Limits, renderer manifests.Renderer) (*manifests.Rendering, error) {
	if renderer == nil {
		return nil, fmt.Errorf("no renderer for roots of kind %q", j.root.Kind)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limits.Deadline)
	defer cancel()
	rendering, err := renderer.Render(ctx, tree, j.root, j.settings)
	if err == nil && rendering == nil {
		return nil, errors.New("the renderer gave nothing")
	}
	return rendering, err
}
