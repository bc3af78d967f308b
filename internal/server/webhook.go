package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/landwaiter/landwaiter/internal/event"
)

// Intake takes what webhooks bring.
type Intake interface {
	// Tasks says what an event of GitHub asks for; none for one that does not matter. ErrMalformed when the payload is
	// not that of such an event; any other error means that it cannot be told now.
	Tasks(ctx context.Context, eventName string, payload []byte) ([]event.Task, error)
	// Accept stores a delivery and its tasks, and returns when they are on disk. known says that the delivery was
	// there already and nothing is to be done for it again.
	Accept(ctx context.Context, delivery, eventName string, tasks []event.Task) (isNew bool, err error)
}

// ErrMalformed says that a payload is not what its event has.
var ErrMalformed = errors.New("the payload is not that of such an event")

const (
	maxBody       = 25 << 20  // bytes; GitHub sends no more
	smallBody     = 128 << 10 // bytes of a body that need no room; most have less
	bodyRoom      = 128 << 20 // bytes of all bodies above that, at a time
	acceptTimeout = 8 * time.Second
)

// webhook answers POST /webhook.
type webhook struct {
	server *Server
	room   *semaphore.Weighted // for bodies of whom nobody knows yet who sent them
}

func newWebhook(s *Server) *webhook {
	return &webhook{server: s, room: semaphore.NewWeighted(bodyRoom)}
}

// answer is how a delivery is answered.
type answer struct {
	status   int
	sentence string
	err      error // for the log only
}

// ServeHTTP takes a delivery, answers, and counts and logs it.
func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	ctx, end := h.server.options.Tracing.Span(r.Context(), "webhook", "delivery", deliveryID(r), "event", eventName(r))
	d := &delivery{id: deliveryID(r), event: eventName(r)}
	a := h.take(w, r.WithContext(ctx), d)
	end(a.err)
	say(w, a.status, a.sentence)
	h.server.options.Metrics.webhook(d.verified, d.event, a.status, time.Since(begun))
	h.report(d, a, time.Since(begun))
}

// delivery is what is known of one.
type delivery struct {
	id, event string
	verified  bool
	tasks     []event.Task
}

var (
	deliveryPattern = regexp.MustCompile(`^[A-Za-z0-9-]{1,100}$`)
	eventPattern    = regexp.MustCompile(`^[a-z_]{1,60}$`)
)

// deliveryID returns the delivery's GUID, "" when it is none.
func deliveryID(r *http.Request) string { return header(r, "X-GitHub-Delivery", deliveryPattern) }

func eventName(r *http.Request) string { return header(r, "X-GitHub-Event", eventPattern) }

func header(r *http.Request, name string, pattern *regexp.Regexp) string {
	if value := r.Header.Get(name); pattern.MatchString(value) {
		return value
	}
	return ""
}

// take does everything with a delivery that has to be done before it is answered. Until it is verified, nothing is
// looked at but its type and its size.
func (h *webhook) take(w http.ResponseWriter, r *http.Request, d *delivery) answer {
	secrets := h.server.secrets.Load()
	if secrets == nil {
		return answer{http.StatusServiceUnavailable, "No GitHub App is configured here yet.", nil}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return answer{http.StatusUnsupportedMediaType, "The content type of the webhook must be application/json. Change it in the App's settings.", nil}
	}
	room := &room{all: h.room}
	defer room.release()
	body, refused := read(w, r, room)
	if refused != nil {
		return *refused
	}
	if !verified(body, r.Header.Get("X-Hub-Signature-256"), *secrets) {
		return answer{http.StatusUnauthorized, "The signature is missing or wrong: the webhook secret here is not the one in the App's settings.", nil}
	}
	d.verified = true
	return h.accept(r.Context(), body, d)
}

// room is what one body takes of the room for all.
type room struct {
	all   *semaphore.Weighted
	taken int64
}

func (r *room) take(n int64) bool {
	ok := r.all.TryAcquire(n)
	if ok {
		r.taken += n
	}
	return ok
}

func (r *room) release() { r.all.Release(r.taken) }

// read reads the body within the limits of size, time and room. Room is taken for what has come, not for what is
// announced, so that whoever wants to take it all has to send it.
func read(w http.ResponseWriter, r *http.Request, room *room) ([]byte, *answer) {
	if r.ContentLength > maxBody {
		return nil, tooLarge()
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout)) // only writers of tests have none
	limited := http.MaxBytesReader(w, r.Body, maxBody)
	var body bytes.Buffer
	for {
		n, err := io.CopyN(&body, limited, smallBody)
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			return nil, tooLarge()
		case errors.Is(err, io.EOF):
			_ = control.SetReadDeadline(time.Time{}) // for the next request on the connection
			return body.Bytes(), nil
		case err != nil:
			return nil, &answer{http.StatusBadRequest, "The body did not arrive whole, and in time.", err}
		case !room.take(n):
			return nil, &answer{http.StatusServiceUnavailable, "Too many large deliveries at a time. Send it again later.", nil}
		}
	}
}

func tooLarge() *answer {
	return &answer{http.StatusRequestEntityTooLarge, "The body has more than 25 MiB.", nil}
}

// verified says whether a body was signed with one of the secrets. How long it takes tells nothing about them.
//
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
func verified(body []byte, signature string, secrets []Secret) bool {
	const prefix, digits = "sha256=", 2 * sha256.Size
	text, ok := strings.CutPrefix(signature, prefix)
	given, err := hex.DecodeString(text)
	if !ok || err != nil || len(text) != digits {
		return false
	}
	match := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		if hmac.Equal(mac.Sum(nil), given) {
			match = true // and on: all are tried
		}
	}
	return match
}

// accept understands a verified delivery and stores it.
func (h *webhook) accept(ctx context.Context, body []byte, d *delivery) answer {
	switch {
	case d.id == "":
		return answer{http.StatusBadRequest, "The header X-GitHub-Delivery is missing or malformed.", nil}
	case d.event == "":
		return answer{http.StatusBadRequest, "The header X-GitHub-Event is missing or malformed.", nil}
	case !json.Valid(body):
		return answer{http.StatusBadRequest, "The body is not JSON.", nil}
	}
	// Who sent it may hang up: it is stored nevertheless.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptTimeout)
	defer cancel()
	tasks, err := h.server.options.Intake.Tasks(ctx, d.event, body)
	switch {
	case errors.Is(err, ErrMalformed):
		return answer{http.StatusBadRequest, "The body is not that of such an event.", err}
	case err != nil:
		return answer{http.StatusServiceUnavailable, "The delivery cannot be understood now. Send it again later.", err}
	}
	d.tasks = tasks
	isNew, err := h.server.options.Intake.Accept(ctx, d.id, d.event, tasks)
	switch {
	case err != nil:
		return answer{http.StatusServiceUnavailable, "The delivery could not be stored. Send it again later.", err}
	case !isNew:
		return answer{http.StatusOK, "This delivery is known.", nil}
	case len(tasks) == 0:
		return answer{http.StatusAccepted, "Nothing is to be done for this event.", nil}
	}
	return answer{http.StatusAccepted, "Accepted.", nil}
}

// report logs a delivery. What is not verified could be anybody's, and is logged only for those who look for it.
func (h *webhook) report(d *delivery, a answer, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case !d.verified:
		level = slog.LevelDebug
	case a.err != nil:
		level = slog.LevelError
	}
	attributes := []slog.Attr{slog.String("delivery", d.id), slog.String("event", d.event), slog.Int("status", a.status),
		slog.String("answer", a.sentence), slog.Duration("took", took), slog.Int("tasks", len(d.tasks))}
	if len(d.tasks) > 0 {
		subject := d.tasks[0].Subject
		attributes = append(attributes, slog.String("repository", subject.Repository.FullName()), slog.Int("pull", subject.Number),
			slog.String("head", d.tasks[0].Head), slog.String("kind", string(d.tasks[0].Kind)))
	}
	if a.err != nil {
		attributes = append(attributes, slog.Any("error", a.err))
	}
	h.server.log.LogAttrs(context.Background(), level, "webhook", attributes...)
}
