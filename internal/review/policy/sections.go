package policy

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

func (r *reader) images(s *imagesSection) {
	if s == nil {
		return
	}
	p := &r.policy.Images
	r.imagePatterns("allow", s.Allow)
	r.imagePatterns("deny", s.Deny)
	p.Allow, p.Deny = orKeep(s.Allow, p.Allow), orKeep(s.Deny, p.Deny)
	p.Platforms, p.Moving = orKeep(s.Platforms, p.Platforms), orKeep(s.Moving, p.Moving)
	p.Verify = orKeep(s.Verify, p.Verify)
	if s.TrustedRoot != "" {
		p.TrustedRoot = s.TrustedRoot
	}
	if s.Registries != nil {
		p.Registries = nil
	}
	for i, reg := range s.Registries {
		if reg.Host == "" {
			r.wrong(r.lineOf("images", "registries", strconv.Itoa(i)), "images.registries: an entry needs a host")
		}
		p.Registries = append(p.Registries, review.Registry(reg))
	}
}

func orKeep[T any](now, before []T) []T {
	if now != nil {
		return now
	}
	return before
}

// imagePatterns refuses patterns that could be read in two ways.
func (r *reader) imagePatterns(key string, patterns []string) {
	for i, pattern := range patterns {
		if _, err := images.ParsePattern(pattern); err != nil {
			r.wrong(r.lineOf("images", key, strconv.Itoa(i)), "images.%s: %v", key, err)
		}
	}
}

func (r *reader) roots(s *rootsSection) {
	if s == nil {
		return
	}
	p := &r.policy.Roots
	r.pathPatterns("include", s.Include)
	r.pathPatterns("ignore", s.Ignore)
	p.Include, p.Ignore = orKeep(s.Include, p.Include), orKeep(s.Ignore, p.Ignore)
	for i, c := range s.Helm {
		line := r.lineOf("roots", "helm", strconv.Itoa(i))
		if c.Chart == "" {
			r.wrong(line, "roots.helm: an entry needs a chart")
		}
		for _, file := range append([]string{c.Chart}, c.Values...) {
			r.insideRepository(line, "roots.helm", file)
		}
		p.Helm = append(p.Helm, review.ChartVariant(c))
	}
	for i, k := range s.Kops {
		if k.Template == "" {
			r.wrong(r.lineOf("roots", "kops", strconv.Itoa(i)), "roots.kops: an entry needs a template")
		}
		p.Kops = append(p.Kops, review.KopsTemplate(k))
	}
}

func (r *reader) insideRepository(line int, key, file string) {
	if path.IsAbs(file) || slices.Contains(strings.Split(file, "/"), "..") {
		r.wrong(line, "%s: %q leaves the repository; paths are relative to its root", key, file)
	}
}

// pathPatterns refuses "**" that is not a whole segment, and what no path can match.
func (r *reader) pathPatterns(key string, patterns []string) {
	for i, pattern := range patterns {
		line := r.lineOf("roots", key, strconv.Itoa(i))
		for _, segment := range strings.Split(pattern, "/") {
			if strings.Contains(segment, "**") && segment != "**" {
				r.wrong(line, "roots.%s: %q: ** stands for whole segments, as in apps/**", key, pattern)
			}
		}
		r.insideRepository(line, "roots."+key, pattern)
	}
}
