package server

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics count what happens, in a registry of their own, for Prometheus to ask for. A nil *Metrics counts nothing. All
// methods may be called from several goroutines. The values of labels that callers give have to be few, and must not be
// chosen by people.
type Metrics struct {
	registry *prometheus.Registry

	deliveries  *prometheus.CounterVec
	answered    prometheus.Histogram
	reviews     *prometheus.CounterVec
	reviewTime  *prometheus.HistogramVec
	stages      *prometheus.HistogramVec
	calls       *prometheus.CounterVec
	callTime    *prometheus.HistogramVec
	rateLeft    *prometheus.GaugeVec
	rateLimit   *prometheus.GaugeVec
	fetches     *prometheus.CounterVec
	cacheLooks  *prometheus.CounterVec
	cacheBytes  *prometheus.GaugeVec
	cacheCopies *prometheus.GaugeVec
}

// NewMetrics returns metrics of a build of the program.
func NewMetrics(version string) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "landwaiter_" + name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "landwaiter_" + name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "landwaiter_" + name, Help: help, Buckets: buckets}, labels)
	}
	quick := prometheus.ExponentialBuckets(0.001, 2, 14) // 1 ms to 8 s
	slow := prometheus.ExponentialBuckets(0.05, 2, 14)   // 50 ms to 7 minutes
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		deliveries: counter("webhook_deliveries_total", "Webhook deliveries by event and status of the answer. What is not verified has no event.", "event", "status"),
		answered: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "landwaiter_webhook_duration_seconds",
			Help: "How long verified deliveries took to be answered.", Buckets: quick}),
		reviews:     counter("reviews_total", "Reviews by outcome.", "outcome"),
		reviewTime:  histogram("review_duration_seconds", "How long reviews took, from the start of the job.", slow, "outcome"),
		stages:      histogram("stage_duration_seconds", "How long the stages of reviews took.", slow, "stage"),
		calls:       counter("github_requests_total", "Requests to GitHub by endpoint and status; status 0 is no answer.", "method", "endpoint", "status"),
		callTime:    histogram("github_request_duration_seconds", "How long requests to GitHub took.", quick, "endpoint"),
		rateLeft:    gauge("github_rate_limit_remaining", "What is left of the rate limit, by installation (0: the App itself) and resource.", "installation", "resource"),
		rateLimit:   gauge("github_rate_limit", "The rate limit.", "installation", "resource"),
		fetches:     counter("mirror_fetches_total", "What reviews needed of Git: present, fetched, cloned or failed.", "result"),
		cacheLooks:  counter("cache_requests_total", "Looks into a cache by result: hit or miss.", "cache", "result"),
		cacheBytes:  gauge("cache_bytes", "Disk that a cache takes.", "cache"),
		cacheCopies: gauge("cache_entries", "Entries of a cache.", "cache"),
	}
	build := gauge("build_info", "Always 1, with the version.", "version")
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(m.deliveries, m.answered, m.reviews, m.reviewTime, m.stages, m.calls, m.callTime, m.rateLeft, m.rateLimit, m.fetches,
		m.cacheLooks, m.cacheBytes, m.cacheCopies, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// events are the ones that are counted by name; what others can name is one label.
var events = map[string]bool{
	"pull_request": true, "merge_group": true, "check_run": true, "check_suite": true, "issue_comment": true, "push": true,
	"installation": true, "installation_repositories": true, "ping": true, "pull_request_review_comment": true,
}

func (m *Metrics) webhook(verified bool, event string, status int, took time.Duration) {
	if m == nil {
		return
	}
	switch {
	case !verified:
		event = ""
	case !events[event]:
		event = "other"
	}
	m.deliveries.WithLabelValues(event, strconv.Itoa(status)).Inc()
	if verified {
		m.answered.Observe(took.Seconds())
	}
}

// Review counts a review with its outcome (success, failure, action_required, cancelled, error), how long it took, and
// how long its stages did.
func (m *Metrics) Review(outcome string, took time.Duration, stages map[string]time.Duration) {
	if m == nil {
		return
	}
	m.reviews.WithLabelValues(outcome).Inc()
	m.reviewTime.WithLabelValues(outcome).Observe(took.Seconds())
	for stage, took := range stages {
		m.stages.WithLabelValues(stage).Observe(took.Seconds())
	}
}

// Call counts a request to GitHub. Endpoint is written as GitHub's documentation does, without names.
func (m *Metrics) Call(method, endpoint string, status int, took time.Duration) {
	if m == nil {
		return
	}
	m.calls.WithLabelValues(method, endpoint, strconv.Itoa(status)).Inc()
	m.callTime.WithLabelValues(endpoint).Observe(took.Seconds())
}

// RateLimit notes what is left of an installation's limit; installation 0 is the App itself.
func (m *Metrics) RateLimit(installation int64, resource string, left, limit int) {
	if m == nil {
		return
	}
	id := strconv.FormatInt(installation, 10)
	m.rateLeft.WithLabelValues(id, resource).Set(float64(left))
	m.rateLimit.WithLabelValues(id, resource).Set(float64(limit))
}

// Forget drops what is known by installation.
func (m *Metrics) Forget(installation int64) {
	if m == nil {
		return
	}
	labels := prometheus.Labels{"installation": strconv.FormatInt(installation, 10)}
	m.rateLeft.DeletePartialMatch(labels)
	m.rateLimit.DeletePartialMatch(labels)
}

// Fetch counts what a review needed of Git: present, fetched, cloned or failed.
func (m *Metrics) Fetch(result string) {
	if m != nil {
		m.fetches.WithLabelValues(result).Inc()
	}
}

// CacheLook counts a look into a cache.
func (m *Metrics) CacheLook(cache string, hit bool) {
	if m == nil {
		return
	}
	result := "miss"
	if hit {
		result = "hit"
	}
	m.cacheLooks.WithLabelValues(cache, result).Inc()
}

// CacheSize notes how large a cache is.
func (m *Metrics) CacheSize(cache string, entries, bytes int64) {
	if m == nil {
		return
	}
	m.cacheCopies.WithLabelValues(cache).Set(float64(entries))
	m.cacheBytes.WithLabelValues(cache).Set(float64(bytes))
}

// Queue is how much there is to do.
type Queue struct {
	Jobs   map[string]int // by state: queued, running, waiting
	Oldest time.Duration  // how long the first of those that could run has been waiting
}

// WatchQueue has the queue asked whenever metrics are. It is called once.
func (m *Metrics) WatchQueue(ask func(ctx context.Context) (Queue, error)) {
	if m != nil {
		m.registry.MustRegister(queueCollector{ask})
	}
}

// queueCollector asks the queue when Prometheus asks us.
type queueCollector struct {
	ask func(ctx context.Context) (Queue, error)
}

func queueDepth() *prometheus.Desc {
	return prometheus.NewDesc("landwaiter_queue_jobs", "Jobs by state.", []string{"state"}, nil)
}

func queueAge() *prometheus.Desc {
	return prometheus.NewDesc("landwaiter_queue_oldest_seconds", "How long the first job that could run has been waiting.", nil, nil)
}

// Describe implements prometheus.Collector.
func (c queueCollector) Describe(out chan<- *prometheus.Desc) {
	out <- queueDepth()
	out <- queueAge()
}

// Collect implements prometheus.Collector. A queue that does not answer is an error of the answer, which then still has
// everything else.
func (c queueCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	queue, err := c.ask(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(queueDepth(), err)
		return
	}
	for state, jobs := range queue.Jobs {
		out <- prometheus.MustNewConstMetric(queueDepth(), prometheus.GaugeValue, float64(jobs), state)
	}
	out <- prometheus.MustNewConstMetric(queueAge(), prometheus.GaugeValue, queue.Oldest.Seconds())
}
