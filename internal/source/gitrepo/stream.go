package gitrepo

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/source"
)

const (
	streamWorth = 16        // entries for which a process of their own pays
	streamMost  = 50_000    // entries that one process is asked for
	streamBytes = 128 << 20 // of contents, about, after which a process is ended and another one begun
)

// Stream implements source.Streamer: many files with one git that does not wait for each question.
func (r *Repo) Stream(entries []source.Entry, limit int64, fn func(i int, data []byte)) {
	if len(entries) < streamWorth {
		return
	}
	for from := 0; from < len(entries); {
		some := entries[from:min(from+streamMost, len(entries))]
		n := r.streamSome(some, limit, func(i int, data []byte) { fn(from+i, data) })
		if n == 0 {
			return // what is wrong is reported when the files are read one by one, if it persists
		}
		from += n
	}
}

// streamSome streams the first ones of entries, and returns how many are done with. Git writes to a file, not to a
// pipe, because it writes each content by itself: two programs that wake one another for each cost twice as much.
func (r *Repo) streamSome(entries []source.Entry, limit int64, fn func(i int, data []byte)) (done int) {
	file, err := os.CreateTemp(r.scratch, "blobs-")
	if err != nil {
		return 0
	}
	defer func() {
		_ = file.Close() // the scratch repository goes as a whole
		_ = os.Remove(file.Name())
	}()
	r.writeBlobs(entries, file)
	if _, err := file.Seek(0, 0); err != nil {
		return 0
	}
	b := &batch{out: bufio.NewReaderSize(file, 64<<10)}
	for i, e := range entries {
		data, err := b.answer(e.ID, limit)
		if err == nil {
			fn(i, data)
		}
		if b.broken && !errors.Is(err, source.ErrFileSize) {
			return i
		}
		if b.broken { // too large to be passed over
			return i + 1
		}
	}
	return len(entries)
}

// writeBlobs has git write the contents of entries to a file, until it is large enough. Whatever goes wrong, the file
// has fewer of them.
func (r *Repo) writeBlobs(entries []source.Entry, file *os.File) {
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	c := r.inScratch("cat-file", "--batch", "--buffer")
	cmd := exec.CommandContext(ctx, r.git, c.args...)
	cmd.Dir, cmd.Env, cmd.Stdout = c.dir, c.env, file
	var ids strings.Builder
	for _, e := range entries {
		ids.WriteString(e.ID)
		ids.WriteByte('\n')
	}
	cmd.Stdin = strings.NewReader(ids.String())
	if cmd.Start() != nil {
		return
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // an end before its time shows in what is missing
	}()
	for {
		select {
		case <-ended:
			return
		case <-time.After(20 * time.Millisecond):
			if info, err := file.Stat(); err != nil || info.Size() > streamBytes {
				cancel()
				<-ended
				return
			}
		}
	}
}
