package evidence_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/evidence"
	. "github.com/landwaiter/landwaiter/internal/images/imagestest"
)

// fleet is many images, each with a signature and an attestation.
type fleet struct {
	registry  *Registry
	config    evidence.Config
	questions []images.Question
}

// leavings are ways in which the two lie there.
var leavings = []string{"first format and bundle", "bundles", "first format", "by identity"}

func newFleet(t testing.TB, mode Mode, leaving string, n int) *fleet {
	t.Helper()
	f := &fleet{registry: NewRegistry(t, mode)}
	authority, key := NewAuthority(t), NewKey(t)
	f.config = evidence.Config{TrustedRoot: authority.TrustedRoot(t, Parts{})}
	demand := &images.Demand{SBOM: true, Signature: &images.SignatureDemand{Keys: []images.Key{key.Public("acme.pub")}}}
	if leaving == "by identity" {
		demand.Signature = byIdentity(t)
	}
	for i := range n {
		repository := fmt.Sprintf("acme/app-%d", i)
		image, _ := f.registry.Image(t, repository, "1")
		bill := Statement(t, image.Digest, SPDX, object{"packages": []object{{"name": "busybox", "versionInfo": "1.37"}}})
		sign := SignStatement(t, image.Digest)
		switch leaving {
		case "bundles":
			f.registry.Attach(t, image, CosignSign, key.Bundle(t, nil, sign, Sealing{}))
			f.registry.Attach(t, image, SPDX, key.Bundle(t, nil, bill, Sealing{}))
		case "by identity":
			how := Sealing{NoStamp: true} // as Sigstore's public good: a log's entry, and a certificate in a log
			f.registry.Attach(t, image, CosignSign, authority.Bundle(t, release, sign, how))
			f.registry.Attach(t, image, SPDX, authority.Bundle(t, release, bill, how))
		case "first format":
			f.registry.Tag(t, image, ".sig", key.Simple(t, image.Name(), image.Digest))
			f.registry.Tag(t, image, ".att", key.Envelope(t, bill))
		default:
			f.registry.Tag(t, image, ".sig", key.Simple(t, image.Name(), image.Digest))
			f.registry.Attach(t, image, SPDX, key.Bundle(t, nil, bill, Sealing{}))
		}
		f.questions = append(f.questions, images.Question{Reference: Reference(t, "%s/%s:1", f.registry.Host, repository), Demand: demand})
	}
	return f
}

// prove proves all of them, as a run of its own does, and returns how many requests that took.
func (f *fleet) prove(t testing.TB) int {
	t.Helper()
	f.config.Registry = Client(t, f.registry)
	p, err := evidence.New(f.config)
	if err != nil {
		t.Fatal(err)
	}
	for ref, answer := range p.Prove(t.Context(), f.questions) {
		if answer.Verdict != images.Verified {
			t.Fatalf("%s: %s %q", ref, answer.Verdict, answer.Reason)
		}
	}
	return f.config.Registry.Requests()
}

// TestRequests holds how often registries are asked: for an image with a signature and an attestation seven times, eight
// where a tag stands in for the API, and once when it is known.
func TestRequests(t *testing.T) {
	t.Parallel()
	const n = 20
	for _, mode := range []Mode{API, Fallback} {
		most := map[Mode]int{API: 7, Fallback: 8}[mode]
		for _, leaving := range leavings {
			f := newFleet(t, mode, leaving, n)
			f.config.Cache = &shelf{data: map[string][]byte{}}
			first, again := f.prove(t), f.prove(t)
			if first > most*n+3 || again > n+2 { // two more for how to sign in, and one where there is no API
				t.Errorf("%s, %s: %.2f requests an image, at most %d; then %.2f", mode, leaving, float64(first)/n, most, float64(again)/n)
			}
			t.Logf("%s, %s: %.2f requests an image, then %.2f", mode, leaving, float64(first)/n, float64(again)/n)
		}
	}
}

// processorTime is what this process used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkProve measures 200 images. What registries cost is measured by sending the same requests without proving, and
// taken off: "cpu-ms/image" is our own.
func BenchmarkProve(b *testing.B) {
	const n = 200
	for _, mode := range []Mode{API, Fallback} {
		for _, leaving := range leavings {
			b.Run(strings.ReplaceAll(string(mode)+"/"+leaving, " ", "-"), func(b *testing.B) {
				f := newFleet(b, mode, leaving, n)
				f.registry.Requests()
				requests := f.prove(b)
				paths := f.registry.Requests()
				b.ResetTimer()
				before := processorTime(b)
				for range b.N {
					f.prove(b)
				}
				total := processorTime(b) - before
				b.StopTimer()
				before = processorTime(b)
				for range b.N {
					f.replay(b, paths)
				}
				http := processorTime(b) - before
				images := float64(n * b.N)
				b.ReportMetric(float64(requests)/n, "requests/image")
				b.ReportMetric(float64(total.Microseconds())/1000/images, "all-cpu-ms/image")
				b.ReportMetric(float64((total-http).Microseconds())/1000/images, "cpu-ms/image")
			})
		}
	}
}

// replay sends requests again, as the run sent them, and reads the answers.
func (f *fleet) replay(b *testing.B, paths []string) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, MaxConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	todo := make(chan string)
	done := make(chan error)
	for range 8 {
		go func() {
			var failed error
			for each := range todo {
				method, path, _ := strings.Cut(each, " ")
				if err := fetch(client, method, "http://"+f.registry.Host+path); err != nil {
					failed = err
				}
			}
			done <- failed
		}()
	}
	for _, each := range paths {
		todo <- each
	}
	close(todo)
	for range 8 {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

func fetch(client *http.Client, method, url string) error {
	req, err := http.NewRequestWithContext(context.Background(), method, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
