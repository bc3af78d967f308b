package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github"
	"github.com/landwaiter/landwaiter/internal/pullrequest"
	"github.com/landwaiter/landwaiter/internal/queue"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/rules"
	"github.com/landwaiter/landwaiter/internal/server"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo"
)

// service is the App's server with all its parts. It implements server.Intake and server.Registrar.
type service struct {
	settings server.Settings
	github   github.Settings // but for the App's number and key
	site     github.Site
	log      *slog.Logger
	metrics  *server.Metrics
	tracing  *server.Tracing
	queue    *queue.Queue
	mirror   *gitrepo.Mirror
	tenants  *tenants
	policy   *policy.Layer
	unsafe   string // see pullrequest.Worker.Unconfined
	tuning   tuning
	door     *server.Server

	app     atomic.Pointer[running]
	working chan struct{} // a token for each time that an App was put to use
}

// tuning is what tests set, to be quick; its zero value is what the program does.
type tuning struct {
	attempts int           // to do a job
	retry    time.Duration // until the second of them
	call     time.Duration // that GitHub may take to answer
}

// running is the App that is being worked for.
type running struct {
	id     int64
	worker *pullrequest.Worker
	alive  *pulse
}

// newService joins the parts, and begins to work when there is an App.
func newService(ctx context.Context, sys surroundings, settings server.Settings, tuning tuning) (s *service, err error) {
	s = &service{settings: settings, tuning: tuning, metrics: server.NewMetrics(version()), working: make(chan struct{}, 1)}
	if s.site, err = github.NewSite(settings.GitHub.URL); err != nil {
		return nil, usageError(err)
	}
	s.log = server.NewLog(sys.stderr, settings)
	sys.behind = true
	if err := s.prepare(ctx, sys); err != nil {
		return nil, err
	}
	s.queue, err = queue.Open(ctx, queue.Config{Database: string(settings.Database), Workers: settings.Workers, Attempts: tuning.attempts, Retry: tuning.retry, Logger: s.log})
	if err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		s.queue.Close()
		return nil, err
	}
	return s, nil
}

// prepare makes what needs no database.
func (s *service) prepare(ctx context.Context, sys surroundings) (err error) {
	roots, err := s.settings.Roots()
	if err != nil {
		return usageError(err)
	}
	s.github = github.Settings{URL: s.settings.GitHub.URL, Proxy: s.settings.Proxy.For, Roots: roots, Agent: "landwaiter/" + version(),
		Timeout: s.tuning.call, Observe: s.observeCall}
	if s.tracing, err = server.StartTracing(ctx, s.settings.Tracing, version(), s.log); err != nil {
		return err
	}
	if s.settings.Policy != "" {
		text, err := os.ReadFile(s.settings.Policy)
		if err != nil {
			return usageError(err)
		}
		s.policy = &policy.Layer{File: s.settings.Policy, Text: text}
		if _, err := policy.Load(rules.All(), *s.policy); err != nil {
			return usageError(err)
		}
	}
	s.mirror, err = gitrepo.OpenMirror(gitrepo.MirrorOptions{
		Options: gitrepo.Options{Env: sys.environ}, Dir: filepath.Join(s.settings.Data, "mirrors"), CAFile: s.settings.CAFile,
		MaxBytes: s.settings.Cache.Mirrors, MaxAge: s.settings.Cache.MirrorAge, MaxFetch: s.settings.Cache.MaxFetch,
	})
	if err != nil {
		return err
	}
	asks, err := newServerRegistries(sys, s.settings, s.policy, roots)
	if err != nil {
		return err
	}
	s.tenants = newTenants(sys, filepath.Join(s.settings.Data, "renderings"), s.settings.Cache.Renderings, asks, func(hit bool) { s.metrics.CacheLook("renderings", hit) })
	s.unsafe, err = walls(ctx, sys)
	return err
}

// walls tries a renderer, and says what this system lacks to hold one.
func walls(ctx context.Context, sys surroundings) (missing string, err error) {
	pool, err := newPool(sys)
	if err != nil {
		return "", err
	}
	defer pool.Close()
	report, err := pool.Report(ctx)
	if err != nil {
		return "", fmt.Errorf("starting a renderer: %w", err)
	}
	return report.Missing, nil
}

// open makes the door, and puts the App to use that is configured, or that /setup stored.
func (s *service) open(ctx context.Context) error {
	stored, err := s.stored(ctx)
	if err != nil {
		return err
	}
	id, key := s.settings.GitHub.AppID, s.settings.GitHub.PrivateKey
	if id == 0 && stored != nil {
		id, key = stored.ID, stored.PrivateKey
	}
	s.door, err = server.New(server.Options{
		Settings: s.settings, App: stored, Intake: s, Registrar: s, Log: s.log, Metrics: s.metrics, Tracing: s.tracing,
		Checks: []server.Check{{Name: "database", Run: s.queue.Writable}, server.CheckDisk(s.settings.Data), {Name: "github", Run: s.reachable}},
	})
	if err != nil {
		return usageError(err)
	}
	s.metrics.WatchQueue(s.depth)
	if id == 0 {
		return nil
	}
	return s.use(ctx, id, key)
}

// stored is the App that /setup stored, nil when there is none.
func (s *service) stored(ctx context.Context) (*server.App, error) {
	text, err := s.queue.App(ctx)
	if err != nil || text == "" {
		return nil, err
	}
	var c github.Credentials
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return nil, errors.New("the App that is stored in the database cannot be read") // the text holds its key
	}
	return appOf(c), nil
}

func appOf(c github.Credentials) *server.App {
	return &server.App{ID: c.AppID, Slug: c.Slug, Name: c.Name, Page: c.Page, ClientID: c.ClientID, ClientSecret: server.Secret(c.ClientSecret),
		WebhookSecret: server.Secret(c.WebhookSecret), PrivateKey: server.Secret(c.PrivateKey)}
}

// use begins to work for an App.
func (s *service) use(ctx context.Context, id int64, key server.Secret) error {
	settings := s.github
	settings.AppID, settings.PrivateKey = id, []byte(key)
	app, err := github.NewApp(settings)
	if err != nil {
		return usageError(err)
	}
	s.tenants.app.Store(app)
	worker := &pullrequest.Worker{
		GitHub: app, Queue: s.queue, Mirror: s.mirror, Engines: s.tenants.Engine, Forget: s.forget, Rules: rules.All(), Version: version(), Renderers: rendererVersions(), Beside: s.beside,
		Unconfined: s.unsafe, Server: s.policy, Log: s.log,
		Fetched: s.metrics.Fetch, Span: s.tracing.Span,
		Observed: func(o pullrequest.Observation) { s.metrics.Review(o.Outcome, o.Total, o.Stages) },
	}
	if err := s.queue.Start(ctx, worker); err != nil {
		return err
	}
	s.app.Store(&running{id: id, worker: worker, alive: &pulse{app: app}})
	s.working <- struct{}{}
	return nil
}

// beside reads a file that the server's policy names, relative to it.
func (s *service) beside(file string) ([]byte, error) {
	return os.ReadFile(filepath.Join(filepath.Dir(s.settings.Policy), filepath.FromSlash(file)))
}

// Tasks implements server.Intake.
func (s *service) Tasks(_ context.Context, eventName string, payload []byte) ([]event.Task, error) {
	app := s.app.Load()
	if app == nil {
		return nil, errors.New("no App is configured")
	}
	tasks, err := github.Tasks(eventName, payload, github.Identity{AppID: app.id})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", server.ErrMalformed, err)
	}
	return tasks, nil
}

// Accept implements server.Intake.
func (s *service) Accept(ctx context.Context, delivery, eventName string, tasks []event.Task) (bool, error) {
	for _, t := range tasks {
		if t.Kind != event.Forget {
			continue
		}
		if err := s.queue.Forget(ctx, t.Subject.Repository.Installation, t.Repositories); err != nil {
			return false, err
		}
	}
	return s.queue.Accept(ctx, delivery, eventName, tasks)
}

// NewApp implements server.Registrar.
func (s *service) NewApp(organisation string) string { return s.site.NewApp(organisation) }

// Exchange implements server.Registrar.
func (s *service) Exchange(ctx context.Context, code string) (server.App, error) {
	c, err := github.Convert(ctx, s.github, code)
	if err != nil {
		return server.App{}, err
	}
	return *appOf(c), nil
}

// Store implements server.Registrar.
func (s *service) Store(ctx context.Context, app server.App) error {
	text, err := json.Marshal(github.Credentials{AppID: app.ID, Slug: app.Slug, Name: app.Name, Page: app.Page, ClientID: app.ClientID,
		ClientSecret: string(app.ClientSecret), WebhookSecret: string(app.WebhookSecret), PrivateKey: string(app.PrivateKey)})
	if err != nil {
		return err
	}
	if err := s.queue.SaveApp(ctx, string(text)); err != nil {
		return err
	}
	return s.use(context.WithoutCancel(ctx), app.ID, app.PrivateKey)
}

// forget deletes what lies on disk of repositories.
func (s *service) forget(installation int64, repositories []int64) error {
	if len(repositories) == 0 {
		s.metrics.Forget(installation)
	}
	return s.tenants.Forget(installation, repositories)
}

func (s *service) observeCall(c github.Call) {
	s.metrics.Call(c.Method, c.Endpoint, c.Status, c.Duration)
	if c.Limit > 0 {
		s.metrics.RateLimit(c.Installation, c.Resource, c.Left, c.Limit)
	}
}

func (s *service) depth(ctx context.Context) (server.Queue, error) {
	status, err := s.queue.Status(ctx)
	copies, bytes := s.mirror.Usage()
	s.metrics.CacheSize("mirrors", copies, bytes)
	return server.Queue{Jobs: map[string]int{"queued": status.Queued, "running": status.Running, "waiting": status.Waiting}, Oldest: status.Oldest}, err
}

// reachable says whether GitHub knows the App.
func (s *service) reachable(ctx context.Context) error {
	app := s.app.Load()
	if app == nil {
		return nil // credentials are a check of their own
	}
	return app.alive.check(ctx)
}

// pulse asks GitHub who we are, not more often than GitHub would like.
type pulse struct {
	app *github.App

	mu    sync.Mutex
	asked time.Time
	err   error
}

// pulseEvery is how long an answer counts.
const pulseEvery = time.Minute

func (p *pulse) check(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if age := time.Since(p.asked); age < pulseEvery && (p.err == nil || age < pulseEvery/12) {
		return p.err
	}
	_, p.err = p.app.Verify(ctx)
	p.asked = time.Now()
	return p.err
}
