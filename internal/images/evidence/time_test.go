package evidence_test

import (
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	. "github.com/landwaiter/landwaiter/internal/images/imagestest"
)

// under makes a root without some parts the one that counts.
func under(without Parts, leave func(l *lab)) func(l *lab) {
	return func(l *lab) {
		l.config.TrustedRoot = l.authority.TrustedRoot(l, without)
		leave(l)
	}
}

func at(who Identity, when time.Time) Identity {
	who.At = when
	return who
}

// TestTimes holds what logs and clocks have to say of a certificate, by what the trust root names.
func TestTimes(t *testing.T) {
	t.Parallel()
	noLog, noTime := want{images.Untrusted, "no transparency log of the trust root has it"}, want{images.Untrusted, "says when it was made"}
	unlogged := release
	unlogged.NoSCT = true
	runSignatures(t, []signatureCase{
		{"log only", signBundle(release, Sealing{NoStamp: true}), nil, verified},
		{"timestamp only, where logs are named", signBundle(release, Sealing{NoLog: true}), nil, noLog},
		{"timestamp only, where no log is named", under(Parts{NoLog: true}, signBundle(release, Sealing{NoLog: true})), nil, verified},
		{"first format, timestamp only", under(Parts{NoLog: true}, sigTag(func(l *lab) []Seal { return []Seal{l.simpleBy(release, Sealing{NoLog: true})} })), nil, verified},
		{"neither, where no log is named", under(Parts{NoLog: true}, signBundle(release, Sealing{NoLog: true, NoStamp: true})), nil, noTime},
		{"neither", signBundle(release, Sealing{NoLog: true, NoStamp: true}), nil, noLog},
		{"first format, neither", sigTag(func(l *lab) []Seal { return []Seal{l.simpleBy(release, Sealing{NoLog: true, NoStamp: true})} }), nil, noLog},
		{"logged after the certificate", signBundle(at(release, ago(time.Hour)), Sealing{NoStamp: true}), nil, want{images.Untrusted, "it was logged when its certificate was not valid"}},
		{"logged before the certificate", signBundle(release, Sealing{NoStamp: true, Logged: ago(time.Hour)}), nil, want{images.Untrusted, "it was logged when its certificate was not valid"}},
		{"logged long ago, in time", signBundle(at(release, ago(90*24*time.Hour)), Sealing{NoStamp: true, Logged: ago(90 * 24 * time.Hour)}), nil, verified},
		{"stamped after the certificate", under(Parts{NoLog: true}, signBundle(at(release, ago(time.Hour)), Sealing{NoLog: true})), nil,
			want{images.Untrusted, "was not valid when it was made"}},
		{"in no certificate log", signBundle(unlogged, Sealing{}), nil, want{images.Untrusted, "its certificate is in no certificate log"}},
		{"in no certificate log, and none is named", under(Parts{NoCertificateLog: true}, signBundle(unlogged, Sealing{})), nil, verified},
	})
}

// TestKeyDates holds that a key counts for what was signed while it did, as far as somebody trusted says when that was.
func TestKeyDates(t *testing.T) {
	t.Parallel()
	between := func(after, before time.Duration) func(l *lab) *images.SignatureDemand {
		return func(l *lab) *images.SignatureDemand {
			return &images.SignatureDemand{Keys: []images.Key{l.key.Between("keys/old.pub", ago(after), ago(before))}}
		}
	}
	const day = 24 * time.Hour
	plain := sigTag(func(l *lab) []Seal { return []Seal{l.simple()} })
	logged := func(when time.Duration) func(l *lab) {
		return sigTag(func(l *lab) []Seal {
			return []Seal{l.key.SimpleLogged(l, l.authority, l.name(), l.image.Digest, Sealing{Logged: ago(when), NoStamp: true})}
		})
	}
	bundle := func(how Sealing) func(l *lab) {
		return bundled(func(l *lab) []byte { return l.key.Bundle(l, l.authority, SignStatement(l, l.image.Digest), how) })
	}
	expired := want{images.Untrusted, "keys/old.pub, which counts from "}
	runSignatures(t, []signatureCase{
		{"counts now", plain, between(day, -day), verified},
		{"counts no more", plain, between(9*day, day), expired},
		{"does not count yet", plain, between(-day, -2*day), expired},
		{"counted when it was logged", logged(5 * day), between(9*day, day), verified},
		{"counted before it was logged", logged(0), between(9*day, day), expired},
		{"bundle, counted when it was logged", bundle(Sealing{Logged: ago(5 * day), NoStamp: true}), between(9*day, day), verified},
		{"bundle, stamped too late", bundle(Sealing{NoLog: true}), between(9*day, day), expired},
		{"bundle, stamped in time", bundle(Sealing{NoLog: true}), between(day, -day), verified},
		{"log of somebody else", bundled(func(l *lab) []byte {
			return l.key.Bundle(l, NewAuthority(l), SignStatement(l, l.image.Digest), Sealing{Logged: ago(5 * day)})
		}), between(9*day, day), expired},
	})
}

// TestThresholds holds that as many keys have to sign as the policy says, each counted once.
func TestThresholds(t *testing.T) {
	t.Parallel()
	second := NewKey(t)
	demand := func(threshold int) func(l *lab) *images.SignatureDemand {
		return func(l *lab) *images.SignatureDemand {
			return &images.SignatureDemand{Threshold: threshold, Keys: []images.Key{l.key.Public("a.pub"), l.key.Public("again.pub"), second.Public("b.pub")}}
		}
	}
	one := sigTag(func(l *lab) []Seal { return []Seal{l.simple(), l.simple()} })
	two := func(l *lab) {
		one(l)
		bundled(func(l *lab) []byte { return second.Bundle(l, nil, SignStatement(l, l.image.Digest), Sealing{}) })(l)
	}
	runSignatures(t, []signatureCase{
		{"one of one", one, demand(0), verified},
		{"one of two", one, demand(2), want{images.Untrusted, "signed by 1 of the 2 keys that the policy asks for (a.pub)"}},
		{"two of two", two, demand(2), verified},
		{"two of three", two, demand(3), want{images.Untrusted, "signed by 2 of the 3 keys"}},
	})
}

// TestKeyKinds holds which kinds of keys verify.
func TestKeyKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"P-384", "Ed25519"} {
		key := NewKeyOf(t, kind)
		demand := func(*lab) *images.SignatureDemand {
			return &images.SignatureDemand{Keys: []images.Key{key.Public("k.pub")}}
		}
		message := want{images.Untrusted, "it is not by the key it should be by"} // of the digest alone neither can say anything
		runSignatures(t, []signatureCase{
			{kind + " first format", sigTag(func(l *lab) []Seal { return []Seal{key.Simple(l, l.name(), l.image.Digest)} }), demand, verified},
			{kind + " bundle", bundled(func(l *lab) []byte { return key.Bundle(l, nil, SignStatement(l, l.image.Digest), Sealing{}) }), demand, verified},
			{kind + " of the digest itself", bundled(func(l *lab) []byte { return key.MessageBundle(l, l.Content(l, repository, l.image.Digest)) }), demand, message},
			{kind + " over nothing", bundled(func(l *lab) []byte { return key.EmptyBundle(l, l.image.Digest) }), demand, message},
		})
	}
	l := newLab(t, API)
	weak := images.Key{File: "keys/none.pub", PEM: []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")}
	got := l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: &images.SignatureDemand{Keys: []images.Key{weak}}}})
	want{images.Untrusted, "keys/none.pub holds no public key in PEM"}.check(t, got)
}
