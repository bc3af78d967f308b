// Package chartseal verifies Helm's provenance files: NAME-VERSION.tgz.prov, which lies beside the archive of a chart and is
// a text signed with OpenPGP that names the archive's digest (helm.sh/docs/topics/provenance).
package chartseal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"go.yaml.in/yaml/v3"
)

// Keyring holds the public keys of those who may sign.
type Keyring struct{ keys openpgp.EntityList }

// Limits of what is read.
const (
	maxKeyring = 8 << 20
	maxSeal    = 1 << 20
)

// ReadKeyring reads public keys, in binary as gpg --export writes them, or in armor, one block after the other. The error says
// what is wrong with the file.
func ReadKeyring(text []byte) (*Keyring, error) {
	if len(text) > maxKeyring {
		return nil, fmt.Errorf("it is larger than %d MiB", maxKeyring>>20)
	}
	ring := &Keyring{}
	if !bytes.Contains(text, []byte("-----BEGIN PGP")) {
		keys, err := openpgp.ReadKeyRing(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("it holds no OpenPGP keys: export them with gpg --export: %w", err)
		}
		ring.keys = keys
		return ring, ring.check()
	}
	for _, block := range bytes.SplitAfter(text, []byte("-----END PGP PUBLIC KEY BLOCK-----")) {
		if len(bytes.TrimSpace(block)) == 0 {
			continue
		}
		decoded, err := armor.Decode(bytes.NewReader(block))
		if err != nil {
			return nil, fmt.Errorf("its armor cannot be read: %w", err)
		}
		keys, err := openpgp.ReadKeyRing(decoded.Body)
		if err != nil {
			return nil, fmt.Errorf("it holds no OpenPGP keys: %w", err)
		}
		ring.keys = append(ring.keys, keys...)
	}
	return ring, ring.check()
}

func (r *Keyring) check() error {
	for _, e := range r.keys {
		if e.PrivateKey != nil {
			return errors.New("it holds a private key: take it out of the repository, and hold it for lost")
		}
	}
	if len(r.keys) == 0 {
		return errors.New("it holds no key")
	}
	return nil
}

// Verify holds the archive of a chart, called name without its directory, against its provenance file at a time. It returns who
// signed. The error is a sentence's rest about the provenance file: "is not signed by …".
func (r *Keyring) Verify(name string, archive, seal []byte, now time.Time) (signer string, err error) {
	if len(seal) > maxSeal {
		return "", fmt.Errorf("is larger than %d MiB", maxSeal>>20)
	}
	block, rest := clearsign.Decode(seal)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return "", errors.New("is no text signed with OpenPGP, and nothing else")
	}
	config := &packet.Config{Time: func() time.Time { return now }}
	by, err := openpgp.CheckDetachedSignature(r.keys, bytes.NewReader(block.Bytes), block.ArmoredSignature.Body, config)
	switch {
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return "", errors.New("is signed by a key that is not in the keyring")
	case errors.Is(err, pgperrors.ErrKeyExpired), errors.Is(err, pgperrors.ErrSignatureExpired):
		return "", errors.New("is signed by a key, or with a signature, that has expired")
	case err != nil:
		return "", fmt.Errorf("has a signature that does not hold (%s)", strings.Join(strings.Fields(err.Error()), " "))
	}
	files, err := sums(block.Plaintext)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(archive)
	switch sum, named := files[name]; {
	case !named:
		return "", fmt.Errorf("is not about %s, but about %.200q", name, slices.Sorted(maps.Keys(files)))
	case sum != "sha256:"+hex.EncodeToString(digest[:]):
		return "", errors.New("is about another content: the archive was altered after it was signed")
	}
	return nameOf(by), nil
}

// sums reads the second document of a provenance file, which lists digests by file name.
func sums(text []byte) (map[string]string, error) {
	_, listed, found := bytes.Cut(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n...\n"))
	var list struct {
		Files map[string]string `yaml:"files"`
	}
	if err := yaml.Unmarshal(listed, &list); err != nil || !found || len(list.Files) == 0 {
		return nil, errors.New("lists no files")
	}
	return list.Files, nil
}

// nameOf names a key as people know it: by its first identity, else by its fingerprint.
func nameOf(e *openpgp.Entity) string {
	if id := e.PrimaryIdentity(); id != nil {
		return id.Name
	}
	return fmt.Sprintf("%X", e.PrimaryKey.Fingerprint)
}
