package imagestest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
)

// Maintainer signs charts as helm package --sign does.
type Maintainer struct {
	Keyring []byte // the public key, in armor
	entity  *openpgp.Entity
}

// NewMaintainer makes somebody with a key: "NAME <name@example.com>".
func NewMaintainer(t testing.TB, name string) *Maintainer {
	t.Helper()
	e, err := openpgp.NewEntity(name, "", strings.ToLower(name)+"@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serialize(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &Maintainer{Keyring: append(out.Bytes(), '\n'), entity: e}
}

// Seal makes the provenance file of a chart's archive, called name.
func (m *Maintainer) Seal(t testing.TB, name string, archive []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := clearsign.Encode(&out, m.entity.PrivateKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(w, "apiVersion: v2\nname: chart\n\n...\nfiles:\n  %s: %s\n", name, Digest(archive))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
