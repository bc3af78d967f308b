// Package evidence finds out what proves an image: signatures, build provenance, bills of materials and scans, as Sigstore
// (cosign's tags and bundles), GitHub and the Notary Project keep them beside images.
//
// Two words. A seal is one thing that somebody signed about an image: a signature, or an attestation, which is a
// signature over a statement. A trust root is the file that says whose certificates, transparency logs and clocks count
// (Sigstore's trusted_root.json). Nothing is asked but registries and, where it is given, GitHub: what the trust root does
// not say is not looked up, and logs are not asked, since a seal brings their proof with it.
//
// What whoever pushes an image can bring about, as junk beside it, is never indeterminate: only a registry can be at fault
// for that.
package evidence

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// GitHubAttestations asks GitHub for what it keeps of artifact attestations.
type GitHubAttestations interface {
	// Attestations returns the Sigstore bundles that owner's repositories have for a digest ("sha256:…"), none when
	// there is nothing. An error says that GitHub could not be asked.
	Attestations(ctx context.Context, owner, digest string) ([][]byte, error)
}

// Keeper keeps what was found out from run to run. What it returns for a name and key is what was kept for them, or nil.
type Keeper interface {
	Kept(name, key string) []byte
	Keep(name, key string, data []byte)
}

// Config is what a Prover needs to know. Only Registry has to be there.
type Config struct {
	Registry    *registry.Client
	TrustedRoot []byte             // the policy's trusted_root.json, or several, one a line; nil for Sigstore's public good
	GitHub      GitHubAttestations // nil when GitHub is not asked
	Mirrors     images.Mirrors
	Cache       Keeper           // nil for none; of one tenant
	Now         func() time.Time // nil for the clock
	Parallel    int              // images at a time; 0 for 16
	Timeout     time.Duration    // for one image; 0 for two minutes
}

// Prover proves images. Its methods may be called from several goroutines.
type Prover struct {
	config Config
	trust  *trust
	memory *semaphore.Weighted
}

// New makes a prover. The error says what is wrong with the trust root.
func New(config Config) (*Prover, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Parallel <= 0 {
		config.Parallel = 16
	}
	if config.Timeout <= 0 {
		config.Timeout = 2 * time.Minute
	}
	trust, err := newTrust(config.TrustedRoot)
	if err != nil {
		return nil, err
	}
	return &Prover{config: config, trust: trust, memory: semaphore.NewWeighted(maxMemory)}, nil
}

// Prove answers questions, each image once however often it is asked about; the platforms of all its questions count, and
// the demand of the first. What could not be asked is in the verdict, so there is no error.
func (p *Prover) Prove(ctx context.Context, questions []images.Question) map[images.Reference]images.Evidence {
	once := merge(questions)
	answers := make(map[images.Reference]images.Evidence, len(once))
	var mu sync.Mutex
	run := &run{Prover: p, known: map[string]*memo{}, read: map[*images.Demand]func() (signers, error){}}
	var group errgroup.Group
	group.SetLimit(p.config.Parallel)
	for _, q := range once {
		group.Go(func() error {
			answer := run.answer(ctx, q)
			mu.Lock()
			defer mu.Unlock()
			answers[q.Reference] = answer
			return nil
		})
	}
	_ = group.Wait() // none of them returns an error
	return answers
}

// merge puts questions about one image together.
func merge(questions []images.Question) []images.Question {
	var once []images.Question
	at := make(map[images.Reference]int, len(questions))
	for _, q := range questions {
		i, again := at[q.Reference]
		if !again {
			at[q.Reference] = len(once)
			q.Platforms = union(nil, q.Platforms)
			once = append(once, q)
			continue
		}
		once[i].Platforms = union(once[i].Platforms, q.Platforms)
		if once[i].Demand == nil {
			once[i].Demand = q.Demand
		}
	}
	return once
}

func union(a, b []string) []string {
	seen := make(map[string]bool, len(a)+len(b))
	var all []string
	for _, list := range [][]string{a, b} {
		for _, s := range list {
			if !seen[s] {
				seen[s] = true
				all = append(all, s)
			}
		}
	}
	return all
}

// run is one call of Prove. Two tags of one digest are proven once.
type run struct {
	*Prover
	mu    sync.Mutex
	known map[string]*memo
	read  map[*images.Demand]func() (signers, error)
}

type memo struct {
	once   sync.Once
	answer images.Evidence
}

// answer finds out about one image: what its reference names, and then what is there about that digest.
func (r *run) answer(ctx context.Context, q images.Question) images.Evidence {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	named, failed := r.resolve(ctx, q)
	if failed != nil {
		return *failed
	}
	subject := subject{ref: pinned(q.Reference, named.Digest), demand: q.Demand, platforms: q.Platforms, mediaType: named.MediaType}
	key := r.cacheKey(subject)
	r.mu.Lock()
	m := r.known[key]
	if m == nil {
		m = &memo{}
		r.known[key] = m
	}
	r.mu.Unlock()
	m.once.Do(func() { m.answer = r.examined(ctx, subject, key) })
	answer := m.answer
	answer.TagDigest = named.tagDigest
	if answer.Reason == "" {
		answer.Reason = named.note
	}
	return answer
}

// pinned is a reference to a digest, whatever else it named.
func pinned(ref images.Reference, digest string) images.Reference {
	ref.Tag, ref.Digest = "", digest
	return ref
}

// examined examines a digest, or remembers.
func (r *run) examined(ctx context.Context, s subject, key string) (answer images.Evidence) {
	if kept, ok := r.recall(s, key); ok {
		return kept
	}
	defer func() {
		if problem := recover(); problem != nil { // of a library, over content that somebody pushed
			answer = images.Evidence{Digest: s.ref.Digest, Verdict: images.Untrusted, Reason: "what is attached to it cannot be read: " + oneLine(fmt.Sprint(problem))}
		}
	}()
	answer, until := r.examine(ctx, s)
	r.keep(s, key, answer, until)
	return answer
}
