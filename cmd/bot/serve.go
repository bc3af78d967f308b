package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/landwaiter/landwaiter/internal/pullrequest"
	"github.com/landwaiter/landwaiter/internal/server"
)

type serveCmd struct {
	Config string `help:"Settings file; the environment (LANDWAITER_…) wins over it." placeholder:"FILE"`
}

// Help is shown below the flags.
func (serveCmd) Help() string {
	return `Without an App configured a link is printed that creates one at GitHub; nothing else has to be prepared.
docs/app.md has every setting.

Examples:
  landwaiter serve
  landwaiter serve --config /etc/landwaiter.yaml
  LANDWAITER_DATABASE=postgres://landwaiter@db/landwaiter landwaiter serve      several replicas`
}

// stopTime is how long reviews may take to end when the server is told to stop.
const stopTime = 25 * time.Second

// Run serves until it is told to stop.
func (c *serveCmd) Run(ctx context.Context, sys surroundings) error {
	settings, err := c.settings(sys)
	if err != nil {
		return usageError(err)
	}
	if err := os.MkdirAll(settings.Data, 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	s, err := newService(ctx, sys, settings, tuning{})
	if err != nil {
		return err
	}
	return errors.Join(s.run(ctx), s.close(context.WithoutCancel(ctx)))
}

func (c *serveCmd) settings(sys surroundings) (server.Settings, error) {
	var file server.File
	if c.Config != "" {
		text, err := os.ReadFile(c.Config)
		if err != nil {
			return server.Settings{}, err
		}
		file = server.File{Name: c.Config, Text: text}
	}
	return server.LoadSettings(file, sys.env, os.ReadFile)
}

// run receives webhooks and works on them until ctx ends.
func (s *service) run(ctx context.Context) error {
	if s.door == nil {
		return errors.New("the server was not made")
	}
	if err := s.door.Listen(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.door.Run(ctx) })
	group.Go(func() error { return s.reconcile(ctx) })
	return group.Wait()
}

// close ends the work and gives everything back.
func (s *service) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	err := errors.Join(s.queue.Stop(ctx), s.tracing.Stop(ctx))
	s.queue.Close()
	return err
}

// How often is looked for what webhooks did not tell, and how far back. GitHub keeps deliveries for three days.
const (
	reconcileEvery = 10 * time.Minute
	reconcileBack  = 3 * 24 * time.Hour
	reconcileFact  = "reconciled" // until when failed webhooks were looked for
)

// reconcile looks for what webhooks did not tell: at the start, and from time to time. Of several replicas the one does
// it that is first to find it due.
func (s *service) reconcile(ctx context.Context) error {
	ticker := time.NewTicker(reconcileEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.working: // what was missed while there was no server waits no longer than it must
			s.reconcileOnce(ctx, reconcileEvery/10)
		case <-ticker.C:
			s.reconcileOnce(ctx, reconcileEvery/2)
		}
	}
}

// reconcileOnce looks for it unless somebody did so a shorter time ago than apart.
func (s *service) reconcileOnce(ctx context.Context, apart time.Duration) {
	app := s.app.Load()
	if app == nil {
		return
	}
	seen, last, err := s.queue.Fact(ctx, 0, reconcileFact)
	if err == nil && time.Since(last) < apart {
		return
	}
	if err == nil {
		err = s.queue.SetFact(ctx, 0, reconcileFact, seen)
	}
	if err == nil {
		err = errors.Join(s.mirror.Sweep(), s.redeliver(ctx, app.worker, seen), app.worker.Sweep(ctx))
	}
	if err != nil && ctx.Err() == nil {
		s.log.Warn("looking for missed webhooks", "error", err)
	}
}

// redeliver asks for webhooks again that failed since that was done last, which it notes.
func (s *service) redeliver(ctx context.Context, worker *pullrequest.Worker, seen string) error {
	now := time.Now()
	since := now.Add(-reconcileBack)
	if before, err := time.Parse(time.RFC3339, seen); err == nil && before.After(since) {
		since = before.Add(-reconcileEvery)
	}
	if err := worker.Redeliver(ctx, since); err != nil {
		return err
	}
	return s.queue.SetFact(ctx, 0, reconcileFact, now.Format(time.RFC3339))
}
