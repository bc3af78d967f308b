package server

import (
	"context"
	"encoding"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// NewLog returns a logger that writes to w as the settings say, one line an event, and hides secrets: those of the
// settings, those in further, and whatever looks like a token, a private key or a password.
func NewLog(w io.Writer, s Settings, further ...Secret) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.Log.Level}
	var handler slog.Handler = slog.NewTextHandler(w, options)
	if s.Log.Format == "json" {
		handler = slog.NewJSONHandler(w, options)
	}
	known := s.secrets()
	for _, secret := range further {
		known = append(known, string(secret))
	}
	return slog.New(discreet{handler, hiding(known)})
}

// discreet is a handler that hides secrets before another one writes them.
type discreet struct {
	next slog.Handler
	hide func(string) string
}

// Enabled asks the other handler.
func (d discreet) Enabled(ctx context.Context, level slog.Level) bool {
	return d.next.Enabled(ctx, level)
}

// WithAttrs hides secrets in attributes that many records will have.
func (d discreet) WithAttrs(attributes []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attributes))
	for i, a := range attributes {
		clean[i] = d.attribute(a)
	}
	return discreet{d.next.WithAttrs(clean), d.hide}
}

// WithGroup begins a group of attributes.
func (d discreet) WithGroup(name string) slog.Handler {
	return discreet{d.next.WithGroup(name), d.hide}
}

// Handle writes a record, with the trace that it belongs to.
func (d discreet) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, d.hide(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(d.attribute(a))
		return true
	})
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		clean.AddAttrs(slog.String("trace", span.TraceID().String()))
	}
	return d.next.Handle(ctx, clean)
}

func (d discreet) attribute(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	switch {
	case a.Value.Kind() == slog.KindGroup:
		members := slices.Clone(a.Value.Group())
		for i, member := range members {
			members[i] = d.attribute(member)
		}
		a.Value = slog.GroupValue(members...)
	case namesSecret(a.Key):
		a.Value = slog.StringValue(masked)
	case a.Value.Kind() == slog.KindString:
		a.Value = slog.StringValue(d.hide(a.Value.String()))
	case a.Value.Kind() == slog.KindAny:
		a.Value = slog.StringValue(d.hide(text(a.Value.Any())))
	}
	return a
}

// text returns how a value is written in a log.
func text(value any) (s string) {
	switch v := value.(type) {
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	case []byte:
		return string(v)
	case encoding.TextMarshaler:
		if data, err := v.MarshalText(); err == nil {
			return string(data)
		}
	}
	return fmt.Sprintf("%+v", value)
}

// namesSecret says whether what has such a name is one, whatever it looks like.
func namesSecret(key string) bool {
	key = strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(key))
	for _, name := range [...]string{"token", "secret", "password", "privatekey", "authorization", "cookie", "credential", "credentials"} {
		if strings.HasSuffix(key, name) || strings.HasSuffix(key, name+"s") {
			return true
		}
	}
	return false
}

// forms are how secrets look that we do not know. In each, what the first group matches stays.
var forms = []*regexp.Regexp{
	regexp.MustCompile(`\b(gh[a-z]_|github_pat_)[A-Za-z0-9_.-]{8,}`),                             // tokens of GitHub, the long ones too
	regexp.MustCompile(`()\bv1\.[0-9a-f]{40}\b`),                                                 // and what they once were
	regexp.MustCompile(`()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`),       // JSON web tokens
	regexp.MustCompile(`(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?:-----END [A-Z ]*-----|$)`), // keys
	regexp.MustCompile(`(?i)\b((?:bearer|basic|token)[ :=]+)[A-Za-z0-9+/_.=~-]{8,}`),             // authorization
	regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/@:]*:)[^\s/@]+(?:@)`),                    // passwords in URLs
	regexp.MustCompile(`(?i)\b((?:access_token|token|secret|password|client_secret)=)[^\s&"']+`), // and in queries
	regexp.MustCompile(`()\bsha256=[0-9a-f]{64}\b`),                                              // signatures
}

// redact hides what looks like a secret.
func redact(s string) string {
	for _, form := range forms {
		s = form.ReplaceAllString(s, "${1}"+masked)
	}
	return s
}

// hiding returns a function that hides certain secrets, and what looks like one. Text of a few characters is left: it
// would be hidden in the middle of words.
func hiding(known []string) func(string) string {
	var pairs []string
	add := func(secret string) {
		if len(secret) >= 6 {
			pairs = append(pairs, secret, masked)
		}
	}
	slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range known {
		add(secret)
		if lines := strings.Split(secret, "\n"); len(lines) > 1 { // a key may be seen in part
			for _, line := range lines {
				if !strings.HasPrefix(line, "-----") && len(line) >= 32 {
					add(line)
				}
			}
		}
	}
	replacer := strings.NewReplacer(pairs...)
	return func(s string) string { return redact(replacer.Replace(s)) }
}
