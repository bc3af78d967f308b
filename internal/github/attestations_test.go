package github

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const attested = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// TestAttestations holds what is asked of GitHub's attestations, by an installation and by somebody with a token.
func TestAttestations(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.Member("acme", "alice")
	s.Attest("acme", attested, []byte(`{"of":"acme"}`))
	s.Attest("alice", attested, []byte(`{"of":"alice"}`))
	s.ForgetRequests()
	if _, err := s.client().Attestations(t.Context(), "acme", attested); !errors.Is(err, ErrForbidden) || !strings.Contains(err.Error(), "attestations: read") {
		t.Errorf("without attestations: read: %v", err)
	}
	if s.Count("GET", "/orgs/{org}/attestations/{subject_digest}") > 0 {
		t.Error("GitHub was asked what it does not tell")
	}
	s.inst.Permit("attestations", "read")
	s.app.Forget(s.inst.ID) // as an hour later
	reader, err := NewTokenClient(Settings{URL: s.URL()}, s.Token("alice"))
	if err != nil {
		t.Fatal(err)
	}
	ask := map[string]func(owner, digest string) ([][]byte, error){
		"installation": func(owner, digest string) ([][]byte, error) {
			return s.client().Attestations(t.Context(), owner, digest)
		},
		"token": func(owner, digest string) ([][]byte, error) { return reader.Attestations(t.Context(), owner, digest) },
	}
	for who, ask := range ask {
		for owner, want := range map[string]string{"acme": `[{"of":"acme"}]`, "alice": `[{"of":"alice"}]`, "nobody": "[]"} {
			if got, err := ask(owner, attested); err != nil || fmt.Sprintf("%s", got) != want {
				t.Errorf("%s asks for %s: %s, %v, want %s", who, owner, got, err, want)
			}
		}
		if got, err := ask("acme", strings.ReplaceAll(attested, "0", "f")); err != nil || len(got) > 0 {
			t.Errorf("%s asks for another digest: %s, %v", who, got, err)
		}
		for _, wrong := range [][2]string{{"../x", attested}, {"acme", "latest"}, {"acme", attested + "/.."}, {"", attested}} {
			if _, err := ask(wrong[0], wrong[1]); err == nil {
				t.Errorf("%s asks for %v", who, wrong)
			}
		}
	}
}

// TestAttestationsUnanswered holds that what GitHub does not say is not taken for nothing.
func TestAttestationsUnanswered(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]http.HandlerFunc{
		"forbidden": status(http.StatusForbidden, `{"message":"Resource not accessible by integration"}`, nil),
		"fails":     status(http.StatusBadGateway, "", nil),
		"elsewhere": status(http.StatusOK, `{"attestations":[{"bundle":null,"bundle_url":"https://example.com"}]}`, nil),
		"no JSON":   status(http.StatusOK, `<html>`, nil),
	} {
		r := record(t, handle)
		reader, err := NewTokenClient(Settings{URL: r.server.URL}, "ghp_x")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := reader.Attestations(t.Context(), "acme", attested); err == nil || strings.Contains(err.Error(), "ghp_x") || errors.Is(err, ErrForbidden) != (name == "forbidden") {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		if asked := r.requests(); !slices.Equal(asked, []string{"GET /orgs/acme/attestations/" + attested}) {
			t.Errorf("%s: asked %v", name, asked)
		}
	}
}
