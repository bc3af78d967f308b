package images

import (
	"regexp"
	"testing"
)

// FuzzPatternRegexp holds that a pattern and its regular expression cover the same names.
func FuzzPatternRegexp(f *testing.F) {
	for _, pattern := range []string{"**", "ghcr.io/acme/**", "**/*-debug", "web-*.example.com/x", "ghcr.io/a*c/**/x-*-y",
		"123456789012.dkr.ecr.*.amazonaws.com/**", "docker.io/library/*", "https://github.com/acme/*/x@refs/heads/main", "a/**/b/**", "a+b/(c"} {
		for _, name := range []string{"ghcr.io/acme/web", "ghcr.io/acme", "docker.io/library/nginx", "ghcr.io/abc/d/x-1-y", "a//b/", "a/x/b/c",
			"123456789012.dkr.ecr.a.b.amazonaws.com/a", "https://github.com/acme/web/x@refs/heads/main", "a\nb", "a+b/(c", "web-debug"} {
			f.Add(pattern, name)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		for _, parse := range []func(string) (Pattern, error){ParsePattern, ParseNamePattern} {
			p, err := parse(pattern)
			if err != nil {
				continue
			}
			re, err := regexp.Compile(p.Regexp())
			if err != nil {
				t.Fatalf("%q gives %q: %v", pattern, p.Regexp(), err)
			}
			if re.MatchString(name) != p.Match(name) {
				t.Fatalf("%q covers %q: %v, its expression %s does not agree", pattern, name, p.Match(name), re)
			}
		}
	})
}
