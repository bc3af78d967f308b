package images

import (
	"strings"
	"testing"
)

func TestPatternMatch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pattern string
		yes, no []string
	}{
		{"ghcr.io/acme/**",
			[]string{"ghcr.io/acme/web", "ghcr.io/acme/team/web", "GHCR.IO/acme/web:1", "ghcr.io:443/acme/web"},
			[]string{"ghcr.io/acme-evil/web", "ghcr.io.evil.com/acme/web", "evil/ghcr.io/acme/web", "ghcr.io:8443/acme/web", "ghcr.io/acme"}},
		{"ghcr.io/acme/web", []string{"ghcr.io/acme/web@" + sha}, []string{"ghcr.io/acme/web2", "ghcr.io/acme/web/x"}},
		{"docker.io/library/*", []string{"nginx", "index.docker.io/library/nginx"}, []string{"acme/nginx", "docker.io/library/a/b"}},
		{"docker.io/nginx", []string{"nginx:1"}, []string{"acme/nginx"}},
		{"registry-1.docker.io/bitnami/**", []string{"bitnami/redis"}, []string{"bitnamilegacy/redis"}},
		{"123456789012.dkr.ecr.*.amazonaws.com/**",
			[]string{"123456789012.dkr.ecr.eu-central-1.amazonaws.com/a"},
			[]string{"123456789012.dkr.ecr.a.b.amazonaws.com/a", "123456789012.dkr.ecr.amazonaws.com/a", "123456789012.dkr.ecr.x.amazonaws.com:8443/a"}},
		{"web-*.example.com/x", []string{"web-1.example.com/x"}, []string{"web-1.a.example.com/x", "a.web-1.example.com/x"}},
		{"**", []string{"nginx", "ghcr.io/a/b/c", "localhost/x"}, nil},
		{"**/*-debug", []string{"ghcr.io/a/web-debug", "web-debug", "ghcr.io/web-debug"}, []string{"ghcr.io/a/web-debug/x", "ghcr.io/web-debugger"}},
		{"**/centos", []string{"centos", "quay.io/centos"}, []string{"quay.io/centos/x"}},
		{"registry.internal:5000/**", []string{"registry.internal:5000/x"}, []string{"registry.internal/x", "registry.internal:5001/x"}},
		{"ghcr.io/a*c/**/x-*-y", []string{"ghcr.io/abc/d/x-1-y", "ghcr.io/ac/d/e/x-1-2-y"}, []string{"ghcr.io/abc/x-1-y"}},
		{"localhost/**", []string{"localhost/x"}, []string{"localhost:5000/x"}},
	} {
		p, err := ParsePattern(tc.pattern)
		if err != nil {
			t.Errorf("%s: %v", tc.pattern, err)
			continue
		}
		check := func(text string, want bool) {
			ref, err := ParseReference(text)
			if want && err != nil {
				t.Errorf("%s: %v", text, err)
			} else if err == nil && p.Match(ref.Name()) != want {
				t.Errorf("%s against %s: want %v", tc.pattern, text, want)
			}
		}
		for _, text := range tc.yes {
			check(text, true)
		}
		for _, text := range tc.no {
			check(text, false)
		}
	}
}

func TestParsePatternRefuses(t *testing.T) {
	t.Parallel()
	for pattern, reason := range map[string]string{
		"":                        "names no repository",
		"ghcr.io":                 "names no repository",
		"nginx":                   "names no repository",
		"*":                       "names no repository",
		"acme/**":                 "does not begin with a host",
		"*/acme":                  "last two labels",
		"*.io/**":                 "last two labels",
		"ghcr.*/**":               "last two labels",
		"a.*.com/**":              "last two labels",
		"**.example.com/x":        "** in its host",
		"ghcr.io/acme**":          "not a whole segment",
		"ghcr.io/acme/***":        "not a whole segment",
		"ghcr.io/acme/":           "empty or dotted",
		"ghcr.io//acme":           "empty or dotted",
		"ghcr.io/a/../b":          "empty or dotted",
		"ghcr.io/acme/web:1":      "tag or a digest",
		"ghcr.io/acme/web@" + sha: "tag or a digest",
		"https://ghcr.io/acme/**": "has a scheme",
		"ghcr.io/Acme/**":         "upper-case",
		"ghcr.io:*/acme/**":       "wildcard in its port",
		"ghcr.io:0443/acme/**":    "host that is not valid",
		"user@ghcr.io/**":         "characters that no host has",
		"docker.io/*":             "ambiguous",
	} {
		_, err := ParsePattern(pattern)
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v, want a refusal with %q", pattern, err, reason)
		}
	}
}

func TestNamePattern(t *testing.T) {
	t.Parallel()
	const workflow = "https://github.com/acme/*/.github/workflows/release.yaml@refs/heads/main"
	for _, tc := range []struct {
		pattern, name string
		want          bool
	}{
		{workflow, "https://github.com/acme/web/.github/workflows/release.yaml@refs/heads/main", true},
		{workflow, "https://github.com/acme/web/.github/workflows/release.yaml@refs/heads/main2", false},
		{workflow, "https://github.com/acme/a/b/.github/workflows/release.yaml@refs/heads/main", false},
		{workflow, "xhttps://github.com/acme/web/.github/workflows/release.yaml@refs/heads/main", false},
		{"https://*.example.com/x", "https://a.example.com/x", true},
		{"https://*.example.com/x", "https://a.b.example.com/x", false},
		{"github.com/acme/*", "github.com/acme/web", true},
		{"github.com/acme/*", "github.com/acme/", false},
		{"clusters/**", "clusters/a/b", true},
		{"clusters/**", "clusters", false},
		{"apps/*-prod", "apps/web-prod", true},
		{"me@example.com", "me@example.com", true},
		{"me@example.com", "some@example.com", false},
	} {
		p, err := ParseNamePattern(tc.pattern)
		if err != nil {
			t.Errorf("%s: %v", tc.pattern, err)
		} else if p.Match(tc.name) != tc.want {
			t.Errorf("%s against %s: want %v", tc.pattern, tc.name, tc.want)
		}
	}
	for _, pattern := range []string{"", "https://*/acme", "https://*.com/acme", "*://github.com/x", "apps/x**", "https:///x"} {
		if _, err := ParseNamePattern(pattern); err == nil {
			t.Errorf("%q is accepted", pattern)
		}
	}
}

func TestAllowlist(t *testing.T) {
	t.Parallel()
	list, err := NewAllowlist([]string{"docker.io/library/*", "ghcr.io/acme/**"}, []string{"docker.io/library/centos", "**/*-debug"})
	if err != nil {
		t.Fatal(err)
	}
	for image, want := range map[string]bool{
		"nginx": true, "centos": false, "ghcr.io/acme/web": true, "ghcr.io/acme/web-debug": false, "quay.io/x/y": false,
	} {
		ref, err := ParseReference(image)
		if err != nil {
			t.Fatal(err)
		}
		if allowed, by := list.Allows(ref); allowed != want {
			t.Errorf("%s: allowed %v (denied by %q), want %v", image, allowed, by, want)
		}
	}
	denyOnly, err := NewAllowlist(nil, []string{"quay.io/**"})
	if err != nil {
		t.Fatal(err)
	}
	if allowed, _ := denyOnly.Allows(Reference{Host: "ghcr.io", Repository: "x"}); !allowed || denyOnly.Restricts() {
		t.Error("without patterns to allow, only deny refuses")
	}
	if _, err := NewAllowlist([]string{"ghcr.io"}, nil); err == nil {
		t.Error("a bare host is accepted")
	}
}

// TestPatternTime would not end if a pattern's time grew with the ways in which it could match.
func TestPatternTime(t *testing.T) {
	t.Parallel()
	p, err := ParsePattern("ghcr.io/" + strings.Repeat("**/a*a*a*b/", 30) + "c")
	if err != nil {
		t.Fatal(err)
	}
	if p.Match("ghcr.io/" + strings.Repeat("aaaaaaaaaaaaaaaaaaaa/", 400) + "d") {
		t.Error("matches")
	}
}

func FuzzParsePattern(f *testing.F) {
	for _, seed := range []string{"**", "ghcr.io/acme/**", "*.a.b.c:5/x*", "docker.io/*", "https://a.b/*"} {
		f.Add(seed, "ghcr.io/acme/web")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if p, err := ParsePattern(pattern); err == nil {
			if matched := p.Match(name); matched && !strings.Contains(pattern, "*") && strings.Count(name, "/") == 0 {
				t.Fatalf("%q covers %q", pattern, name)
			}
		}
		if p, err := ParseNamePattern(pattern); err == nil && !strings.Contains(pattern, "*") && p.Match(name) != (pattern == name) {
			t.Fatalf("%q without wildcard against %q", pattern, name)
		}
	})
}
