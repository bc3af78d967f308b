package trace

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestErrors compares the texts of errors with those of Helm 3, whose form ours have, and their places.
func TestErrors(t *testing.T) {
	t.Parallel()
	helpers := "{{ define \"r\" }}\n  {{ required \"set x\" .Values.x }}\n{{ end }}{{ define \"f\" }}{{ fail (printf \"no %s\" .Values.drink) }}{{ end }}\n{{ define \"n\" }}{{ .Values.a.b.c }}{{ end }}"
	for text, want := range map[string]struct{ frames, text string }{
		"a: 1\nb: {{ required \"set x\" .Values.x }}\n": {"x:2:7", "execution error at (web/templates/x.yaml:2:6): set x"},
		"\n{{ include \"r\" . }}":                       {"_h:2:6 x:2:4", "execution error at (web/templates/x.yaml:2:3): set x"},
		"a:\n  {{- include \"f\" . | nindent 2 }}":      {"_h:3:29 x:2:7", "execution error at (web/templates/x.yaml:2:6): no tea"},
		"{{ tpl \"{{ fail \\\"deep\\\" }}\" . }}":       {"x:1:4", "execution error at (web/templates/x.yaml:1:3): deep"},
		"a\n{{ if }}":                        {"x:2:1", "parse error at (web/templates/x.yaml:2): missing value for if"},
		"a\n{{ nofunc 1 }}":                  {"x:2:1", `parse error at (web/templates/x.yaml:2): function "nofunc" not defined`},
		"{{ template \"n\" . }}":             {"_h:4:27 x:1:13", "nil pointer evaluating interface {}.c"},
		"{{ include \"none\" . }}":           {"x:1:4", `error calling include: template: no template "none" associated with template "gotpl"`},
		"{{ atoi }}":                         {"x:1:4", "wrong number of args for atoi: want 1 got 0"},
		"x: {{ upper 1 }}":                   {"x:1:13", "expected string; found 1"},
		"{{ (index .Values.l 7) }}":          {"x:1:5", "error calling index: index out of range: 7"},
		"{{ div 1 0 }}":                      {"x:1:4", "error calling div: runtime error: integer divide by zero"},
		"{{ \"a\" | mustRegexMatch \"(\" }}": {"x:1:10", "error parsing regexp"},
	} {
		r := tiny(t, two(text, helpers), "{drink: tea, a: {}, l: [1]}")[0]
		_, err := Execute(context.Background(), r.chart, Options{HelmLine: 3})
		var ours *Error
		if !errors.As(err, &ours) {
			t.Errorf("%q: %v is not an Error", text, err)
			continue
		}
		if !strings.Contains(err.Error(), want.text) {
			t.Errorf("%q: says %q, not %q", text, err, want.text)
		}
		if frames := showFrames(ours.Frames); frames != want.frames {
			t.Errorf("%q: is at %s, not at %s", text, frames, want.frames)
		}
		_, helms := r.engine()
		if place, _, _ := strings.Cut(err.Error(), " executing"); helms == nil || !strings.HasPrefix(helms.Error(), place) {
			t.Errorf("%q: we say\n%v\nHelm\n%v", text, err, helms)
		}
	}
}

func showFrames(frames []Frame) string {
	var all []string
	for _, f := range frames {
		name := strings.TrimPrefix(f.Template, "web/templates/")
		all = append(all, fmt.Sprintf("%s:%d:%d", strings.TrimSuffix(strings.TrimSuffix(name, ".tpl"), ".yaml"), f.Line, f.Column))
	}
	return strings.Join(all, " ")
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := tiny(t, one("{{ range until 1000 }}{{ . }}{{ end }}"), "")[1]
	if _, err := Execute(ctx, r.chart, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	r := tiny(t, map[string]string{"x.yaml": strings.Repeat("a", 60), "y.yaml": strings.Repeat("b", 60)}, "")[1]
	var limit *LimitError
	if _, err := Execute(context.Background(), r.chart, Options{OutputBudget: 100, WorkBudget: 1 << 20}); !errors.As(err, &limit) {
		t.Errorf("got %v", err)
	}
}

// TestPinned checks that what Helm does not repeat is the same twice, has the right form, and is told.
func TestPinned(t *testing.T) {
	t.Parallel()
	text := `
a: {{ randAlphaNum 8 | b64enc | b64dec | len }}
b: {{ now | date "2006" }}
c: {{ uuidv4 }}
d: {{ $ca := genCA "ca" 1 }}{{ $c := genSignedCert "x" nil (list "a") 1 $ca }}{{ $c.Cert | b64enc | len }} {{ hasPrefix "-----BEGIN CERTIFICATE" $ca.Cert }}
e: {{ decryptAES "k" (encryptAES "k" "secret") }}
f: {{ htpasswd "user" "pass" | splitList ":" | first }}
g: {{ bcrypt "p" | len }} {{ derivePassword 1 "long" "p" "u" "s" | len }} {{ genPrivateKey "ed25519" | hasPrefix "-----BEGIN PRIVATE KEY" }}
h: {{ keys .Values.m | sortAlpha }} {{ date "2006" 0 }} {{ randInt 3 9 }} {{ randBytes 3 }} {{ shuffle "ab" | len }}
i: {{ keys .Values.m | join "," }} {{ ago now }} {{ dateInZone "15" "no date" "UTC" }}
`
	want := `
a: 8
b: 2024
c: 00000000-0000-4000-8000-000000000000
d: 1428 true
e: secret
f: user
g: 60 14 true
h: [a b] 1970 3 YWhv 2
i: a,b 0s 00
`
	used := "randAlphaNum:2 now:3 uuidv4:4 genCA:5 genSignedCert:5 encryptAES:6 htpasswd:7 bcrypt:8 derivePassword:8 genPrivateKey:8 randInt:9 randBytes:9 shuffle:9 keys:10 ago:10 now:10 dateInZone:10"
	for _, r := range tiny(t, one(text), "m: {b: 1, a: 2}") {
		got, err := Execute(context.Background(), r.chart, Options{HelmLine: r.line})
		if err != nil {
			t.Fatal(err)
		}
		if out := string(got.Files["web/templates/x.yaml"].Output); out != want {
			t.Errorf("Helm %d: got %s", r.line, out)
		}
		var names []string
		for _, use := range got.Pinned {
			names = append(names, fmt.Sprintf("%s:%d", use.Function, use.At.Line))
		}
		if said := strings.Join(names, " "); said != used {
			t.Errorf("Helm %d: told %s", r.line, said)
		}
		if _, err := r.engine(); err != nil {
			t.Errorf("Helm %d: %v", r.line, err)
		}
	}
}
