package export

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
)

// trustRoot is what a TrustRoot of policy-controller holds in place of Sigstore's public good. Certificates and keys are
// PEM in base64.
type trustRoot struct {
	Authorities []rootAuthority `yaml:"certificateAuthorities"`
	TLogs       []rootLog       `yaml:"tLogs,omitempty"`
	CTLogs      []rootLog       `yaml:"ctLogs,omitempty"`
	Timestamps  []rootAuthority `yaml:"timestampAuthorities,omitempty"`
}

type rootAuthority struct {
	Subject struct {
		Organization string `yaml:"organization"`
		CommonName   string `yaml:"commonName"`
	} `yaml:"subject"`
	URI       string `yaml:"uri"`
	CertChain inPEM  `yaml:"certChain"`
}

type rootLog struct {
	BaseURL       string `yaml:"baseURL"`
	HashAlgorithm string `yaml:"hashAlgorithm"`
	PublicKey     inPEM  `yaml:"publicKey"`
}

// trustedRoot is Sigstore's trusted_root.json, as far as a TrustRoot has a place for it.
type trustedRoot struct {
	TLogs       []logOf       `json:"tlogs"`
	CTLogs      []logOf       `json:"ctlogs"`
	Authorities []authorityOf `json:"certificateAuthorities"`
	Timestamps  []authorityOf `json:"timestampAuthorities"`
}

type logOf struct {
	BaseURL       string `json:"baseUrl"`
	HashAlgorithm string `json:"hashAlgorithm"`
	PublicKey     struct {
		RawBytes []byte `json:"rawBytes"`
	} `json:"publicKey"`
}

type authorityOf struct {
	URI     string `json:"uri"`
	Subject struct {
		Organization string `json:"organization"`
		CommonName   string `json:"commonName"`
	} `json:"subject"`
	Chain struct {
		Certificates []struct {
			RawBytes []byte `json:"rawBytes"`
		} `json:"certificates"`
	} `json:"certChain"`
}

// addTrustRoot adds the policy's trust roots as one object, and returns it; nil with Sigstore's public good.
func (e *exporter) addTrustRoot() (*trustRoot, error) {
	made, err := e.trustRoot()
	if made == nil || err != nil {
		return nil, err
	}
	said := e.note("The days on which the authorities and logs of images.trustedRoot count are not exported: the controllers have no place for them.")
	e.add(rootsAPI, "TrustRoot", rootName, struct {
		Keys *trustRoot `yaml:"sigstoreKeys"`
	}{made}, "Who vouches for signers, by images.trustedRoot.", said)
	return made, nil
}

// trustRoot reads the policy's trust roots, of which there may be several, one a line.
func (e *exporter) trustRoot() (*trustRoot, error) {
	if e.proof.TrustedRoot == nil {
		return nil, nil
	}
	made := &trustRoot{}
	for decoder := json.NewDecoder(bytes.NewReader(e.proof.TrustedRoot)); ; {
		var root trustedRoot
		if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
			return made, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: images.trustedRoot is no trusted_root.json that can be read: %w", e.proof.TrustedAt, err)
		}
		if err := made.take(&root); err != nil {
			return nil, fmt.Errorf("%s: images.trustedRoot: %w", e.proof.TrustedAt, err)
		}
	}
}

func (r *trustRoot) take(root *trustedRoot) error {
	var failed error
	logs := func(all []logOf) (made []rootLog) {
		for _, l := range all {
			if _, err := x509.ParsePKIXPublicKey(l.PublicKey.RawBytes); err != nil {
				failed = errors.Join(failed, fmt.Errorf("the key of the log %s: %w", l.BaseURL, err))
			}
			made = append(made, rootLog{l.BaseURL, strings.ReplaceAll(strings.ToLower(l.HashAlgorithm), "sha2_", "sha-"), encoded("PUBLIC KEY", l.PublicKey.RawBytes)})
		}
		return made
	}
	chains := func(all []authorityOf) (made []rootAuthority) {
		for _, a := range all {
			var chain [][]byte
			for _, c := range a.Chain.Certificates {
				if _, err := x509.ParseCertificate(c.RawBytes); err != nil {
					failed = errors.Join(failed, fmt.Errorf("a certificate of %s: %w", a.URI, err))
				}
				chain = append(chain, c.RawBytes)
			}
			one := rootAuthority{URI: a.URI, CertChain: encoded("CERTIFICATE", chain...)}
			one.Subject.Organization, one.Subject.CommonName = a.Subject.Organization, a.Subject.CommonName
			made = append(made, one)
		}
		return made
	}
	r.TLogs, r.CTLogs = append(r.TLogs, logs(root.TLogs)...), append(r.CTLogs, logs(root.CTLogs)...)
	r.Authorities, r.Timestamps = append(r.Authorities, chains(root.Authorities)...), append(r.Timestamps, chains(root.Timestamps)...)
	return failed
}

// inPEM is PEM, which a TrustRoot has in base64.
type inPEM []byte

// MarshalYAML implements yaml.Marshaler.
func (p inPEM) MarshalYAML() (any, error) { return base64.StdEncoding.EncodeToString(p), nil }

func encoded(kind string, blocks ...[]byte) inPEM {
	var b inPEM
	for _, block := range blocks {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: block})...)
	}
	return b
}
