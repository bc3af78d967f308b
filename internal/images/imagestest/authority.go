package imagestest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
	ctx509 "github.com/google/certificate-transparency-go/x509"
	"github.com/google/certificate-transparency-go/x509util"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
)

// Authority vouches for identities as Sigstore does: it issues certificates that are valid for ten minutes and stand in a
// certificate log, and it has a transparency log and a timestamp authority (those of sigstore-go's virtual Sigstore).
type Authority struct {
	virtual *ca.VirtualSigstore
	root    *x509.Certificate
	issuer  *x509.Certificate
	key     *ecdsa.PrivateKey
	certLog *ecdsa.PrivateKey
	start   time.Time
}

// NewAuthority makes an authority that has been there for a year.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	virtual, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	a := &Authority{virtual: virtual, start: time.Now().AddDate(-1, 0, 0), certLog: newECDSA(t)}
	rootKey := newECDSA(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotBefore: a.start, NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true}
	a.root = issue(t, template, template, rootKey.Public(), rootKey)
	a.key = newECDSA(t)
	below := *template
	below.Subject, below.SerialNumber = pkix.Name{CommonName: "issuer"}, big.NewInt(2)
	below.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	a.issuer = issue(t, &below, a.root, a.key.Public(), rootKey)
	return a
}

func newECDSA(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func issue(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Parts says what a trust root names.
type Parts struct{ NoLog, NoTimestamps, NoCertificateLog bool }

// TrustedRoot returns the authority's trust root, without some of its parts.
func (a *Authority) TrustedRoot(t testing.TB, without Parts) []byte {
	t.Helper()
	logs := map[string]*root.TransparencyLog{}
	for id, l := range a.virtual.RekorLogs() {
		l.ID, l.ValidityPeriodStart, l.ValidityPeriodEnd = unhex(t, id), a.start, time.Time{}
		logs[id] = l
	}
	stamps := a.virtual.TimestampingAuthorities()
	certLogs := map[string]*root.TransparencyLog{hex.EncodeToString(a.certLogID(t)): {BaseURL: "https://ct.test", ID: a.certLogID(t), HashFunc: crypto.SHA256,
		SignatureHashFunc: crypto.SHA256, PublicKey: a.certLog.Public(), ValidityPeriodStart: a.start}}
	if without.NoLog {
		logs = nil
	}
	if without.NoTimestamps {
		stamps = nil
	}
	if without.NoCertificateLog {
		certLogs = nil
	}
	made, err := root.NewTrustedRoot(root.TrustedRootMediaType01, []root.CertificateAuthority{&root.FulcioCertificateAuthority{
		Root: a.root, Intermediates: []*x509.Certificate{a.issuer}, ValidityPeriodStart: a.start, URI: "https://fulcio.test"}}, certLogs, stamps, logs)
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (a *Authority) certLogID(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(a.certLog.Public())
	if err != nil {
		t.Fatal(err)
	}
	id := sha256.Sum256(der)
	return id[:]
}

// Identity is whom a certificate is for (Fulcio's certificate extensions).
type Identity struct {
	Subject string // an address, or of a mailbox
	Issuer  string
	Source  string // "https://github.com/acme/web"; "" to leave it out
	Ref     string
	At      time.Time // when the certificate begins to be valid; zero for now
	NoSCT   bool      // it stands in no certificate log
}

// Workflow is the identity of a workflow run at GitHub: "acme/web", ".github/workflows/release.yaml", "refs/heads/main".
func Workflow(repository, file, ref string) Identity {
	source := "https://github.com/" + repository
	return Identity{Subject: source + "/" + file + "@" + ref, Issuer: "https://token.actions.githubusercontent.com", Source: source, Ref: ref}
}

// certificate issues a certificate, with its key.
func (a *Authority) certificate(t testing.TB, who Identity) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	if who.At.IsZero() {
		who.At = time.Now()
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: serial, NotBefore: who.At.Add(-time.Minute), NotAfter: who.At.Add(9 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}
	if strings.Contains(who.Subject, "://") {
		u, err := url.Parse(who.Subject)
		if err != nil {
			t.Fatal(err)
		}
		template.URIs = []*url.URL{u}
	} else {
		template.EmailAddresses = []string{who.Subject}
	}
	for number, value := range map[int]string{8: who.Issuer, 9: who.Subject, 12: who.Source, 14: who.Ref} {
		if value != "" {
			template.ExtraExtensions = append(template.ExtraExtensions, extension(t, number, value))
		}
	}
	key := newECDSA(t)
	if !who.NoSCT {
		template.ExtraExtensions = append(template.ExtraExtensions, a.logged(t, issue(t, template, a.issuer, key.Public(), a.key)))
	}
	return issue(t, template, a.issuer, key.Public(), a.key), key
}

func extension(t testing.TB, number int, value string) pkix.Extension {
	t.Helper()
	der, err := asn1.MarshalWithParams(value, "utf8")
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, number}, Value: der}
}

// logged returns the extension by which a certificate log promises to have a certificate (RFC 6962, section 3.3): it is made
// over the certificate as it is without it.
func (a *Authority) logged(t testing.TB, before *x509.Certificate) pkix.Extension {
	t.Helper()
	sct := ct.SignedCertificateTimestamp{SCTVersion: ct.V1, Timestamp: uint64(before.NotBefore.UnixMilli())}
	copy(sct.LogID.KeyID[:], a.certLogID(t))
	input, err := ct.SerializeSCTSignatureInput(sct, ct.LogEntry{Leaf: ct.MerkleTreeLeaf{TimestampedEntry: &ct.TimestampedEntry{EntryType: ct.PrecertLogEntryType,
		PrecertEntry: &ct.PreCert{IssuerKeyHash: sha256.Sum256(a.issuer.RawSubjectPublicKeyInfo), TBSCertificate: before.RawTBSCertificate}}}})
	if err != nil {
		t.Fatal(err)
	}
	sct.Signature = ct.DigitallySigned{Algorithm: tls.SignatureAndHashAlgorithm{Hash: tls.SHA256, Signature: tls.ECDSA}, Signature: sign(t, a.certLog, input)}
	list, err := x509util.MarshalSCTsIntoSCTList([]*ct.SignedCertificateTimestamp{&sct})
	if err != nil {
		t.Fatal(err)
	}
	packed, err := tls.Marshal(*list)
	if err != nil {
		t.Fatal(err)
	}
	value, err := asn1.Marshal(packed)
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier(ctx509.OIDExtensionCTSCT), Value: value}
}
