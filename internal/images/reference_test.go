package images

import (
	"errors"
	"strings"
	"testing"
)

const (
	hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	sha   = "sha256:" + hex64
)

func TestParseReference(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"nginx":                              "docker.io/library/nginx",
		"nginx:1.27":                         "docker.io/library/nginx:1.27",
		"docker.io/nginx":                    "docker.io/library/nginx",
		"index.docker.io/library/nginx":      "docker.io/library/nginx",
		"registry-1.docker.io/library/nginx": "docker.io/library/nginx",
		"registry-1.docker.io/nginx":         "docker.io/library/nginx",
		"registry.hub.docker.com/acme/x":     "docker.io/acme/x",
		"docker.io:443/acme/x":               "docker.io/acme/x",
		"DOCKER.IO/x":                        "docker.io/library/x",
		"GHCR.IO/x":                          "ghcr.io/x",
		"ghcr.io:443/acme/web:1":             "ghcr.io/acme/web:1",
		"evil/ghcr.io/app":                   "docker.io/evil/ghcr.io/app",
		"ghcr.io.evil.com/app":               "ghcr.io.evil.com/app",
		"ghcr.io-evil.com/app":               "ghcr.io-evil.com/app",
		"2130706433/a":                       "docker.io/2130706433/a",
		"localhost/x":                        "localhost/x",
		"localhost:5000/x:1@" + sha:          "localhost:5000/x:1@" + sha,
		"registry.internal:5000/a/b":         "registry.internal:5000/a/b",
		"ghcr.io:80/acme/web":                "ghcr.io:80/acme/web",
		"[::1]:5000/x":                       "[::1]:5000/x",
		"10.0.0.1:5000/x":                    "10.0.0.1:5000/x",
		"nginx@" + sha:                       "docker.io/library/nginx@" + sha,
		"nginx:1.27@" + sha:                  "docker.io/library/nginx:1.27@" + sha,
		"a/b@sha512:" + hex64 + hex64:        "docker.io/a/b@sha512:" + hex64 + hex64,
		"nginx:" + strings.Repeat("a", 128):  "docker.io/library/nginx:" + strings.Repeat("a", 128),
		"gcr.io/a/b__c/d--e":                 "gcr.io/a/b__c/d--e",
	} {
		ref, err := ParseReference(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if ref.String() != want {
			t.Errorf("%s: got %s, want %s", text, ref, want)
		}
	}
}

// invalidReferences are refused, each for its fault.
var invalidReferences = map[string]Fault{
	"":                                  Empty,
	"  ":                                Empty,
	"ghcr.io/${ORG}/web":                Unresolved,
	"$(IMAGE)":                          Unresolved,
	"nginx:$TAG":                        Unresolved,
	"{{ .Values.image }}":               Unresolved,
	"<registry>/web":                    Unresolved,
	"IMAGE_URL":                         Unresolved,
	"oci://ghcr.io/acme/web":            Scheme,
	"https://ghcr.io/acme/web":          Scheme,
	"ghcr.io@evil.com/x":                UserInfo,
	"user:pass@ghcr.io/x":               UserInfo,
	"ghcr.io%2f@evil.com/x":             UserInfo,
	`ghcr.io\@evil.com/x`:               UserInfo,
	"ghcr.i\u043e/acme/web":             Characters,
	"nginx:1 ":                          Characters,
	"nginx\n":                           Characters,
	"nginx\x00":                         Characters,
	"ghcr.io/acme/../evil/app":          BadPath,
	"ghcr.io/./x":                       BadPath,
	"ghcr.io//x":                        BadPath,
	"ghcr.io/x/":                        BadPath,
	"/x":                                BadPath,
	"ghcr.io/-app":                      BadPath,
	"ghcr.io/a..b":                      Malformed,
	"docker.io./x":                      Malformed,
	"ghcr.io:0443/x":                    BadHost,
	"ghcr.io:99999/x":                   BadHost,
	"ghcr.io:0/x":                       BadHost,
	"foo_bar.com/x":                     BadHost,
	"0x7f.1/x":                          BadHost,
	"127.1/x":                           BadHost,
	"99999999999999999999.1/x":          BadHost,
	"99999999999999999999:80/x":         BadHost,
	"[::ffff:a9fe:a9fe]/x":              BadHost,
	"[0:0:0:0:0:ffff:a9fe::]/x":         BadHost,
	"[::ffff:169.254.169.254]/x":        Malformed,
	"Foo/bar":                           UpperCase,
	"ghcr.io/Acme/web":                  UpperCase,
	hex64:                               Malformed,
	sha:                                 BadDigest,
	"nginx@sha256:" + hex64[1:]:         BadDigest,
	"nginx@" + strings.ToUpper(sha):     BadDigest,
	"nginx@sha256:" + "A" + hex64[1:]:   BadDigest,
	"nginx@":                            BadDigest,
	"nginx@md5:abc":                     BadDigest,
	"nginx:v1:v2":                       BadTag,
	"nginx:":                            BadTag,
	"nginx:.1":                          BadTag,
	"nginx:" + strings.Repeat("a", 129): BadTag,
	strings.Repeat("a/", 600) + "b":     TooLong,
	"registry-1.docker.io/" + strings.Repeat("a", 250): TooLong,
}

func TestParseReferenceRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range invalidReferences {
		ref, err := ParseReference(text)
		var refused *ReferenceError
		if !errors.As(err, &refused) {
			t.Errorf("%q: read as %q (%v), want fault %s", text, ref, err, want)
		} else if refused.Fault != want {
			t.Errorf("%q: fault %s (%v), want %s", text, refused.Fault, err, want)
		}
		if ref != (Reference{}) {
			t.Errorf("%q: an invalid reference gives %v", text, ref)
		}
		if err != nil && strings.Contains(err.Error(), "pass@") {
			t.Errorf("%q: the error shows the password: %v", text, err)
		}
	}
}

// FuzzParseReference holds that a normal form is its own normal form, and never leaves the grammar that patterns
// are matched against.
func FuzzParseReference(f *testing.F) {
	for _, seed := range []string{"nginx", "DOCKER.IO/x:1", "a:5/b@" + sha, "[::1]:5000/x", "a/../b", "ghcr.io@evil/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := ParseReference(text)
		if err != nil {
			return
		}
		again, err := ParseReference(ref.String())
		if err != nil || again != ref {
			t.Fatalf("%q gives %q, which gives %q (%v)", text, ref, again, err)
		}
		for _, segment := range strings.Split(ref.Name(), "/") {
			if segment == "" || segment == "." || segment == ".." {
				t.Fatalf("%q gives %q with a segment %q", text, ref, segment)
			}
		}
		if ref.Host != strings.ToLower(ref.Host) {
			t.Fatalf("%q gives host %q", text, ref.Host)
		}
	})
}

func TestShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"nginx:1.27@" + sha:                  "nginx:1.27@" + sha,
		"me:hunter2@ghcr.io/acme/web:1":      "***@ghcr.io/acme/web:1",
		"https://me:p@ss@ghcr.io/acme/web:1": "***@ghcr.io/acme/web:1",
		"me:hunter2@ghcr.io/web@" + sha:      "***@ghcr.io/web@" + sha,
		"ghcr.io/acme/web@sha256:abc":        "ghcr.io/acme/web@sha256:abc",
		"me:hunter2@shared.example/web":      "***@shared.example/web",
		"me:hunter2@host":                    "***@host",
	} {
		if got := Shown(text); got != want {
			t.Errorf("%s is shown as %s, want %s", text, got, want)
		}
	}
}

func TestParseHost(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ghcr.io": "ghcr.io", "Registry.Example.com:443": "registry.example.com", "registry.internal:5000": "registry.internal:5000",
		"localhost:5000": "localhost:5000", "localhost": "localhost", "[::1]:5000": "[::1]:5000", "index.docker.io": DockerHub, "registry-1.docker.io:443": DockerHub,
		"": "", "acme": "", "https://ghcr.io": "", "ghcr.io/acme": "", "user@ghcr.io": "", "ghcr.io:0": "", "*.example.com": "", "ghcr.i\u043e": "", "ghcr.io.": "", "${HOST}": "",
	} {
		if got, err := ParseHost(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
