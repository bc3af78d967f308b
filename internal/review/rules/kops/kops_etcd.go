package kops

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsEtcd = review.Rule{
	ID: "kops-etcd", Level: review.Error, Guidelines: []string{"G23"},
	Summary: "etcd lies on disk, or speaks, in the clear, or keeps events among everything else",
	Kinds:   []string{cluster},
	Check:   checkKopsEtcd,
}

func checkKopsEtcd(p *review.Pass) {
	stores := spec(p).Get("etcdClusters")
	events := false
	for _, store := range stores.Items() {
		events = events || store.Get("name").Text() == "events"
		checkStore(p, store)
	}
	if len(stores.Items()) > 0 && !events {
		p.Report(stores, "cluster %s keeps events in the same etcd as everything else", p.Object.Name).
			Detail("A flood of events, which any crashing workload makes, then slows down or fills the store that the cluster lives on.")
	}
}

// endedEtcd are the lines of etcd's third version that get no more releases; two are kept at a time.
var endedEtcd = []string{"3.0", "3.1", "3.2", "3.3"}

func checkStore(p *review.Pass, store manifests.Field) {
	name := store.Get("name").Text()
	for _, member := range store.Get("etcdMembers").Items() {
		if at := member.Get("encryptedVolume"); !at.True() {
			p.Report(at, "member %s of etcd %s has a volume that is not encrypted", member.Get("name").Text(), name).
				Detail("Every Secret of the cluster is on it, and on each of its snapshots.")
		}
	}
	if at := store.Get("enableEtcdTLS"); at.False() {
		p.Report(at, "etcd %s speaks without TLS", name).
			Detail("Who reaches its port reads and writes everything in the cluster, without signing in.")
	}
	if at := store.Get("provider"); at.Text() == "Legacy" {
		p.Report(at, "etcd %s is run by the provider that kops gave up", name).Detail("It knows no TLS and no backups; current versions of kops refuse it.")
	}
	if at := store.Get("version"); slices.Contains(endedEtcd, minorOf(at.Text())) || strings.HasPrefix(at.Text(), "2.") {
		p.Report(at, "etcd %s is of version %s, which nobody mends any more", name, at.Text()).
			Detail("Flaws that are found in it stay. Leave the version out, and kops takes the one that goes with the version of Kubernetes.")
	}
}
