package reliability

import (
	"cmp"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var probesIdentical = review.Rule{
	ID: "probes-identical", Level: review.Warning,
	Summary: "The liveness probe gives up no later than the readiness probe on the same address",
	Kinds:   []string{review.Workloads},
	Check:   checkProbesIdentical,
}

func checkProbesIdentical(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		liveness, readiness := c.Get("livenessProbe"), c.Get("readinessProbe")
		if !sameHandler(liveness, readiness) || patience(liveness) > patience(readiness) {
			continue
		}
		p.Report(liveness, "%s is restarted as soon as it is not ready", c.Title()).
			Detail("Both probes ask the same and give up after the same time. A pod that is only busy should be left alone until it has caught up; here it is restarted, and its load goes to the others until they are, too.").
			Related(readiness)
	}
}

var handlers = []string{"httpGet", "tcpSocket", "exec", "grpc"}

// sameHandler reports whether two probes ask the same question.
func sameHandler(a, b manifests.Field) bool {
	if !a.IsMap() || !b.IsMap() {
		return false
	}
	asks := false
	for _, handler := range handlers {
		x, y := a.Get(handler), b.Get(handler)
		if x.IsSet() != y.IsSet() || x.IsSet() && !same(x, y) && !sameRequest(x, y) {
			return false
		}
		asks = asks || x.IsSet()
	}
	return asks
}

// sameRequest reports whether two requests by HTTP are one once the API server has filled them in.
func sameRequest(a, b manifests.Field) bool {
	for key, filled := range map[string]string{"path": "/", "port": "", "scheme": "HTTP", "host": ""} {
		if cmp.Or(a.Get(key).Text(), filled) != cmp.Or(b.Get(key).Text(), filled) {
			return false
		}
	}
	return a.Get("port").IsSet() && same(a.Get("httpHeaders"), b.Get("httpHeaders"))
}

// same compares two fields by value, whatever the order of their keys.
func same(a, b manifests.Field) bool {
	if a.IsMap() != b.IsMap() || a.IsList() != b.IsList() || a.Text() != b.Text() ||
		len(a.Entries()) != len(b.Entries()) || len(a.Items()) != len(b.Items()) {
		return false
	}
	for _, entry := range a.Entries() {
		if other := b.Get(entry.Key); !other.Exists() || !same(entry.Value, other) {
			return false
		}
	}
	for i, item := range a.Items() {
		if !same(item, b.At(i)) {
			return false
		}
	}
	return true
}

// patience is how many seconds of failures a probe takes before it acts.
func patience(probe manifests.Field) int64 {
	return orDefault(probe.Get("periodSeconds"), 10) * orDefault(probe.Get("failureThreshold"), 3)
}

func orDefault(at manifests.Field, value int64) int64 {
	if n, ok := at.Int(); ok && n > 0 {
		return n
	}
	return value
}
