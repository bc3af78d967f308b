package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// The test binary is its own child: TestMain serves when it is told to.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "render-child":
			if err := Serve(os.Stdin, os.Stdout, map[manifests.RootKind]manifests.Renderer{manifests.Plain: deeds{}}); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		case "loose-child":
			brittle := func(Limits) (Report, error) { return Report{}, errors.New("the wall is brittle") }
			if serve(newClient(os.Stdin, os.Stdout), nil, brittle) == nil {
				os.Exit(0)
			}
			time.Sleep(time.Hour) // whatever it says, it is not used
		case "mute-child":
			fmt.Fprintln(os.Stderr, "cannot start today")
			os.Exit(3)
		case "parent":
			beParent()
		}
	}
	os.Exit(m.Run())
}

// deeds is a renderer that does what the root's Release says.
type deeds struct{}

func (deeds) Render(ctx context.Context, tree source.Tree, root manifests.Root, _ manifests.Settings) (*manifests.Rendering, error) {
	deed, argument, _ := strings.Cut(root.Release, " ")
	switch deed {
	case "echo":
		return echo(tree, root)
	case "refuse":
		return nil, fmt.Errorf("wrapped: %w", &manifests.RenderError{
			Reason: "will not", Span: source.Span{File: "a/b.yaml", Line: 3}, Cause: source.ErrLFS,
		})
	case "fail":
		return nil, fmt.Errorf("bot at fault: %w", source.ErrFileSize)
	case "walls":
		return &manifests.Rendering{Notes: tryWalls()}, nil
	case "call":
		return &manifests.Rendering{Notes: []string{call(argument)}}, nil
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return misbehave(deed, tree)
}

// misbehave does what takes a child down, or tries to.
func misbehave(deed string, tree source.Tree) (*manifests.Rendering, error) {
	switch deed {
	case "panic":
		panic("at the disco\x1b[31m")
	case "panic-elsewhere":
		go func() { panic("elsewhere") }()
		select {}
	case "exit":
		os.Exit(7)
	case "allocate":
		var all [][]byte
		for {
			all = append(all, make([]byte, 1<<20))
			for i := 0; i < 1<<20; i += 4096 {
				all[len(all)-1][i] = 1
			}
		}
	case "recurse":
		return &manifests.Rendering{Notes: []string{fmt.Sprint(recurse(1))}}, nil
	case "spin":
		//lint:ignore SA5002 a root that never ends is what the test is about
		for {
		}
	case "sleep":
		time.Sleep(time.Hour)
	case "print":
		fmt.Println("noise on standard output")
		fmt.Fprint(os.Stderr, strings.Repeat("noise on standard error\n", 10_000))
		return &manifests.Rendering{}, nil
	case "poison":
		time.AfterFunc(20*time.Millisecond, func() { panic("poisoned") })
		return &manifests.Rendering{}, nil
	case "nap":
		time.Sleep(300 * time.Millisecond)
		return &manifests.Rendering{}, nil
	case "leave-behind":
		go func() {
			for {
				_, _ = tree.Stat("late")
			}
		}()
		return &manifests.Rendering{}, nil
	case "huge":
		return repeat(strings.Repeat("x", 1<<20), 40)
	case "many":
		return repeat("x", 20_001)
	}
	return speak(deed)
}

// speak breaks the protocol.
func speak(deed string) (*manifests.Rendering, error) {
	var message []byte
	switch deed {
	case "garbage":
		message = []byte("HTTP/1.1 200 OK\r\n\r\n")
	case "endless":
		message = []byte{byte(frameResult), 0xff, 0xff, 0xff, 0xff}
	case "wrong-kind":
		message = []byte{byte(frameHello), 0, 0, 0, 0}
	case "announce":
		e := newFrame(frameResult)
		e.flag(false)
		e.uint(0)
		e.count(maxReads) // and nothing follows
		return nil, tell(e)
	case "ask":
		return nil, tell(encodeLookup(9, "x", false))
	case "escape":
		e := newFrame(frameResult)
		e.flag(false)
		e.uint(0)
		putReads(e, nil)
		e.flag(true)
		e.text("reason")
		e.uint(0)
		e.text("../../etc/passwd")
		return nil, tell(e)
	default:
		return nil, errors.New("no such deed: " + deed)
	}
	_, err := protocolOutput().Write(message)
	time.Sleep(time.Hour)
	return nil, err
}

func tell(e *encoder) error {
	err := writeFrame(protocolOutput(), e)
	time.Sleep(time.Hour)
	return err
}

func protocolOutput() *os.File { return os.NewFile(1, "protocol") }

func recurse(n int) int {
	var room [512]byte
	room[n%512] = byte(n)
	//lint:ignore SA5007 a stack that overflows is what the test is about
	return recurse(n+1) + int(room[n%512])
}

func repeat(raw string, n int) (*manifests.Rendering, error) {
	r := &manifests.Rendering{}
	for range n {
		r.Objects = append(r.Objects, &manifests.Object{Raw: []byte(raw)})
	}
	return r, nil
}

// echo gives one object for each file of the root, whose origins are in that file.
func echo(tree source.Tree, root manifests.Root) (*manifests.Rendering, error) {
	r := &manifests.Rendering{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, name := range root.Files {
		group.Go(func() {
			o, note := echoFile(tree, name)
			mu.Lock()
			defer mu.Unlock()
			if o != nil {
				r.Objects = append(r.Objects, o)
			}
			if note != "" {
				r.Notes = append(r.Notes, note)
			}
		})
	}
	group.Wait()
	return r, nil
}

func echoFile(tree source.Tree, name string) (*manifests.Object, string) {
	data, err := tree.ReadFile(name)
	if err != nil {
		for _, known := range sentinels {
			if errors.Is(err, known) {
				return nil, name + " is " + known.Error()
			}
		}
		return nil, name + " gives an unknown error"
	}
	o, err := manifests.NewObject(data)
	if err != nil {
		return nil, err.Error()
	}
	o.Walk(func(f manifests.Field) {
		span := source.Span{File: name, Line: f.Node().Line, EndLine: f.Node().Line, Column: f.Node().Column}
		o.Origins = append(o.Origins, manifests.Origin{{Span: span, Role: manifests.RoleResource, Precision: manifests.Exact}})
	})
	return o, ""
}
