package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
)

const testSecret = "It's a Secret to Everybody"

// fakeIntake remembers deliveries, and does what a test wants.
type fakeIntake struct {
	mu     sync.Mutex
	known  map[string]bool
	events []string
	tasks  []event.Task
	// fail, when set, is what both methods return.
	tasksErr, acceptErr error
	panics              bool
	slow                time.Duration
}

func (f *fakeIntake) Tasks(_ context.Context, eventName string, payload []byte) ([]event.Task, error) {
	if f.panics {
		panic("a bug in the intake")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, eventName+" "+string(payload))
	return f.tasks, f.tasksErr
}

func (f *fakeIntake) Accept(ctx context.Context, delivery, _ string, _ []event.Task) (bool, error) {
	select {
	case <-time.After(f.slow):
	case <-ctx.Done():
		return false, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.acceptErr != nil {
		return false, f.acceptErr
	}
	isNew := !f.known[delivery]
	f.known[delivery] = true
	return isNew, nil
}

func (f *fakeIntake) seen() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.events)
}

// fakeRegistrar is GitHub and the store of the App.
type fakeRegistrar struct {
	mu          sync.Mutex
	app         App
	codes       []string
	stored      []App
	exchangeErr error
	storeErr    error
}

func (f *fakeRegistrar) NewApp(organisation string) string {
	if organisation == "" {
		return "https://github.example.com/settings/apps/new"
	}
	return "https://github.example.com/organizations/" + organisation + "/settings/apps/new"
}

func (f *fakeRegistrar) Exchange(_ context.Context, code string) (App, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.codes = append(f.codes, code)
	return f.app, f.exchangeErr
}

func (f *fakeRegistrar) Store(_ context.Context, app App) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.storeErr == nil {
		f.stored = append(f.stored, app)
	}
	return f.storeErr
}

// door is a server under test with what is around it.
type door struct {
	*Server
	intake    *fakeIntake
	registrar *fakeRegistrar
	log       *logBuffer
	http      *httptest.Server
}

// logBuffer is a log that several goroutines may write.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// newDoor returns a server with an App, changed as the test wants.
func newDoor(t testing.TB, change func(*Options)) *door {
	t.Helper()
	d := &door{intake: &fakeIntake{known: map[string]bool{}}, registrar: &fakeRegistrar{}, log: &logBuffer{}}
	s, err := LoadSettings(File{}, func(string) string { return "" }, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Listen = "127.0.0.1:0"
	s.Log = LogSettings{slog.LevelDebug, "json"}
	s.GitHub.AppID, s.GitHub.WebhookSecrets = 1, []Secret{"an older one", testSecret}
	o := Options{Settings: s, Intake: d.intake, Registrar: d.registrar, Metrics: NewMetrics("test"), Log: NewLog(d.log, s)}
	if change != nil {
		change(&o)
	}
	if d.Server, err = New(o); err != nil {
		t.Fatal(err)
	}
	d.http = httptest.NewServer(d.Handler())
	t.Cleanup(d.http.Close)
	return d
}

func noApp(o *Options) { o.Settings.GitHub.AppID, o.Settings.GitHub.WebhookSecrets = 0, nil }

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// post sends a delivery that is right, after change has made it wrong.
func (d *door) post(t testing.TB, body string, change func(*http.Request)) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.http.URL+"/webhook", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "X-GitHub-Event": "pull_request",
		"X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958", "X-Hub-Signature-256": sign(testSecret, body)} {
		r.Header.Set(name, value)
	}
	if change != nil {
		change(r)
	}
	return d.do(t, r)
}

func (d *door) do(t testing.TB, r *http.Request) (status int, text string) {
	t.Helper()
	answer, err := d.http.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(data)
}

func (d *door) get(t testing.TB, path string, headers ...string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.http.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return d.do(t, r)
}

func TestNew(t *testing.T) {
	t.Parallel()
	o := Options{Log: slog.New(slog.DiscardHandler)}
	o.Settings.GitHub.AppID = 1
	if _, err := New(o); !errors.Is(err, ErrNoSecret) {
		t.Errorf("an App without a secret: %v", err)
	}
	o.Settings.GitHub.AppID, o.App = 0, &App{ID: 1}
	if _, err := New(o); !errors.Is(err, ErrNoSecret) {
		t.Errorf("a stored App without a secret: %v", err)
	}
	o.Settings.GitHub.WebhookSecrets = []Secret{"new"}
	if s, err := New(o); err != nil || !s.configured() {
		t.Errorf("a stored App whose secret is in the settings: %v", err)
	}
}

// A stored App works with its own secret and with those of the settings.
func TestStoredApp(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(o *Options) {
		noApp(o)
		o.App = &App{ID: 1, WebhookSecret: testSecret}
		o.Settings.GitHub.WebhookSecrets = []Secret{"rotated"}
	})
	for i, secret := range []string{testSecret, "rotated"} {
		status, text := d.post(t, "{}", func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", sign(secret, "{}"))
			r.Header.Set("X-GitHub-Delivery", fmt.Sprint(i))
		})
		if status != http.StatusAccepted {
			t.Errorf("%s: %d %s", secret, status, text)
		}
	}
	if status, _ := d.get(t, "/setup"); status != http.StatusNotFound {
		t.Errorf("/setup: %d", status)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(o *Options) { o.Settings.MetricsListen = "127.0.0.1:0" })
	d.intake.slow = 300 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	if err := d.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	d.http.URL = "http://" + d.Addr()
	if status, text := d.get(t, "/healthz"); status != 200 || text != "ok\n" {
		t.Errorf("/healthz: %d %s", status, text)
	}
	if status, _ := d.get(t, "/metrics"); status != http.StatusNotFound {
		t.Errorf("/metrics on the public listener: %d", status)
	}
	d.http.URL = "http://" + d.MetricsAddr()
	if status, text := d.get(t, "/metrics"); status != 200 || !strings.Contains(text, `landwaiter_build_info{version="test"} 1`) {
		t.Errorf("/metrics: %d %s", status, text)
	}
	if status, _ := d.get(t, "/healthz"); status != http.StatusNotFound {
		t.Errorf("/healthz on the listener of metrics: %d", status)
	}
	// What has begun is answered, though the server is told to end.
	d.http.URL = "http://" + d.Addr()
	time.AfterFunc(100*time.Millisecond, stop)
	if status, text := d.post(t, "{}", nil); status != http.StatusAccepted {
		t.Errorf("%d %s", status, text)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.DialTimeout("tcp", d.Addr(), time.Second); err == nil {
		t.Error("the port is still open")
	}
}

// Whoever starts a new server finds in its log how to go on.
func TestRunAnnouncesSetup(t *testing.T) {
	t.Parallel()
	d := newDoor(t, noApp)
	ctx, stop := context.WithCancel(t.Context())
	if err := d.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	d.http.URL = "http://" + d.Addr()
	if status, _ := d.get(t, "/healthz"); status != 200 {
		t.Errorf("%d", status)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if link := "http://" + d.Addr() + "/setup?code=" + d.setup.code; d.SetupLink() != link || !strings.Contains(d.log.String(), `"link":"`+link+`"`) {
		t.Errorf("%s is not in the log: %s", link, d.log)
	}
}

func TestRunCannotListen(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	d := newDoor(t, func(o *Options) { o.Settings.Listen = taken.Addr().String() })
	if err := d.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "listen "+taken.Addr().String()) {
		t.Error(err)
	}
	d = newDoor(t, func(o *Options) { o.Settings.MetricsListen = taken.Addr().String() })
	if err := d.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "metricsListen") {
		t.Error(err)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	for path, want := range map[string]int{"/": 200, "/healthz": 200, "/metrics": 200, "/setup": 404, "/webhook": 405, "/webhook/": 404, "/x": 404, "/../etc/passwd": 404} {
		if status, text := d.get(t, path); status != want {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
}
