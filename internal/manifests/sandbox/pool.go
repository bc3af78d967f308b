package sandbox

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sync"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// ErrClosed is the error of a Pool that was closed.
var ErrClosed = errors.New("the renderers are closed")

// Pool renders roots in children. It belongs to one review: a child that worked on one root works on the next,
// so that whoever writes one root of a review could, with a hole in Go's memory safety, lie about another one.
type Pool struct {
	config Config
	slots  chan struct{} // one token for each child that may work
	launch *launcher
	warned sync.Once
	open   context.Context // until Close
	cancel context.CancelFunc

	mu     sync.Mutex
	closed bool
	idle   []*process // started, perhaps not ready; the last one worked last
	alive  map[*process]bool
	trees  map[source.Tree]uint64
	last   uint64 // number of a tree
}

// NewPool makes a pool. No child is started before Warm or Render. Close ends it.
func NewPool(config Config) *Pool {
	config = config.withDefaults()
	open, cancel := context.WithCancel(context.Background())
	return &Pool{
		open: open, cancel: cancel,
		config: config,
		slots:  make(chan struct{}, config.Children),
		launch: &launcher{calls: make(chan func())},
		alive:  map[*process]bool{},
		trees:  map[source.Tree]uint64{},
	}
}

// Warm starts up to n children in the background, so that they are ready when there is something to render.
func (p *Pool) Warm(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range n {
		if p.closed || len(p.alive) >= p.config.Children {
			return
		}
		p.idle = append([]*process{p.start()}, p.idle...)
	}
}

// Report says which walls stand around the children. It starts one if there is none.
func (p *Pool) Report(ctx context.Context) (Report, error) {
	if err := p.enter(ctx); err != nil {
		return Report{}, err
	}
	defer p.leave()
	child, err := p.take(ctx, false)
	if err != nil {
		return Report{}, fmt.Errorf("start a renderer: %w", err)
	}
	p.put(child)
	return child.report, nil
}

// Render renders root out of tree in a child and returns what was read for that. It may be called from several
// goroutines; more than Config.Children of them wait for each other.
//
// An error is a *manifests.RenderError where the root is at fault, be it that it ran into a limit or brought the
// child down; the read set is empty in the latter case. When ctx is over the child is killed and the error is that
// of ctx. Any other error means that no child could be started or that the bot is at fault.
func (p *Pool) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	if err := p.enter(ctx); err != nil {
		return nil, nil, fmt.Errorf("render %s: %w", name(root), err)
	}
	defer p.leave()
	j := &job{tree: p.number(tree), root: root, settings: settings}
	r, err := p.attempt(ctx, tree, j, false)
	if err == errUsedUp {
		r, err = p.attempt(ctx, tree, j, true)
	}
	switch {
	case err != nil:
		return nil, nil, err
	case r.refusal != nil:
		return nil, r.reads, r.refusal
	case r.failure != nil:
		return nil, r.reads, fmt.Errorf("render %s: %w", name(root), r.failure)
	}
	r.rendering.Root = root
	return r.rendering, r.reads, nil
}

// errUsedUp says that a child that had worked before ended abnormally. What earlier roots left behind may be the
// reason, so the root gets a child of its own before it is blamed.
var errUsedUp = errors.New("a used renderer ended")

// maxStarts is how often a child is started for a root before the machine is said to be at fault.
const maxStarts = 3

// attempt has one child render a root. With alone it is a new one.
func (p *Pool) attempt(ctx context.Context, tree source.Tree, j *job, alone bool) (*result, error) {
	child, err := p.take(ctx, alone)
	for tries := 1; err != nil && tries < maxStarts && ctx.Err() == nil && !p.isClosed(); tries++ {
		child, err = p.take(ctx, alone) // a neighbour may have had the machine's memory for a moment
	}
	if err != nil {
		return nil, fmt.Errorf("render %s: start a renderer: %w", name(j.root), err)
	}
	fresh := child.fresh
	child.fresh = false
	limits := p.config.Limits
	timed, cancel := context.WithTimeoutCause(ctx, limits.Deadline+limits.grace(), errDeadline)
	defer cancel()
	r, err := child.do(timed, tree, j, limits)
	if err == nil {
		if r.retire || r.cpu > limits.CPU/2 {
			p.discard(child)
		} else {
			p.put(child)
		}
		return r, nil
	}
	p.discard(child)
	switch found := diagnose(timed, child, err, limits); {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("render %s: %w", name(j.root), ctx.Err())
	case p.isClosed():
		return nil, fmt.Errorf("render %s: %w", name(j.root), ErrClosed)
	case !fresh && !found.ownDoing:
		return nil, errUsedUp
	default:
		return nil, refusal(j.root, found.reason)
	}
}

// enter waits until one more child may work.
func (p *Pool) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Pool) leave() { <-p.slots }

// take returns a child that is ready: an idle one, or a new one when there is none or fresh is wanted.
func (p *Pool) take(ctx context.Context, fresh bool) (*process, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, ErrClosed
	}
	var child *process
	if last := len(p.idle) - 1; last >= 0 && !fresh {
		child, p.idle = p.idle[last], p.idle[:last]
	} else {
		child = p.start()
	}
	p.mu.Unlock()
	select {
	case <-child.ready:
	case <-ctx.Done():
		p.put(child)
		return nil, ctx.Err()
	}
	if child.err == nil {
		return child, nil
	}
	p.forget(child)
	if p.isClosed() {
		return nil, ErrClosed
	}
	return nil, child.err
}

// put makes a child idle, or ends it when the pool has been closed in the meantime.
func (p *Pool) put(child *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.idle = append(p.idle, child)
	}
}

// discard ends a child and waits until it is gone.
func (p *Pool) discard(child *process) {
	child.end()
	p.forget(child)
}

func (p *Pool) forget(child *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.alive, child)
}

func (p *Pool) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// start begins to start a child. The caller holds the lock.
func (p *Pool) start() *process {
	child := &process{
		desk: newLibrarian(), fresh: true,
		ready: make(chan struct{}), ended: make(chan struct{}),
	}
	p.alive[child] = true
	p.launch.begin()
	go func() {
		defer close(child.ready)
		if child.err = p.launch.run(func() error { return child.launch(p.config) }); child.err != nil {
			close(child.ended)
			return
		}
		if child.err = child.greet(p.open, p.config.Limits); child.err == nil && !child.report.Complete() {
			p.warned.Do(func() { p.config.OnWarning(child.report.Warning()) })
		}
	}()
	return child
}

// number names a tree for the children, which remember what they learn of it. A tree that cannot be compared with
// others gets a new number each time.
func (p *Pool) number(tree source.Tree) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	keep := reflect.ValueOf(tree).Comparable()
	if keep && p.trees[tree] != 0 {
		return p.trees[tree]
	}
	p.last++
	if keep {
		p.trees[tree] = p.last
	}
	return p.last
}

// Close kills all children and waits until they are gone. What is being rendered fails with ErrClosed.
func (p *Pool) Close() {
	p.mu.Lock()
	first := !p.closed
	p.closed, p.idle = true, nil
	p.cancel()
	var children []*process
	for child := range p.alive {
		children = append(children, child)
	}
	p.mu.Unlock()
	for _, child := range children {
		if <-child.ready; child.cmd != nil && child.cmd.Process != nil {
			child.end()
		}
	}
	if first {
		p.launch.stop()
	}
}

// launcher starts processes from one thread that stays. The kernel ends a child together with the thread that
// started it, and Go ends threads at times.
type launcher struct {
	once  sync.Once
	calls chan func()
}

// begin starts the thread when it is needed for the first time.
func (l *launcher) begin() {
	l.once.Do(func() {
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for call := range l.calls {
				call()
			}
		}()
	})
}

func (l *launcher) run(call func() error) error {
	done := make(chan error, 1)
	l.calls <- func() { done <- call() }
	return <-done
}

// stop ends the thread. Nothing may be run afterwards.
func (l *launcher) stop() { close(l.calls) }
