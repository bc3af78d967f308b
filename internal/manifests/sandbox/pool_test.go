package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

func testCommand() []string {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return []string{program, "render-child"}
}

func testLimits() Limits {
	if raceDetector {
		return Limits{Memory: -1}
	}
	return Limits{}
}

// newPool makes a pool of the test binary's children. Zero limits are the defaults, as far as they can hold here.
func newPool(t testing.TB, config Config) *Pool {
	t.Helper()
	config.Command = testCommand()
	if config.Limits.Memory == 0 {
		config.Limits.Memory = testLimits().Memory
	}
	pool := NewPool(config)
	t.Cleanup(pool.Close)
	return pool
}

// content is a tree's files by path.
type content map[string]string

// Blob implements source.Blobs.
func (c content) Blob(e source.Entry, limit int64) ([]byte, error) {
	if int64(len(c[e.Path])) > limit {
		return nil, source.ErrFileSize
	}
	return []byte(strings.TrimPrefix(c[e.Path], "-> ")), nil
}

// tree makes a tree of files; what begins with an arrow is a symbolic link.
func tree(files content) source.Tree {
	var entries []source.Entry
	for name, text := range files {
		e := source.Entry{Path: name, Mode: source.Regular, ID: source.ContentID([]byte(text)), Size: int64(len(text))}
		if strings.HasPrefix(text, "-> ") {
			e.Mode = source.Symlink
		}
		entries = append(entries, e)
	}
	made, err := source.New(entries, files, source.Limits{FileSize: 1 << 20})
	if err != nil {
		panic(err)
	}
	return made
}

// counting counts the questions that reach a tree.
type counting struct {
	source.Tree
	questions atomic.Int64
}

func (c *counting) Stat(name string) (source.Info, error) {
	c.questions.Add(1)
	return c.Tree.Stat(name)
}

func (c *counting) ReadFile(name string) ([]byte, error) {
	c.questions.Add(1)
	return c.Tree.ReadFile(name)
}

func (c *counting) ReadDir(name string) ([]source.Info, error) {
	c.questions.Add(1)
	return c.Tree.ReadDir(name)
}

func plain(dir, deed string, files ...string) manifests.Root {
	return manifests.Root{Path: dir, Kind: manifests.Plain, Dir: dir, Release: deed, Files: files}
}

func configMap(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n  namespace: shop\ndata:\n  key: value\n"
}

func mustRender(t testing.TB, pool *Pool, in source.Tree, root manifests.Root) *manifests.Rendering {
	t.Helper()
	if in == nil {
		in = tree(nil)
	}
	root.Kind = manifests.Plain
	r, _, err := pool.Render(context.Background(), in, root, manifests.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantReason(t *testing.T, err error, want string) {
	t.Helper()
	var refused *manifests.RenderError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v (%T), want a RenderError", err, err)
	}
	if !strings.HasPrefix(refused.Reason, want) {
		t.Errorf("got %q, want %q", refused.Reason, want)
	}
	if strings.ContainsAny(refused.Reason, "\n\x1b") {
		t.Errorf("the reason %q is not fit for a terminal", refused.Reason)
	}
}

func TestRenderGivesObjectsOriginsAndReads(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Config{Children: 1})
	in := tree(content{
		"app/a.yaml": configMap("a"), "app/b.yaml": configMap("b"), "app/link.yaml": "-> ../base/c.yaml",
		"base/c.yaml": configMap("c"),
	})
	root := plain("app", "echo", "app/a.yaml", "app/b.yaml", "app/link.yaml", "app/none.yaml")
	for range 2 { // the second time out of what the child remembers
		r, reads, err := pool.Render(context.Background(), in, root, manifests.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Objects) != 3 || r.Root.Path != "app" {
			t.Fatalf("got %d objects of %q", len(r.Objects), r.Root.Path)
		}
		for _, o := range r.Objects {
			if o.Namespace != "shop" || o.Kind != "ConfigMap" || string(o.Raw) != configMap(o.Name) {
				t.Errorf("got %v with %q", o.Identity, o.Raw)
			}
			origin, exists := o.OriginAt("data.key")
			if !exists || len(origin) != 1 || origin[0].Span.Line != 7 || origin[0].Role != manifests.RoleResource {
				t.Errorf("%s: data.key is from %+v", o.Name, origin)
			}
		}
		direct := source.Record(in)
		for _, name := range root.Files {
			_, _ = direct.ReadFile(name)
		}
		if got, want := fmt.Sprint(reads), fmt.Sprint(direct.Reads()); got != want {
			t.Errorf("reads\n%s\nbut in this process\n%s", got, want)
		}
	}
}

func TestErrorsOfTreesSurvive(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Config{Children: 1})
	in := tree(content{
		"lfs":   "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
		"out":   "-> ../../etc/passwd",
		"loop":  "-> loop",
		"large": strings.Repeat("x", 2<<20),
		"dir/f": "x",
	})
	names := map[string]error{
		"lfs": source.ErrLFS, "out": source.ErrEscapes, "loop": source.ErrLoop, "large": source.ErrFileSize,
		"none": source.ErrNotExist, "dir": source.ErrNotFile, "dir/f/g": source.ErrNotExist, "../x": source.ErrPath,
		"/etc/passwd": source.ErrPath, strings.Repeat("a/", 80): source.ErrDepth, strings.Repeat("a", 9000): source.ErrDepth,
	}
	for range 2 {
		for name, want := range names {
			r := mustRender(t, pool, in, plain(".", "echo", name))
			if len(r.Notes) != 1 || r.Notes[0] != name+" is "+want.Error() {
				t.Errorf("%.40s: got %.200q, want %q", name, r.Notes, want)
			}
		}
	}
}

func TestTreeBehavesAsInThisProcess(t *testing.T) {
	t.Parallel()
	in := tree(content{
		"a.b": "1", "a/x.yaml": "2", "a/y/z": "3", "b": "-> a", "c/d": "-> ../a/x.yaml", "c/gone": "-> nowhere",
		"c/up": "-> ../../..", "kustomization.yaml": "4",
	})
	remote, done := connect(t, in)
	defer done()
	names := []string{
		".", "a", "b", "b/x.yaml", "c", "c/d", "c/gone", "c/up", "a.b", "none", "none/x", "a/x.yaml/y", "b/y", "a/./y//z",
		"Kustomization", "kustomization.yaml", "a/kustomization.yml", "../a", "/a", "a/../c/d",
	}
	for range 2 {
		for _, name := range names {
			wantSame(t, "Stat "+name)(remote.Stat(name))(in.Stat(name))
			wantSame(t, "ReadDir "+name)(remote.ReadDir(name))(in.ReadDir(name))
			wantSame(t, "ReadFile "+name)(remote.ReadFile(name))(in.ReadFile(name))
		}
	}
}

func wantSame(t *testing.T, what string) func(any, error) func(any, error) {
	return func(got any, gotErr error) func(any, error) {
		return func(want any, wantErr error) {
			t.Helper()
			if gotErr == nil && wantErr == nil && fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
				t.Errorf("%s: got %+v, want %+v", what, got, want)
			}
			if (gotErr == nil) != (wantErr == nil) {
				t.Fatalf("%s: got error %v, want %v", what, gotErr, wantErr)
			}
			for _, known := range sentinels {
				if errors.Is(gotErr, known) != errors.Is(wantErr, known) {
					t.Errorf("%s: got error %v, want %v", what, gotErr, wantErr)
				}
			}
		}
	}
}

// connect gives the tree that a child would have, with a parent in this process at the other end of its pipes.
func connect(t *testing.T, in source.Tree) (source.Tree, func()) {
	t.Helper()
	var files pipes
	if err := files.open(); err != nil {
		t.Fatal(err)
	}
	c := newClient(files.theirs[0], files.theirs[1])
	go func() {
		desk, requests := newLibrarian(), newClient(files.ours[1], files.ours[0])
		for {
			_, message, err := readFrame(requests.in, maxSmall)
			if err != nil {
				return
			}
			if answer, err := desk.answer(in, 1, message); err == nil {
				_ = writeFrame(files.ours[0], answer)
			}
		}
	}()
	return c.tree(&job{tree: 1}), func() { files.closeTheirs(); files.closeOurs() }
}

func TestLittleIsAskedTwice(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Config{Children: 1})
	files, names := content{}, []string{}
	for i := range 20 {
		name := fmt.Sprintf("app/%d.yaml", i)
		files[name] = configMap(fmt.Sprint("c", i))
		names = append(names, name)
	}
	in := &counting{Tree: tree(files)}
	mustRender(t, pool, in, plain("app", "echo", names...))
	before := in.questions.Load()
	mustRender(t, pool, in, plain("app", "echo", names...))
	if again := in.questions.Load() - before; again != 0 {
		t.Errorf("the second job asked %d questions", again)
	}
	other := &counting{Tree: tree(files)}
	mustRender(t, pool, other, plain("app", "echo", names...))
	if asked := other.questions.Load(); asked > 6 { // the listing and the names that kustomize tries
		t.Errorf("an equal tree was asked %d questions", asked)
	}
}

func TestOrdinaryErrorsKeepTheChild(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Config{Children: 1})
	mustRender(t, pool, nil, plain("x", "echo"))
	first := onlyChild(t, pool)
	_, _, err := pool.Render(context.Background(), tree(nil), plain("x", "refuse"), manifests.Settings{})
	wantReason(t, err, "will not")
	var refused *manifests.RenderError
	errors.As(err, &refused)
	if refused.Span != (source.Span{File: "a/b.yaml", Line: 3}) || !errors.Is(err, source.ErrLFS) {
		t.Errorf("got %+v", refused)
	}
	_, _, err = pool.Render(context.Background(), tree(nil), plain("x", "fail"), manifests.Settings{})
	if errors.As(err, &refused) && refused.Reason != "will not" || !errors.Is(err, source.ErrFileSize) {
		t.Errorf("got %v, want a failure of the bot", err)
	}
	_, _, err = pool.Render(context.Background(), tree(nil), manifests.Root{Path: "x", Kind: "fax"}, manifests.Settings{})
	if err == nil || !strings.Contains(err.Error(), `no renderer for roots of kind "fax"`) {
		t.Errorf("got %v", err)
	}
	mustRender(t, pool, nil, plain("x", "print"))
	mustRender(t, pool, nil, plain("x", "leave-behind"))
	mustRender(t, pool, nil, plain("x", "echo"))
	if onlyChild(t, pool) != first {
		t.Error("the child was replaced")
	}
}

func onlyChild(t *testing.T, pool *Pool) *process {
	t.Helper()
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if len(pool.alive) != 1 || len(pool.idle) != 1 {
		t.Fatalf("%d children, %d idle; want one", len(pool.alive), len(pool.idle))
	}
	return pool.idle[0]
}

func TestCancellationEndsTheChildAtOnce(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Config{Children: 1})
	mustRender(t, pool, nil, plain("x", "echo"))
	child := onlyChild(t, pool)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, _, err := pool.Render(ctx, tree(nil), plain("x", "spin"), manifests.Settings{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-child.ended
	if _, _, err := pool.Render(ctx, tree(nil), plain("x", "echo"), manifests.Settings{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v for a context that is over", err)
	}
	mustRender(t, pool, nil, plain("x", "echo"))
}

func TestCloseEndsEverythingAndLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	pool := NewPool(Config{Command: testCommand(), Children: 3, Limits: testLimits()})
	pool.Warm(2)
	errs := make(chan error)
	go func() {
		_, _, err := pool.Render(context.Background(), tree(nil), plain("x", "spin"), manifests.Settings{})
		errs <- err
	}()
	time.Sleep(100 * time.Millisecond)
	pool.Close()
	pool.Close()
	if err := <-errs; !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	if _, _, err := pool.Render(context.Background(), tree(nil), plain("x", "echo"), manifests.Settings{}); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("goroutines are left:\n%s", buf[:runtime.Stack(buf, true)])
		}
	}
}

func TestChildrenThatDoNotStart(t *testing.T) {
	t.Parallel()
	program := testCommand()[0]
	for _, c := range []struct {
		command []string
		want    string
	}{
		{[]string{path.Join(t.TempDir(), "none")}, "no such file"},
		{[]string{program, "mute-child"}, "exit status 3: cannot start today"},
		{[]string{program, "loose-child"}, "it could not be confined: the wall is brittle"},
	} {
		pool := NewPool(Config{Command: c.command})
		_, _, err := pool.Render(context.Background(), tree(nil), plain("x", "echo"), manifests.Settings{})
		var refused *manifests.RenderError
		if errors.As(err, &refused) || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
		pool.Close()
	}
}

func TestManyRootsAtOnce(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Config{Children: 2})
	pool.Warm(5)
	files := content{}
	for i := range 60 {
		files[fmt.Sprintf("app%d/a.yaml", i)] = configMap(fmt.Sprint("c", i))
	}
	in := tree(files)
	var group sync.WaitGroup
	for i := range 60 {
		group.Go(func() {
			dir := fmt.Sprint("app", i)
			r := mustRender(t, pool, in, plain(dir, "echo", dir+"/a.yaml"))
			if len(r.Objects) != 1 || r.Objects[0].Name != fmt.Sprint("c", i) {
				t.Errorf("%s gave %v", dir, r.Objects)
			}
		})
	}
	group.Wait()
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if len(pool.alive) > 2 {
		t.Errorf("%d children", len(pool.alive))
	}
}

func TestWarning(t *testing.T) {
	t.Parallel()
	if w := (Report{Limits: true, Landlock: 7, Seccomp: true}).Warning(); w != "" {
		t.Errorf("got %q", w)
	}
	w := Report{Limits: true, Missing: "the kernel has no Landlock"}.Warning()
	if !strings.Contains(w, "no Landlock, no seccomp (the kernel has no Landlock)") {
		t.Errorf("got %q", w)
	}
}
