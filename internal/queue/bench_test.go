package queue

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
)

// BenchmarkAccept sends 500 deliveries for 100 pull requests, in 10 seconds and all at once, while jobs run that ask five
// times whether they are current. It reports how long deliveries wait for their answer, how long it takes until all are
// reviewed, and the process's memory at its highest.
func BenchmarkAccept(b *testing.B) {
	for _, database := range []struct {
		name string
		url  func(b *testing.B) string
	}{
		{"sqlite", func(b *testing.B) string { return "sqlite:" + filepath.Join(b.TempDir(), "q.db") }},
		{"postgres", func(b *testing.B) string { return postgres.newDatabase(b, "ready") }},
	} {
		for name, over := range map[string]time.Duration{"10s": 10 * time.Second, "burst": 0} {
			b.Run(database.name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					deliver500(b, database.url(b), over)
				}
			})
		}
	}
}

func deliver500(b *testing.B, url string, over time.Duration) {
	q, err := Open(b.Context(), Config{Database: url, Workers: 2, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer halt(q)
	if err := q.Start(b.Context(), asker{q}); err != nil {
		b.Fatal(err)
	}
	const deliveries, pulls = 500, 100
	took := make([]time.Duration, deliveries)
	var all sync.WaitGroup
	began := time.Now()
	for i := range deliveries {
		time.Sleep(time.Until(began.Add(over * time.Duration(i) / deliveries)))
		all.Go(func() {
			sent := time.Now()
			_, err := q.Accept(b.Context(), fmt.Sprint(i), "pull_request", []event.Task{review(i%pulls+1, fmt.Sprint("head", i/pulls))})
			if err != nil {
				b.Error(err)
			}
			took[i] = time.Since(sent)
		})
	}
	all.Wait()
	awaitIdle(b, q)
	slices.Sort(took)
	b.ReportMetric(float64(took[deliveries/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[deliveries*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[deliveries-1].Microseconds())/1000, "max-ms")
	b.ReportMetric(time.Since(began).Seconds(), "all-reviewed-s")
	b.ReportMetric(peakMemory(b), "peak-MiB")
}

// awaitIdle waits until every job has ended.
func awaitIdle(b *testing.B, q *Queue) {
	for {
		status, err := q.Status(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if status == (Status{}) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// asker does what a job asks of the queue.
type asker struct{ queue *Queue }

func (a asker) Work(ctx context.Context, job Job) error {
	for range 5 {
		if err := a.queue.Current(ctx, job); err != nil {
			return err
		}
	}
	return nil
}

func (asker) Failed(context.Context, Job, error) error { return nil }

// peakMemory is the most that was resident, in MiB.
func peakMemory(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	var kib float64
	if _, err := fmt.Sscan(line, &kib); err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}
