package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
)

func TestWebhook(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	d.intake.known["known"] = true
	for name, c := range map[string]struct {
		body   string
		change func(*http.Request)
		status int
		says   string
		seen   bool // by the intake
	}{
		"right": {`{"a":1}`, set("X-GitHub-Delivery", "1"), 202, "Nothing is to be done", true},
		"any secret": {`{}`, func(r *http.Request) {
			set("X-Hub-Signature-256", sign("an older one", "{}"))(r)
			set("X-GitHub-Delivery", "2")(r)
		}, 202, "", true},
		"with a charset": {`{}`, func(r *http.Request) {
			set("Content-Type", "application/json; charset=utf-8")(r)
			set("X-GitHub-Delivery", "3")(r)
		}, 202, "", true},
		"known":             {`{}`, set("X-GitHub-Delivery", "known"), 200, "This delivery is known.", true},
		"wrong secret":      {`{}`, set("X-Hub-Signature-256", sign("other", "{}")), 401, "signature", false},
		"other body":        {`{} `, set("X-Hub-Signature-256", sign(testSecret, "{}")), 401, "signature", false},
		"no signature":      {`{}`, func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") }, 401, "signature", false},
		"empty signature":   {`{}`, set("X-Hub-Signature-256", "sha256="), 401, "signature", false},
		"half a signature":  {`{}`, set("X-Hub-Signature-256", sign(testSecret, "{}")[:40]), 401, "signature", false},
		"more signature":    {`{}`, set("X-Hub-Signature-256", sign(testSecret, "{}")+"00"), 401, "signature", false},
		"another algorithm": {`{}`, set("X-Hub-Signature-256", strings.Replace(sign(testSecret, "{}"), "sha256", "sha1", 1)), 401, "signature", false},
		"the old signature": {`{}`, func(r *http.Request) {
			set("X-Hub-Signature", sign(testSecret, "{}"))(r)
			r.Header.Del("X-Hub-Signature-256")
		}, 401, "signature", false},
		"a form":             {`payload={}`, set("Content-Type", "application/x-www-form-urlencoded"), 415, "application/json", false},
		"no type":            {`{}`, func(r *http.Request) { r.Header.Del("Content-Type") }, 415, "application/json", false},
		"type first":         {`{}`, func(r *http.Request) { r.Header = http.Header{"Content-Type": {"text/plain"}} }, 415, "application/json", false},
		"malformed":          {`{`, nil, 400, "not JSON", false},
		"nothing":            {``, nil, 400, "not JSON", false},
		"two values":         {`{}{}`, nil, 400, "not JSON", false},
		"malformed unsigned": {`{`, set("X-Hub-Signature-256", "x"), 401, "signature", false},
		"no delivery":        {`{}`, func(r *http.Request) { r.Header.Del("X-GitHub-Delivery") }, 400, "X-GitHub-Delivery", false},
		"hostile delivery":   {`{}`, set("X-GitHub-Delivery", "'; DROP TABLE"), 400, "X-GitHub-Delivery", false},
		"no event":           {`{}`, func(r *http.Request) { r.Header.Del("X-GitHub-Event") }, 400, "X-GitHub-Event", false},
		"hostile event":      {`{}`, set("X-GitHub-Event", "Pull Request"), 400, "X-GitHub-Event", false},
	} {
		before := d.intake.seen()
		status, text := d.post(t, c.body, c.change)
		if status != c.status || !strings.Contains(text, c.says) || d.intake.seen() > before != c.seen {
			t.Errorf("%s: %d %q, seen %v", name, status, text, d.intake.seen() > before)
		}
	}
	if strings.Contains(d.log.String(), testSecret) {
		t.Error("the log has the secret")
	}
}

// The same signature is made as by the example of GitHub's documentation.
func TestSignatureOfDocumentation(t *testing.T) {
	t.Parallel()
	const want = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	if !verified([]byte("Hello, World!"), want, []Secret{"It's a Secret to Everybody"}) || verified([]byte("Hello, World?"), want, []Secret{"It's a Secret to Everybody"}) {
		t.Error("GitHub's example is not verified")
	}
}

func TestWebhookFailures(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	d.intake.tasks = []event.Task{{Kind: event.Review, Head: "abc", Subject: event.Subject{Number: 7, Repository: event.Repository{Owner: "acme", Name: "infra"}}}}
	if status, text := d.post(t, "{}", nil); status != 202 || text != "Accepted.\n" {
		t.Errorf("%d %s", status, text)
	}
	for _, want := range []string{`"repository":"acme/infra"`, `"pull":7`, `"head":"abc"`, `"delivery":"72d3162e-cc78-11e3-81ab-4c9367dc0958"`, `"status":202`} {
		if !strings.Contains(d.log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, d.log)
		}
	}
	d.intake.tasksErr = fmt.Errorf("pull_request without a number: %w", ErrMalformed)
	if status, text := d.post(t, "{}", nil); status != 400 || strings.Contains(text, "number") {
		t.Errorf("%d %s", status, text)
	}
	d.intake.tasksErr = errors.New("GitHub is down")
	if status, text := d.post(t, "{}", nil); status != 503 || strings.Contains(text, "GitHub is down") {
		t.Errorf("%d %s", status, text)
	}
	d.intake.tasksErr, d.intake.acceptErr = nil, errors.New("disk full at ghs_0123456789abcdef")
	if status, text := d.post(t, "{}", nil); status != 503 || strings.Contains(text, "disk") {
		t.Errorf("%d %s", status, text)
	}
	if !strings.Contains(d.log.String(), "disk full at ghs_***") {
		t.Errorf("the log: %s", d.log)
	}
	d.intake.panics = true
	if status, text := d.post(t, "{}", nil); status != 500 || !strings.Contains(text, "bug") || strings.Contains(text, "intake") {
		t.Errorf("%d %s", status, text)
	}
	d.intake.panics, d.intake.acceptErr = false, nil
	if status, _ := d.post(t, "{}", nil); status != 200 {
		t.Errorf("after a panic: %d", status)
	}
	if !strings.Contains(d.log.String(), "a bug in the intake") || !strings.Contains(d.log.String(), "webhook_test.go") && !strings.Contains(d.log.String(), "server_test.go") {
		t.Errorf("the log lacks the panic and where it was: %s", d.log)
	}
}

func TestWebhookWithoutApp(t *testing.T) {
	t.Parallel()
	d := newDoor(t, noApp)
	if status, text := d.post(t, "{}", nil); status != 503 || !strings.Contains(text, "No GitHub App is configured") || d.intake.seen() > 0 {
		t.Errorf("%d %s", status, text)
	}
}

func TestWebhookSize(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	most := `"` + strings.Repeat("x", maxBody-2) + `"`
	if status, text := d.post(t, most, nil); status != 202 {
		t.Errorf("25 MiB: %d %s", status, text)
	}
	if status, text := d.post(t, most+" ", nil); status != 413 || !strings.Contains(text, "25 MiB") {
		t.Errorf("25 MiB and a byte: %d %s", status, text)
	}
	seen := d.intake.seen()
	// Without a length beforehand.
	status, text := d.post(t, "", func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(most), strings.NewReader("and more"))), -1
	})
	if status != 413 || d.intake.seen() != seen {
		t.Errorf("chunks: %d %s", status, text)
	}
	// The room that bodies took is given back.
	if !d.webhook.room.TryAcquire(bodyRoom) {
		t.Error("room is still taken")
	}
}

// Bodies of nobody knows whom take a bounded amount of memory, and do not keep out those of ordinary size.
func TestWebhookRoom(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	if !d.webhook.room.TryAcquire(bodyRoom) {
		t.Fatal("no room at all")
	}
	if status, text := d.post(t, `"`+strings.Repeat("x", 2*smallBody)+`"`, nil); status != 503 || !strings.Contains(text, "large") {
		t.Errorf("large: %d %s", status, text)
	}
	if status, text := d.post(t, `"`+strings.Repeat("x", smallBody/2)+`"`, nil); status != 202 {
		t.Errorf("small: %d %s", status, text)
	}
}

// Who sends slowly is not waited for. Others are served meanwhile.
func TestSlowClients(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for real time to pass")
	}
	t.Parallel()
	d := newDoor(t, nil)
	if err := d.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	go func() { _ = d.Run(t.Context()) }() // ends with the test
	var all sync.WaitGroup
	for name, c := range map[string]struct {
		sends string
		limit time.Duration
		says  string
	}{
		"headers": {"POST /webhook HTTP/1.1\r\nHost: x\r\nX-A: ", headerTimeout, ""},
		"body": {"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", bodyTimeout,
			"400"},
	} {
		all.Go(func() {
			begun := time.Now()
			conn, err := net.Dial("tcp", d.Addr())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			if _, err := conn.Write([]byte(c.sends)); err != nil {
				t.Error(err)
			}
			_ = conn.SetReadDeadline(time.Now().Add(c.limit + 10*time.Second)) // a net.Conn has one
			line, err := bufio.NewReader(conn).ReadString('\n')
			if took := time.Since(begun); errors.Is(err, io.EOF) == (c.says != "") || !strings.Contains(line, c.says) || took < c.limit/2 {
				t.Errorf("%s: %q, %v after %s", name, line, err, took)
			}
		})
	}
	d.http.URL = "http://" + d.Addr()
	if status, _ := d.post(t, "{}", nil); status != 202 {
		t.Errorf("meanwhile: %d", status)
	}
	all.Wait()
}

// BenchmarkWebhook is what the door adds to storing a delivery of an ordinary size.
func BenchmarkWebhook(b *testing.B) {
	d := newDoor(b, func(o *Options) { o.Settings.Log.Level = 4 })
	body := `{"a":"` + strings.Repeat("x", 30<<10) + `"}`
	signature := sign(testSecret, body)
	handler := d.Handler()
	var times []time.Duration
	b.ReportAllocs()
	for i := range b.N {
		r := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-GitHub-Event", "pull_request")
		r.Header.Set("X-GitHub-Delivery", fmt.Sprint(i))
		r.Header.Set("X-Hub-Signature-256", signature)
		begun := time.Now()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		times = append(times, time.Since(begun))
		if w.Code != http.StatusAccepted {
			b.Fatal(w.Code, w.Body)
		}
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
}

func FuzzWebhook(f *testing.F) {
	f.Add([]byte(`{"action":"opened"}`), "application/json", "pull_request", "1", "")
	f.Add([]byte("{"), "application/json; charset=\"", "PING", "\x00", "sha256=00")
	f.Add([]byte("\xff"), "", strings.Repeat("a", 100), strings.Repeat("1", 101), "sha256="+strings.Repeat("0", 64))
	d := newDoor(f, nil)
	handler := d.Handler()
	f.Fuzz(func(t *testing.T, body []byte, kind, name, id, signature string) {
		signed := signature == ""
		if signed {
			signature = sign(testSecret, string(body))
		}
		r := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(string(body)))
		for header, value := range map[string]string{"Content-Type": kind, "X-GitHub-Event": name, "X-GitHub-Delivery": id, "X-Hub-Signature-256": signature} {
			r.Header[header] = []string{value}
		}
		before := d.intake.seen()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		accepted := w.Code == http.StatusAccepted || w.Code == http.StatusOK
		if !slices.Contains([]int{200, 202, 400, 401, 415}, w.Code) || w.Body.Len() == 0 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if d.intake.seen() > before != accepted || accepted && signature != sign(testSecret, string(body)) {
			t.Errorf("%d, seen %v, signed %v", w.Code, d.intake.seen() > before, signed)
		}
	})
}
