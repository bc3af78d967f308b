package gitrepo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/landwaiter/landwaiter/internal/source"
)

const (
	cacheBytes = 16 << 20  // of contents kept, twice: of late and of before
	cacheFile  = 256 << 10 // what is larger is not kept
	skipBytes  = 8 << 20   // what is longer is not read to be thrown away: a new process is cheaper
)

// objects reads blobs through one git cat-file that stays open. Base and head share most of their files, and bases
// are read for many overlays, so what was read is kept for a while.
type objects struct {
	start func() (*batch, error)

	mu           sync.Mutex
	batch        *batch
	closed       bool
	late, before map[string][]byte // two generations: when late is full it becomes before
	size         int
}

func newObjects(start func() (*batch, error)) *objects {
	return &objects{start: start, late: map[string][]byte{}}
}

// read returns the object's bytes, ErrFileSize when it has more than limit, ErrMissing when it is not there.
func (o *objects) read(id string, limit int64) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if data, ok := o.cached(id); ok {
		if int64(len(data)) > limit {
			return nil, tooLarge(int64(len(data)), limit)
		}
		return data, nil
	}
	if o.closed {
		return nil, errors.New("the repository was closed")
	}
	if o.batch == nil {
		var err error
		if o.batch, err = o.start(); err != nil {
			return nil, err
		}
	}
	data, err := o.batch.read(id, limit)
	if o.batch.broken {
		o.batch.stop()
		o.batch = nil
	}
	if err == nil {
		o.keep(id, data)
	}
	return data, err
}

func (o *objects) cached(id string) ([]byte, bool) {
	data, ok := o.late[id]
	if !ok {
		if data, ok = o.before[id]; ok {
			o.keep(id, data)
		}
	}
	return data, ok
}

func (o *objects) keep(id string, data []byte) {
	if len(data) > cacheFile {
		return
	}
	if o.size += len(data) + len(id); o.size > cacheBytes {
		o.late, o.before, o.size = map[string][]byte{}, o.late, len(data)
	}
	o.late[id] = data
}

func (o *objects) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	if o.batch != nil {
		o.batch.stop()
		o.batch = nil
	}
}

// batch is a running git cat-file --batch.
type batch struct {
	in     io.WriteCloser
	out    *bufio.Reader
	stop   func()
	broken bool // it is not known any more what comes next
}

func (r *Repo) startBatch(ctx context.Context) (*batch, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := r.inScratch("cat-file", "--batch")
	cmd := exec.CommandContext(ctx, r.git, c.args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr); err != nil {
		cancel()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("run git: %w", err)
	}
	stop := func() {
		cancel()
		_ = cmd.Wait() // it was ended by us: how does not matter
	}
	return &batch{in: in, out: bufio.NewReaderSize(out, 64<<10), stop: stop}, nil
}

func (b *batch) read(id string, limit int64) ([]byte, error) {
	if _, err := io.WriteString(b.in, id+"\n"); err != nil {
		b.broken = true
		return nil, fmt.Errorf("ask git for %s: %w", id, err)
	}
	return b.answer(id, limit)
}

// answer reads what git says to one ID.
func (b *batch) answer(id string, limit int64) ([]byte, error) {
	b.broken = true // until it was read to its end
	header, err := b.out.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("read object %s from git: %w", id, err)
	}
	fields := strings.Fields(header)
	if len(fields) == 2 && fields[1] == "missing" {
		b.broken = false
		return nil, ErrMissing
	}
	if len(fields) != 3 {
		return nil, fmt.Errorf("read object %s: git said %.100q", id, header)
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || size < 0 {
		return nil, fmt.Errorf("read object %s: git said %.100q", id, header)
	}
	return b.content(size, limit)
}

// content reads what follows the header: size bytes and a line end.
func (b *batch) content(size, limit int64) ([]byte, error) {
	if size > limit {
		if size <= skipBytes {
			_, err := io.CopyN(io.Discard, b.out, size+1)
			b.broken = err != nil
		}
		return nil, tooLarge(size, limit)
	}
	data := make([]byte, size+1)
	if _, err := io.ReadFull(b.out, data); err != nil {
		return nil, fmt.Errorf("read object from git: %w", err)
	}
	b.broken = false
	return data[:size:size], nil
}

func tooLarge(size, limit int64) error {
	return fmt.Errorf("%d bytes: %w (%d)", size, source.ErrFileSize, limit)
}
