package sandbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// TestChildEndsWithItsInput feeds a child in this process, unconfined, with what a broken parent might send.
func TestChildEndsWithItsInput(t *testing.T) {
	t.Parallel()
	frames := func(encoders ...*encoder) []byte {
		var b bytes.Buffer
		for _, e := range encoders {
			_ = writeFrame(&b, e)
		}
		return b.Bytes()
	}
	setup := encodeSetup(Limits{}.withDefaults())
	older := newFrame(frameSetup)
	older.uint(protocolVersion + 1)
	for _, c := range []struct {
		name  string
		input []byte
		want  string // "" for a good end
		hello bool
	}{
		{"nothing", nil, "", false},
		{"limits alone", frames(setup), "", true},
		{"half a message", frames(setup)[:7], "unexpected EOF", false},
		{"no limits", frames(encodeJob(&job{})), "no limits", false},
		{"another version", frames(older), fmt.Sprintf("version %d of the protocol instead of %d", protocolVersion+1, protocolVersion), false},
		{"limits twice", frames(setup, setup), "no job", true},
		{"a job, and the parent is gone", frames(setup, encodeJob(&job{root: plain("a", "echo", "a/b")})), "the pipe to the parent: EOF", true},
	} {
		var output bytes.Buffer
		renderers := map[manifests.RootKind]manifests.Renderer{manifests.Plain: deeds{}}
		err := serve(newClient(bytes.NewReader(c.input), &output), renderers, func(Limits) (Report, error) { return Report{}, nil })
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		kind, _, err := readFrame(bufio.NewReader(&output), maxSmall)
		if said := err == nil && kind == frameHello; said != c.hello {
			t.Errorf("%s: said hello: %t (%v)", c.name, said, err)
		}
	}
}

// TestChildNoticesThatNobodyListens breaks a child's output.
func TestChildNoticesThatNobodyListens(t *testing.T) {
	t.Parallel()
	input := bytes.NewReader(encodeSetupFrame())
	r, w := io.Pipe()
	r.CloseWithError(errors.New("nobody listens"))
	err := serve(newClient(input, w), nil, func(Limits) (Report, error) { return Report{}, nil })
	if err == nil || !strings.Contains(err.Error(), "nobody listens") {
		t.Errorf("got %v", err)
	}
}

func encodeSetupFrame() []byte {
	var b bytes.Buffer
	_ = writeFrame(&b, encodeSetup(Limits{}))
	return b.Bytes()
}
