package server

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// App is a GitHub App with its credentials.
type App struct {
	ID            int64
	Slug, Name    string
	Page          string // where people see and install it
	ClientID      string
	ClientSecret  Secret
	WebhookSecret Secret
	PrivateKey    Secret // PEM
}

// Registrar creates the App at GitHub and keeps its credentials.
type Registrar interface {
	// NewApp returns the address of the page that takes a manifest, of an organisation or, for "", of whoever is
	// signed in.
	NewApp(organisation string) string
	// Exchange returns the App for the code that GitHub gave to the browser. A code works once.
	Exchange(ctx context.Context, code string) (App, error)
	// Store keeps the App where the next start finds it, and puts it to use.
	Store(ctx context.Context, app App) error
}

const (
	stateLife     = time.Hour // GitHub's limit for the whole flow
	statesMost    = 20        // flows begun at a time
	wrongMost     = 10        // wrong codes a minute
	formBytes     = 16 << 10
	exchangeLimit = 25 * time.Second
)

// setup creates the App by GitHub's manifest flow. It works until there is one, for who has the code that was printed
// at start.
//
// https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
type setup struct {
	server *Server
	code   string

	mu       sync.Mutex
	wrong    []time.Time      // when wrong codes were given, the latest ones
	states   map[string]begun // flows that were begun, by their state parameter
	finished *App
}

// begun is a flow that goes on at GitHub.
type begun struct {
	at  time.Time
	app *App // exchanged, and not stored yet
}

func newSetup(s *Server) *setup {
	return &setup{server: s, code: rand.Text(), states: map[string]begun{}}
}

// SetupLink returns the link with the one-time code at which the App is created, "" when there is one already. The
// server has to listen.
func (s *Server) SetupLink() string {
	if s.configured() || s.setup == nil {
		return ""
	}
	base := s.options.Settings.PublicURL
	if base == "" {
		base = "http://" + strings.NewReplacer("[::]", "localhost", "0.0.0.0", "localhost").Replace(s.Addr())
	}
	return base + "/setup?code=" + s.setup.code
}

func (u *setup) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /setup", u.page(u.start))
	mux.HandleFunc("POST /setup", u.page(u.begin))
	mux.HandleFunc("GET /setup-created", u.page(u.created))
	mux.HandleFunc("GET /setup/style.css", style)
}

// page guards what belongs to the set-up: when there is an App, it is not there any more.
func (u *setup) page(next func(http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if u.server.configured() {
			u.problem(w, http.StatusNotFound, "This server is set up already", "Its App is managed at GitHub. To set it up anew, remove the stored App from the database and start the server again.")
			return
		}
		next(w, r)
	}
}

// start shows what can be chosen. The code of the link is put into the form, and looked at when that comes back.
func (u *setup) start(w http.ResponseWriter, r *http.Request) {
	u.form(w, r, http.StatusOK, "", r.URL.Query().Get("code"))
}

func (u *setup) form(w http.ResponseWriter, r *http.Request, status int, problem, code string) {
	u.render(w, status, "start.html", "'self'", map[string]any{
		"Problem": problem, "Code": code, "Choices": choices(), "GitHub": u.server.options.Settings.GitHub.URL,
		"PublicURL": u.server.options.Settings.PublicURL, "Guess": "https://" + r.Host,
	})
}

// begin checks the code and shows the button that takes the manifest to GitHub.
func (u *setup) begin(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formBytes)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // only writers of tests have none
	if err := r.ParseForm(); err != nil {
		u.form(w, r, http.StatusBadRequest, "The form did not arrive whole.", "")
		return
	}
	code := strings.TrimSpace(r.PostForm.Get("code"))
	if ok, wait := u.admits(code); !ok {
		status, problem := http.StatusForbidden, "That is not the code that was printed at the start of the server."
		if wait {
			status, problem = http.StatusTooManyRequests, "Too many wrong codes. Wait a minute."
		}
		u.form(w, r, status, problem, "")
		return
	}
	wish, err := u.wish(r)
	if err != nil {
		u.form(w, r, http.StatusBadRequest, err.Error(), code)
		return
	}
	manifest, err := wish.manifest()
	if err != nil {
		u.problem(w, http.StatusInternalServerError, "The manifest could not be written", err.Error())
		return
	}
	target := u.server.options.Registrar.NewApp(wish.organisation)
	u.render(w, http.StatusOK, "manifest.html", originOf(target), map[string]any{
		"Action": target + "?state=" + url.QueryEscape(u.newState()), "Manifest": manifest, "Wish": wish.shown(),
	})
}

// originOf returns the origin of an address, for the content security policy.
func originOf(address string) string {
	at, err := url.Parse(address)
	if err != nil {
		return "'none'"
	}
	return at.Scheme + "://" + at.Host
}

// admits says whether a code is the right one; wait, that there were too many wrong ones to say.
func (u *setup) admits(code string) (ok, wait bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Now()
	for len(u.wrong) > 0 && now.Sub(u.wrong[0]) > time.Minute {
		u.wrong = u.wrong[1:]
	}
	if len(u.wrong) >= wrongMost {
		return false, true
	}
	if subtle.ConstantTimeCompare([]byte(code), []byte(u.code)) != 1 {
		u.wrong = append(u.wrong, now)
		return false, false
	}
	return true, false
}

// newState begins a flow. Should there be too many, the oldest ends.
func (u *setup) newState() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	oldest := ""
	for state, b := range u.states {
		if oldest == "" || b.at.Before(u.states[oldest].at) {
			oldest = state
		}
	}
	if len(u.states) >= statesMost {
		delete(u.states, oldest)
	}
	state := rand.Text()
	u.states[state] = begun{at: time.Now()}
	return state
}

// find returns the state of a flow that goes on. All are compared, so that how long it takes tells nothing.
func (u *setup) find(state string) (string, bool) {
	found := ""
	for known, b := range u.states {
		if subtle.ConstantTimeCompare([]byte(known), []byte(state)) == 1 && time.Since(b.at) < stateLife {
			found = known
		}
	}
	return found, found != ""
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)

// created is where GitHub sends the browser once the App is there.
func (u *setup) created(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.finished != nil { // somebody else was quicker
		u.problem(w, http.StatusConflict, "Another App was set up meanwhile", "The one that was created just now is not used. Delete it in GitHub's settings.")
		return
	}
	state, known := u.find(r.URL.Query().Get("state"))
	code := r.URL.Query().Get("code")
	if !known || !codePattern.MatchString(code) {
		u.problem(w, http.StatusForbidden, "This does not belong to a set-up that was begun here",
			"Open the link that was printed at the start of the server, and go through the steps within an hour.")
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), exchangeLimit)
	defer cancel()
	if err := u.finish(ctx, state, code); err != nil {
		u.server.log.Error("the App could not be set up", "error", err)
		u.problem(w, http.StatusBadGateway, "The App was created at GitHub, and its credentials did not get here",
			redact(err.Error())+". Reload this page to try again. If that does not help, delete the App in GitHub's settings and begin anew.")
		return
	}
	u.render(w, http.StatusOK, "done.html", "'none'", map[string]any{"App": u.finished, "Secret": masked, "Settings": u.server.options.Settings})
}

// finish exchanges the code, stores the App and puts it to use. What was exchanged is kept until it is stored: the code
// works once.
func (u *setup) finish(ctx context.Context, state, code string) error {
	flow := u.states[state]
	if flow.app == nil {
		app, err := u.server.options.Registrar.Exchange(ctx, code)
		if err != nil {
			return err
		}
		if app.ID <= 0 || app.PrivateKey == "" || app.WebhookSecret == "" {
			return errors.New("GitHub's answer lacks the App's number, key or webhook secret")
		}
		flow.app = &app
		u.states[state] = flow
	}
	if err := u.server.options.Registrar.Store(ctx, *flow.app); err != nil {
		return fmt.Errorf("store the App: %w", err)
	}
	if err := u.server.use(append([]Secret{flow.app.WebhookSecret}, u.server.options.Settings.GitHub.WebhookSecrets...)); err != nil {
		return err
	}
	u.finished, u.states = flow.app, nil
	u.server.log.Info("the App is set up", "app", flow.app.ID, "name", flow.app.Name)
	return nil
}
