package report

import (
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

// What may be shown of the source: never the value of a Secret, nor a line that a rule on secrets complains about.

// secretArea is the area of the rules that find secrets, and secretGuideline what those of other areas go by.
const (
	secretArea      = "secret"
	secretGuideline = "G27"
)

var (
	// secretKind finds documents that hold secrets as a whole: Secrets, keys of the API server's encryption, kubeconfig files.
	secretKind = regexp.MustCompile(`["']?\bkind["']?\s*:\s*["']?(?:Secret|EncryptionConfig(?:uration)?)\b|\bclient-key-data["']?\s*:`)
	// tokenKind finds those that may hold some beside much else: kubeadm's tokens.
	tokenKind       = regexp.MustCompile(`\bkubeadm\.k8s\.io/|\b(?:tlsB|b)ootstrapTokens?\b`)
	secretGenerator = regexp.MustCompile(`\bsecretGenerator\b`)
	documentMark    = regexp.MustCompile(`^---(\s|$)`)
	sensitiveKey    = regexp.MustCompile(`(?i)(pass(word|wd|phrase)?|secret|token|api[-_]?key|private[-_]?key|access[-_]?key|credential|htpasswd|dsn)s?["']?\s*[:=]\s*\S`)
	longRun         = regexp.MustCompile(`[A-Za-z0-9+/=_-]{24,}`)
)

// shown decides what of the source a report may show. It is made for one writing.
type shown struct {
	report *Report
	secret map[string]bool         // rules that find secrets
	lines  map[string]map[int]bool // by file: lines that a finding on a secret stands on

	file string // whose text is held
	text []string
	at   document
}

func newShown(r *Report) *shown {
	s := &shown{report: r, secret: make(map[string]bool), lines: make(map[string]map[int]bool)}
	for _, rule := range r.Rules {
		s.secret[rule.ID] = rule.Area == secretArea || slices.Contains(rule.Guidelines, secretGuideline)
	}
	for _, f := range r.Findings {
		l := f.Location
		if l.File == "" || !s.holdsSecret(f) {
			continue
		}
		if s.lines[l.File] == nil {
			s.lines[l.File] = make(map[int]bool)
		}
		for n := l.Line; n <= max(l.Line, min(l.EndLine, l.Line+maxSecretLines)); n++ {
			s.lines[l.File][n] = true
		}
	}
	return s
}

// maxSecretLines bounds the lines of one finding that are remembered.
const maxSecretLines = 1000

// holdsSecret reports whether the finding's source line may show a secret's value.
func (s *shown) holdsSecret(f review.Finding) bool {
	return f.Object.Kind == "Secret" || strings.HasPrefix(f.Rule, "secret-") || s.secret[f.Rule]
}

// excerpt returns the finding's line and up to two lines before it, with the number of the first; nothing when no
// line is known, or it may show a secret.
func (s *shown) excerpt(f review.Finding) (lines []string, first int) {
	all := s.source(f.Location.File)
	n := f.Location.Line
	if f.Location.Precision != "exact" || n < 1 || n > len(all) || s.holdsSecret(f) || s.lines[f.Location.File][n] {
		return nil, 0
	}
	document := s.around(n)
	failed := f.Rule == review.RuleRenderFailed // such a line can be anything
	if document.isSecret || secretGenerator.MatchString(all[n-1]) || failed && document.generators {
		return nil, 0
	}
	first = n
	for first > max(n-2, 1) && !documentMark.MatchString(all[first-2]) && !document.generators {
		first--
	}
	for i := first; i < n; i++ {
		lines = append(lines, s.context(all[i-1], i))
	}
	if failed || document.hasTokens {
		return append(lines, s.context(all[n-1], n)), first
	}
	return append(lines, withoutRemark(all[n-1])), first
}

// passwordInURL finds the password of an address.
var passwordInURL = regexp.MustCompile(`(://[^/\s:@"']*:)[^/\s@"']+@`)

// withoutRemark returns a finding's own line without a comment behind it that may hold a secret, and without passwords of
// addresses.
func withoutRemark(line string) string {
	line = passwordInURL.ReplaceAllString(line, "${1}…@")
	for _, mark := range []string{" #", " //"} {
		if i := strings.Index(line, mark); i >= 0 && sensitiveKey.MatchString(line[i:]) {
			return line[:i+len(mark)] + " …"
		}
	}
	return line
}

// context returns a line that is shown beside a finding's own, unless it may hold a secret.
func (s *shown) context(line string, n int) string {
	secret := s.lines[s.file][n] || sensitiveKey.MatchString(line) || passwordInURL.MatchString(line)
	for _, run := range longRun.FindAllString(line, -1) {
		secret = secret || strings.ContainsAny(run, "0123456789") && !strings.Contains(line, "sha256:"+run)
	}
	if secret {
		return line[:len(line)-len(strings.TrimLeft(line, " \t"))] + "…"
	}
	return line
}

// source returns the lines of a file at head, without their ends.
func (s *shown) source(file string) []string {
	if s.report.Source == nil || file == "" {
		return nil
	}
	if s.file != file {
		text := strings.ReplaceAll(string(s.report.Source(file)), "\r\n", "\n")
		s.file, s.text, s.at = file, strings.Split(strings.TrimSuffix(text, "\n"), "\n"), document{}
	}
	return s.text
}

// document is a YAML document of the file that is held.
type document struct {
	from, to   int // lines, counted from 0, the last one not included
	isSecret   bool
	hasTokens  bool
	generators bool // of Secrets
}

// around returns the document that line n of the held file is in.
func (s *shown) around(n int) document {
	if d := s.at; d.from < n && n <= d.to {
		return d
	}
	d := document{from: n - 1, to: n}
	for d.from > 0 && !documentMark.MatchString(s.text[d.from]) {
		d.from--
	}
	for d.to < len(s.text) && !documentMark.MatchString(s.text[d.to]) {
		d.to++
	}
	text := strings.Join(s.text[d.from:d.to], "\n")
	d.isSecret, d.hasTokens, d.generators = secretKind.MatchString(text), tokenKind.MatchString(text), secretGenerator.MatchString(text)
	s.at = d
	return d
}

// public returns a finding as programs get it: with lists that are never nil, and without a fix whose edits would
// repeat a line that may hold a secret.
func (s *shown) public(f review.Finding) review.Finding {
	f.Guidelines, f.Related, f.Roots = orEmpty(f.Guidelines), orEmpty(f.Related), orEmpty(f.Roots)
	if f.Fix == nil {
		return f
	}
	for _, edit := range f.Fix.Edits {
		rewrites := edit.NewText != "" && edit.EndLine >= edit.Line
		if rewrites && (s.holdsSecret(f) || s.inSecret(edit)) {
			f.Fix = nil
			return f
		}
	}
	return f
}

// inSecret reports whether an edit is within a document that holds a Secret.
func (s *shown) inSecret(edit review.Edit) bool {
	lines := s.source(edit.File)
	return edit.Line >= 1 && edit.Line <= len(lines) && s.around(edit.Line).isSecret
}
