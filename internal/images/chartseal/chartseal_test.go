package chartseal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

const archiveName = "redis-19.0.2.tgz"

var archive = []byte("the archive of a chart")

// person is somebody with a key.
func person(t testing.TB, name string, config *packet.Config) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity(name, "", strings.ToLower(name)+"@example.com", config)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// public exports public keys, in armor or not.
func public(t testing.TB, armored bool, all ...*openpgp.Entity) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, e := range all {
		var one bytes.Buffer
		if err := e.Serialize(&one); err != nil {
			t.Fatal(err)
		}
		if !armored {
			out.Write(one.Bytes())
			continue
		}
		w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(one.Bytes())
		_ = w.Close()
		out.WriteString("\n")
	}
	return out.Bytes()
}

// sealed is what helm package --sign leaves.
func sealed(t testing.TB, by *openpgp.Entity, text string, config *packet.Config) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := clearsign.Encode(&out, by.PrivateKey, config)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func about(name string, content []byte) string {
	sum := sha256.Sum256(content)
	return "apiVersion: v2\nname: redis\nversion: 19.0.2\n\n...\nfiles:\n  " + name + ": sha256:" + hex.EncodeToString(sum[:]) + "\n"
}

// TestVerify holds the verdicts on provenance files.
func TestVerify(t *testing.T) {
	t.Parallel()
	acme, other, evil := person(t, "Acme", nil), person(t, "Other", nil), person(t, "Evil", nil)
	old := &packet.Config{Time: func() time.Time { return time.Now().AddDate(-2, 0, 0) }, KeyLifetimeSecs: 86400}
	past := person(t, "Past", old)
	ring, err := ReadKeyring(public(t, true, other, acme, past))
	if err != nil {
		t.Fatal(err)
	}
	good := sealed(t, acme, about(archiveName, archive), nil)
	for name, c := range map[string]struct {
		seal []byte
		want string // "" for verified
	}{
		"signed":             {good, ""},
		"somebody else":      {sealed(t, evil, about(archiveName, archive), nil), "a key that is not in the keyring"},
		"expired":            {sealed(t, past, about(archiveName, archive), old), "has expired"},
		"altered text":       {bytes.Replace(good, []byte("version: 19"), []byte("version: 18"), 1), "does not hold"},
		"other archive":      {sealed(t, acme, about(archiveName, []byte("another")), nil), "another content"},
		"another name":       {sealed(t, acme, about("redis-18.0.0.tgz", archive), nil), `but about ["redis-18.0.0.tgz"]`},
		"no list":            {sealed(t, acme, "name: redis\n", nil), "lists no files"},
		"a name twice":       {sealed(t, acme, about(archiveName, archive)+"  "+archiveName+": sha256:00\n", nil), "lists no files"},
		"no signature":       {[]byte(about(archiveName, archive)), "no text signed with OpenPGP"},
		"empty":              {nil, "no text signed with OpenPGP"},
		"more behind":        {append(bytes.Clone(good), []byte("\nfiles: {}\n")...), "and nothing else"},
		"very large":         {make([]byte, maxSeal+1), "larger than"},
		"two in one":         {append(bytes.Clone(good), good...), "and nothing else"},
		"Windows' line ends": {bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), ""},
	} {
		signer, err := ring.Verify(archiveName, archive, c.seal, time.Now())
		switch {
		case c.want == "" && (err != nil || signer != "Acme <acme@example.com>"):
			t.Errorf("%s: %q, %v", name, signer, err)
		case c.want != "" && (err == nil || signer != "" || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %q, %v, want %q", name, signer, err, c.want)
		}
	}
}

// TestReadKeyring holds what is taken for a keyring.
func TestReadKeyring(t *testing.T) {
	t.Parallel()
	acme := person(t, "Acme", nil)
	var private bytes.Buffer
	if err := acme.SerializePrivate(&private, nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"binary": {public(t, false, acme, person(t, "Other", nil)), ""}, "armor": {public(t, true, acme), ""}, "private": {private.Bytes(), "a private key"},
		"empty": {nil, "holds no"}, "text": {[]byte("keys"), "holds no OpenPGP keys"}, "broken armor": {[]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), "cannot be read"},
		"large": {make([]byte, maxKeyring+1), "larger than"},
	} {
		if _, err := ReadKeyring(c.text); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// FuzzVerify holds that nothing verifies which nobody signed, and that nothing panics.
func FuzzVerify(f *testing.F) {
	acme, evil := person(f, "Acme", nil), person(f, "Evil", nil)
	ring, err := ReadKeyring(public(f, false, acme))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed(f, evil, about(archiveName, archive), nil))
	f.Add([]byte("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nx\n-----BEGIN PGP SIGNATURE-----\n\n=AAAA\n-----END PGP SIGNATURE-----\n"))
	f.Fuzz(func(t *testing.T, seal []byte) {
		if signer, err := ring.Verify(archiveName, archive, seal, time.Now()); err == nil {
			t.Fatalf("verified, by %s", signer)
		}
		_, _ = ReadKeyring(seal)
	})
}
