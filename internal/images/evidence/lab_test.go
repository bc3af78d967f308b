package evidence_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/evidence"
	. "github.com/landwaiter/landwaiter/internal/images/imagestest"
)

// lab is a registry with an image, an authority and keys.
type lab struct {
	*testing.T
	*Registry
	authority *Authority
	key       *Key
	image     images.Reference // by digest
	config    evidence.Config
}

const repository = "acme/web"

var release = Workflow("acme/web", ".github/workflows/release.yaml", "refs/heads/main")

func newLab(t *testing.T, mode Mode) *lab {
	t.Helper()
	l := &lab{T: t, Registry: NewRegistry(t, mode), authority: NewAuthority(t), key: NewKey(t)}
	l.image, _ = l.Image(t, repository, "1.2")
	l.config = evidence.Config{Registry: Client(t, l.Registry), TrustedRoot: l.authority.TrustedRoot(t, Parts{})}
	return l
}

// name is the image's repository, as signatures name it.
func (l *lab) name() string { return l.image.Name() }

// prove asks about one image.
func (l *lab) prove(q images.Question) images.Evidence {
	l.Helper()
	p, err := evidence.New(l.config)
	if err != nil {
		l.Fatal(err)
	}
	answers := p.Prove(l.Context(), []images.Question{q})
	answer, there := answers[q.Reference]
	if !there || len(answers) != 1 {
		l.Fatalf("answers: %v", answers)
	}
	return answer
}

func pattern(t testing.TB, s string) images.Pattern {
	t.Helper()
	p, err := images.ParseNamePattern(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// byIdentity demands a signature by the lab's workflow.
func byIdentity(t testing.TB) *images.SignatureDemand {
	t.Helper()
	return &images.SignatureDemand{Issuer: pattern(t, release.Issuer), Subject: pattern(t, "https://github.com/acme/*/.github/workflows/release.yaml@refs/heads/main")}
}

func (l *lab) byKey() *images.SignatureDemand {
	return &images.SignatureDemand{Keys: []images.Key{l.key.Public("keys/acme.pub")}}
}

// want is what an answer has to be.
type want struct {
	verdict images.Verdict
	reason  string // a part of it
}

func (w want) check(t testing.TB, got images.Evidence) {
	t.Helper()
	if got.Verdict != w.verdict || !strings.Contains(got.Reason, w.reason) || (w.reason == "") != (got.Reason == "") {
		t.Errorf("%s: %q, want %s: …%q…", got.Verdict, got.Reason, w.verdict, w.reason)
	}
}

// ago is a time that certificates and logs of the lab know.
func ago(d time.Duration) time.Time { return time.Now().Add(-d) }

func both(t *testing.T, run func(t *testing.T, mode Mode)) {
	t.Helper()
	for _, mode := range []Mode{API, Fallback} {
		t.Run(string(mode), func(t *testing.T) { t.Parallel(); run(t, mode) })
	}
}

func jsonOf(t testing.TB, content []byte) json.RawMessage {
	t.Helper()
	if content == nil {
		t.Fatal("there is no such manifest")
	}
	return content
}
