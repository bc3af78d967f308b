package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"
)

// Options are what a server is made of. All but App, Metrics and Tracing are needed.
type Options struct {
	Settings  Settings
	App       *App // that an earlier /setup stored; not looked at when the settings name an App
	Intake    Intake
	Registrar Registrar
	Checks    []Check
	Log       *slog.Logger
	Metrics   *Metrics // nil: nothing is counted, and /metrics is not there
	Tracing   *Tracing // nil: no traces
}

// Limits of connections. A webhook is answered within ten seconds or GitHub gives up, so nobody needs more.
const (
	connections   = 1000 // open at a time
	headerTimeout = 5 * time.Second
	bodyTimeout   = 10 * time.Second
	answerTimeout = 30 * time.Second
	idleTimeout   = 60 * time.Second
	headerBytes   = 32 << 10
	shutdownGrace = 15 * time.Second
)

// Server is the HTTP door. Its methods may be called from several goroutines.
type Server struct {
	options Options
	log     *slog.Logger
	secrets atomic.Pointer[[]Secret] // nil while there is no App
	webhook *webhook
	ready   *readiness
	setup   *setup

	main, metrics net.Listener
}

// ErrNoSecret says that an App is configured and nothing to tell its webhooks from others'.
var ErrNoSecret = errors.New("the App has no webhook secret: set github.webhookSecrets (LANDWAITER_WEBHOOK_SECRETS)")

// New returns a server. It fails with ErrNoSecret when an App is configured without one.
func New(o Options) (*Server, error) {
	s := &Server{options: o, log: o.Log}
	if err := s.useConfigured(); err != nil {
		return nil, err
	}
	s.webhook = newWebhook(s)
	s.ready = &readiness{checks: o.Checks, configured: s.configured}
	if !s.configured() {
		s.setup = newSetup(s)
	}
	return s, nil
}

// useConfigured takes over the App of the settings, or else the one that is stored.
func (s *Server) useConfigured() error {
	secrets := s.options.Settings.GitHub.WebhookSecrets
	if !s.options.Settings.HasApp() {
		if s.options.App == nil {
			return nil
		}
		// Secrets of the settings are good for a stored App as well: so its secret can be changed.
		secrets = append([]Secret{s.options.App.WebhookSecret}, secrets...)
	}
	return s.use(secrets)
}

func (s *Server) use(secrets []Secret) error {
	var all []Secret
	for _, secret := range secrets {
		if secret != "" {
			all = append(all, secret)
		}
	}
	if len(all) == 0 {
		return ErrNoSecret
	}
	s.secrets.Store(&all)
	return nil
}

// configured says whether there is an App.
func (s *Server) configured() bool { return s.secrets.Load() != nil }

// Handler returns what answers requests. Listen and Run serve it; tests may do so in their own way.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /webhook", s.webhook)
	mux.HandleFunc("GET /healthz", healthy)
	mux.Handle("GET /readyz", s.ready)
	mux.HandleFunc("GET /{$}", s.home)
	if s.setup != nil {
		s.setup.register(mux)
	}
	if s.options.Metrics != nil && s.options.Settings.MetricsListen == "" {
		mux.Handle("GET /metrics", s.options.Metrics.handler())
	}
	return s.guarded(mux)
}

// home says what this is to somebody who opens the server in a browser.
func (s *Server) home(w http.ResponseWriter, _ *http.Request) {
	text := "Landwaiter reviews pull requests. It is installed as a GitHub App, and has no pages of its own."
	if !s.configured() {
		text = "Landwaiter is not set up yet. The link to do so was printed where it was started."
	}
	say(w, http.StatusOK, text)
}

// guarded sets what every answer has, and turns a panic into an answer.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler { //nolint:errorlint // it is panicked with, never wrapped
				panic(cause)
			}
			s.log.Error("a request ended in a bug of ours, please report it", "method", r.Method, "path", r.URL.Path,
				"delivery", deliveryID(r), "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
			say(w, http.StatusInternalServerError, "This is a bug of Landwaiter. Its log has the details.")
		}()
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		header.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// say answers with a sentence.
func say(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, sentence) // who does not listen misses it
}

// Listen opens the ports. Run does it when it was not done.
func (s *Server) Listen(ctx context.Context) (err error) {
	if s.main, err = listen(ctx, s.options.Settings.Listen, "listen"); err != nil {
		return err
	}
	if at := s.options.Settings.MetricsListen; at != "" && s.options.Metrics != nil {
		if s.metrics, err = listen(ctx, at, "metricsListen"); err != nil {
			return errors.Join(err, s.main.Close())
		}
	}
	return nil
}

func listen(ctx context.Context, at, setting string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", at)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", setting, at, err)
	}
	return netutil.LimitListener(listener, connections), nil
}

// Addr returns the address that the server listens on, once it does.
func (s *Server) Addr() string { return s.main.Addr().String() }

// MetricsAddr returns the address of the listener for metrics, "" when there is none of its own.
func (s *Server) MetricsAddr() string {
	if s.metrics == nil {
		return ""
	}
	return s.metrics.Addr().String()
}

// Run serves until ctx ends, and then lets the requests that are being answered come to their end, for 15 seconds at
// most. It returns nil after that, and otherwise why it could not serve.
func (s *Server) Run(ctx context.Context) error {
	if s.main == nil {
		if err := s.Listen(ctx); err != nil {
			return err
		}
	}
	s.announce()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.serve(ctx, s.main, s.Handler()) })
	if s.metrics != nil {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", s.options.Metrics.handler())
		group.Go(func() error { return s.serve(ctx, s.metrics, s.guarded(mux)) })
	}
	return group.Wait()
}

// announce says where the server is, and how to go on when it is new.
func (s *Server) announce() {
	s.log.Info("listening", "address", s.Addr(), "metrics", s.MetricsAddr())
	if link := s.SetupLink(); link != "" {
		s.log.Warn("no App is configured yet; open this link to create one at GitHub", "link", link)
	}
}

func (s *Server) serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, WriteTimeout: answerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // what others do wrong to us
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(fmt.Errorf("end the requests that were being answered: %w", err), server.Close())
	}
	return nil
}
