package githubtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Delivery is one webhook call, or an attempt at one.
type Delivery struct {
	ID         int64
	GUID       string // the X-GitHub-Delivery header; a redelivery has that of the first
	Event      string
	Action     string
	Payload    []byte
	Redelivery bool
	Status     int    // of the App's answer; 0 when there was none
	Problem    string // why there was none
	At         time.Time
	Took       time.Duration

	app          *App
	installation int64
	repository   int64
	answer       string
	url          string
}

// The App has ten seconds to answer.
const hookPatience = 10 * time.Second

// queue notes a delivery that is to be sent as soon as the state is no longer locked.
func (g *GitHub) queue(app *App, i *Installation, n note, payload object) {
	data, err := json.Marshal(payload)
	if err != nil {
		g.log.violation("the test GitHub cannot write the payload of %s: %v", n.name, err)
		return
	}
	d := &Delivery{ID: g.id(), GUID: newGUID(), Event: n.name, Action: n.action, Payload: data, At: g.now(), app: app, url: app.webhook}
	if i != nil {
		d.installation = i.ID
	}
	if n.repo != nil {
		d.repository = n.repo.ID
	}
	app.deliveries = append(app.deliveries, d)
	g.pending = append(g.pending, d)
}

func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// deliver sends webhooks one after the other.
func (g *GitHub) deliver(all []*Delivery) {
	for _, d := range all {
		if problem := g.contract.hooks.check(d.Event, d.Payload); problem != nil {
			g.log.violation("webhook %s %s: %v", d.Event, d.Action, problem)
		}
		if d.url != "" {
			g.send(d)
		}
	}
}

// Signature is the X-Hub-Signature-256 header of a payload.
func Signature(secret string, payload []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(payload)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func (g *GitHub) send(d *Delivery) {
	start := time.Now()
	status, said, err := g.post(d)
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.announce()
	d.Status, d.answer, d.Took = status, said, time.Since(start)
	if err != nil {
		d.Problem = err.Error()
	}
}

func (g *GitHub) post(d *Delivery) (status int, said string, err error) {
	request, err := http.NewRequest(http.MethodPost, d.url, bytes.NewReader(d.Payload))
	if err != nil {
		return 0, "", err
	}
	request.Header = d.header()
	client := &http.Client{Timeout: hookPatience}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, string(text), err
}

func (d *Delivery) header() http.Header {
	return http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"GitHub-Hookshot/test"}, "X-Github-Event": {d.Event}, "X-Github-Delivery": {d.GUID},
		"X-Github-Hook-Id": {itoa(d.app.ID)}, "X-Github-Hook-Installation-Target-Type": {"integration"},
		"X-Github-Hook-Installation-Target-Id": {itoa(d.app.ID)}, "X-Hub-Signature-256": {Signature(d.app.Secret, d.Payload)},
	}
}

// Deliveries returns all webhooks to the App so far, in order, with what it answered.
func (a *App) Deliveries() []Delivery {
	return locked(a.g, func() []Delivery {
		var all []Delivery
		for _, d := range a.deliveries {
			all = append(all, *d)
		}
		return all
	})
}

// Redeliver sends a delivery again, as the button on the App's page does: with the same GUID and payload.
func (a *App) Redeliver(id int64) {
	a.g.must("redeliver", func() error {
		d := a.delivery(id)
		if d == nil {
			return fmt.Errorf("there is no delivery %d", id)
		}
		a.redeliver(d)
		return nil
	})
}

func (a *App) delivery(id int64) *Delivery {
	at := slices.IndexFunc(a.deliveries, func(d *Delivery) bool { return d.ID == id })
	if at < 0 {
		return nil
	}
	return a.deliveries[at]
}

func (a *App) redeliver(d *Delivery) {
	again := &Delivery{
		ID: a.g.id(), GUID: d.GUID, Event: d.Event, Action: d.Action, Payload: d.Payload, Redelivery: true, At: a.g.now(), app: a,
		installation: d.installation, repository: d.repository, url: a.webhook,
	}
	a.deliveries = append(a.deliveries, again)
	a.g.pending = append(a.g.pending, again)
}

// outbox sends in the background, in order, what programs caused.
type outbox struct {
	g       *GitHub
	mu      sync.Mutex
	waiting []*Delivery
	unsent  int // those being sent are among them
	wake    chan struct{}
	closed  chan struct{}
	once    sync.Once
}

func newOutbox(g *GitHub) *outbox {
	o := &outbox{g: g, wake: make(chan struct{}, 1), closed: make(chan struct{})}
	go o.work()
	return o
}

func (o *outbox) send(all []*Delivery) {
	if len(all) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = append(o.waiting, all...)
	o.unsent += len(all)
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) take() []*Delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.waiting
	o.waiting = nil
	return all
}

func (o *outbox) work() {
	for {
		select {
		case <-o.closed:
			return
		case <-o.wake:
			for _, d := range o.take() {
				select {
				case <-o.closed:
					return
				default:
					o.g.deliver([]*Delivery{d})
					o.sent()
				}
			}
		}
	}
}

func (o *outbox) sent() {
	o.mu.Lock()
	o.unsent--
	o.mu.Unlock()
	o.g.wake()
}

func (o *outbox) idle() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.unsent == 0
}

// Settle waits until all webhooks that programs caused are answered. It returns false when that takes longer than
// limit.
func (g *GitHub) Settle(limit time.Duration) bool { return g.Wait(limit, g.background.idle) }

func (o *outbox) close() { o.once.Do(func() { close(o.closed) }) }

// The handlers of deliveries.

func (g *GitHub) deliveryJSON(d *Delivery) object {
	status := "OK"
	if d.Status < 200 || d.Status > 299 {
		status = "Invalid HTTP Response: " + itoa(int64(d.Status))
	}
	if d.Problem != "" {
		status = "failed to connect to host"
	}
	return object{
		"id": d.ID, "guid": d.GUID, "delivered_at": stamp(d.At), "redelivery": d.Redelivery, "duration": d.Took.Seconds(), "status": status,
		"status_code": d.Status, "event": d.Event, "action": orNull(d.Action), "installation_id": numberOrNull(int(d.installation)),
		"repository_id": numberOrNull(int(d.repository)), "throttled_at": nil,
	}
}

// listDeliveries answers the deliveries of the last three days, the newest first, a page at a time by a cursor.
func (c *call) listDeliveries() (any, error) {
	kept := slices.Clone(c.who.app.deliveries)
	slices.Reverse(kept)
	kept = slices.DeleteFunc(kept, func(d *Delivery) bool {
		good := d.Status >= 200 && d.Status < 300
		return c.g.now().Sub(d.At) > 72*time.Hour || c.query("status") == "success" && !good || c.query("status") == "failure" && good
	})
	return c.cursored(kept), nil
}

func (c *call) getDelivery() (any, error) {
	d := c.who.app.delivery(c.number("delivery_id"))
	if d == nil {
		return nil, notFound()
	}
	o := c.g.deliveryJSON(d)
	headers := make(object)
	for name, values := range d.header() {
		headers[name] = values[0]
	}
	var payload any
	if err := json.Unmarshal(d.Payload, &payload); err != nil {
		return nil, err
	}
	o["url"] = d.url
	o["request"] = object{"headers": headers, "payload": payload}
	o["response"] = object{"headers": object{}, "payload": orNull(d.answer)}
	return o, nil
}

func (c *call) redeliver() (any, error) {
	d := c.who.app.delivery(c.number("delivery_id"))
	if d == nil {
		return nil, notFound()
	}
	c.who.app.redeliver(d)
	return object{}, nil
}
