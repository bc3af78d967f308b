package sandbox

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// misdeeds are roots that take their child down or would never end, with what is said of them.
var misdeeds = []struct {
	deed   string
	limits Limits
	want   string
	short  bool // does not fit the race detector
}{
	{"panic", Limits{}, "x made the renderer crash (exit status 2: panic: at the disco", false},
	{"panic-elsewhere", Limits{}, "x made the renderer crash (exit status 2: panic: elsewhere)", false},
	{"exit", Limits{}, "x made the renderer crash (exit status 7)", false},
	{"allocate", Limits{Memory: 1536 << 20}, "x needs more memory than the limit of 1536 MiB", true},
	{"recurse", Limits{}, "x recurses deeper than the limit of 256 MiB of stack", false},
	{"spin", Limits{CPU: time.Second}, "x needs more processor time than the limit of 1s", false},
	{"spin", Limits{Deadline: 200 * time.Millisecond}, "x takes longer to render than the limit of 200ms", false},
	{"sleep", Limits{Deadline: 200 * time.Millisecond}, "x takes longer to render than the limit of 200ms", false},
	{"wait", Limits{Deadline: 200 * time.Millisecond}, "x takes longer to render than the limit of 200ms", false},
	{"huge", Limits{}, "x renders 40 MiB of YAML, more than the limit of 32 MiB", false},
	{"many", Limits{}, "x renders 20001 objects, more than the limit of 20000", false},
	{"garbage", Limits{}, "x made the renderer answer with nonsense (protocol violation: a message of", false},
	{"endless", Limits{}, "x made the renderer answer with nonsense (protocol violation: a message of", false},
	{"wrong-kind", Limits{}, "x made the renderer answer with nonsense (protocol violation: message of kind 2)", false},
	{"announce", Limits{}, "x made the renderer answer with nonsense (protocol violation: reads: 500000 announced", false},
	{"ask", Limits{}, "x made the renderer answer with nonsense (protocol violation: question: 9 is more than 2)", false},
	{"escape", Limits{}, `x made the renderer answer with nonsense (protocol violation: file "../../etc/passwd")`, false},
}

// TestHostileRootsHarmOnlyThemselves renders each among honest ones, by a child that worked before.
func TestHostileRootsHarmOnlyThemselves(t *testing.T) {
	t.Parallel()
	in := tree(content{"app/a.yaml": configMap("a")})
	for _, m := range misdeeds {
		t.Run(m.deed+m.limits.Deadline.String(), func(t *testing.T) {
			t.Parallel()
			if m.short && raceDetector {
				t.Skip("the race detector takes more address space than a limit allows")
			}
			pool := newPool(t, Config{Children: 2, Limits: m.limits})
			honest := func() {
				if r := mustRender(t, pool, in, plain("app", "echo", "app/a.yaml")); len(r.Objects) != 1 {
					t.Errorf("an honest root gave %d objects", len(r.Objects))
				}
			}
			honest()
			var group sync.WaitGroup
			for range 3 {
				group.Go(honest)
			}
			_, reads, err := pool.Render(context.Background(), in, plain("x", m.deed), manifests.Settings{})
			wantReason(t, err, m.want)
			if len(reads) != 0 {
				t.Errorf("reads %v", reads)
			}
			group.Wait()
			honest()
		})
	}
}

// TestAUsedChildIsNotHeldAgainstARoot has one root leave something behind that ends the child during the next one,
// which is innocent and renders in a new child.
func TestAUsedChildIsNotHeldAgainstARoot(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Config{Children: 1})
	mustRender(t, pool, nil, plain("guilty", "poison"))
	before := onlyChild(t, pool)
	mustRender(t, pool, nil, plain("innocent", "nap"))
	if onlyChild(t, pool) == before {
		t.Error("the poison did not work")
	}
}
