package trace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func doubling(expression string) string {
	return `{{ $s := "0123456789abcdef" }}{{ range until 64 }}{{ $s = ` + expression + ` }}{{ end }}`
}

func tree(use string) string {
	return `{{ $m := dict "a" 1 }}{{ range until 64 }}{{ $m = dict "a" $m "b" $m }}{{ end }}` + use
}

func self(use string) string { return `{{ $m := dict "a" 1 }}{{ $_ := set $m "self" $m }}` + use }

var hostile = map[string]string{
	"until":              "{{ until 2000000000 }}",
	"untilStep":          "{{ untilStep 0 2000000000 1 | len }}",
	"untilStep forever":  "{{ untilStep 1 9223372036854775807 2 }}",
	"seq":                "{{ seq 1 2000000000 }}",
	"repeat":             `{{ repeat 2000000000 "x" }}`,
	"indent":             `{{ indent 2000000000 "x" }}`,
	"nindent":            `{{ "a\nb" | nindent 1500000000 }}`,
	"printf width":       `{{ printf (repeat 5000 "%999999d") }}`,
	"printf star":        `{{ printf (repeat 90 "%[2]*[1]d") 1 999999 }}`,
	"doubling print":     doubling("print $s $s"),
	"doubling printf":    doubling(`printf "%s%s" $s $s`),
	"doubling printf 1":  doubling(`printf "%[1]s%[1]s" $s`),
	"doubling cat":       doubling("cat $s $s"),
	"doubling replace":   doubling(`replace "0" $s $s`),
	"doubling regex":     doubling(`regexReplaceAll "." $s "$0$0"`),
	"doubling join":      doubling(`join $s (splitList "" $s)`),
	"doubling tpl":       doubling(`tpl "{{ . }}{{ . }}" $s`),
	"doubling quote":     doubling("quote $s $s"),
	"doubling wrap":      doubling("wrapWith 1 $s $s"),
	"doubling list":      `{{ $l := list 1 }}{{ range until 64 }}{{ $l = concat $l $l }}{{ end }}`,
	"include doubling":   `{{ define "d" }}{{ if gt (int .) 0 }}{{ include "d" (sub . 1) }}{{ include "d" (sub . 1) }}{{ else }}0123456789{{ end }}{{ end }}{{ include "d" 40 }}`,
	"nested range":       "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}",
	"range of a number":  "{{ range 9000000000 }}{{ end }}",
	"large output":       `{{ $s := repeat 100000 "x" }}{{ range until 100000 }}{{ $s }}{{ end }}`,
	"short lines":        "{{ range until 1000000 }}{{ range until 4 }}x\ny: {{ $.Values.bomb }}\n{{ end }}{{ end }}",
	"hashes":             `{{ $s := repeat 30000000 "x" }}{{ range until 100000 }}{{ $_ := sha256sum $s }}{{ end }}`,
	"small outputs":      `{{ range until 1000000 }}{{ range until 1000000 }}x{{ end }}{{ end }}`,
	"include itself":     `{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`,
	"template itself":    `{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`,
	"in turns":           `{{ define "a" }}{{ template "b" . }}{{ end }}{{ define "b" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`,
	"tpl itself":         `{{ define "a" }}{{ tpl "{{ include \"a\" . }}" . }}{{ end }}{{ include "a" . }}`,
	"tpl of itself":      `{{ tpl .Values.bomb . }}`,
	"toYaml of a tree":   tree("{{ toYaml $m }}"),
	"toJson of a tree":   tree("{{ toJson $m }}"),
	"print of a tree":    tree("{{ $m }}"),
	"copy of a tree":     tree("{{ $_ := deepCopy $m }}"),
	"merge of a tree":    tree("{{ $_ := merge $m (deepCopy $m) }}"),
	"toYaml of itself":   self("{{ toYaml $m }}"),
	"print of itself":    self("{{ $m }}"),
	"copy of itself":     self("{{ deepCopy $m }}"),
	"equal to itself":    self(`{{ $n := dict "a" 1 }}{{ $_ := set $n "self" $n }}{{ deepEqual $m $n }}`),
	"merge of itself":    self(`{{ $n := dict "a" 1 }}{{ $_ := set $n "self" $n }}{{ $_ := merge $m $n }}`),
	"YAML of $":          `{{ $_ := set $.Values "self" $ }}{{ $.YAML }}`,
	"uniq":               "{{ uniq (until 1000000) | len }}",
	"regular expression": `{{ regexMatch (repeat 1000 "(a?){100}") (repeat 1000000 "a") }}`,
	"random":             "{{ randAlphaNum 2000000000 }}",
	"keys":               `{{ range 100000000 }}{{ $_ := genPrivateKey "rsa" }}{{ end }}`,
	"nesting":            strings.Repeat("{{ if 1 }}", 200_000) + strings.Repeat("{{ end }}", 200_000),
	"parentheses":        "{{ " + strings.Repeat("(", 200_000) + "1" + strings.Repeat(")", 200_000) + " }}",
}

// TestHostile executes templates that would take Helm down. Each must end soon, with an error that says where, and
// without much memory.
func TestHostile(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(hostile)) {
		t.Run(name, func(t *testing.T) { endsSoon(t, hostile[name]) })
	}
}

func endsSoon(t *testing.T, text string) {
	t.Helper()
	for _, r := range tiny(t, map[string]string{"x.yaml": text}, `bomb: '{{ tpl .Values.bomb . }}'`)[1:] {
		ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Execute(ctx, r.chart, Options{HelmLine: r.line})
		cancel()
		runtime.ReadMemStats(&after)
		var place *Error
		switch {
		case err == nil:
			t.Errorf("Helm %d: there is no error", r.line)
		case !errors.As(err, &place) || len(place.Frames) == 0 || place.Frames[0].Template != "web/templates/x.yaml":
			t.Errorf("Helm %d: the error does not say where: %v", r.line, err)
		case len(err.Error()) > 16<<10:
			t.Errorf("Helm %d: the error has %d bytes", r.line, len(err.Error()))
		}
		if inUse := int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse); inUse > 512<<20 {
			t.Errorf("Helm %d: takes %d MiB", r.line, inUse>>20)
		}
		t.Logf("Helm %d: %d MiB, %.200v", r.line, (int64(after.Sys)-int64(before.Sys))>>20, fmt.Sprint(err))
	}
}

// TestPiecesBounded proves that a text which is printed twice, again and again, does not double what is remembered of
// where its parts are from: that took ten times the memory of the text, and the renderer's life, before any limit.
func TestPiecesBounded(t *testing.T) {
	text := `{{ $s := "01234567" }}{{ range until 60 }}{{ $s = print $s $s }}{{ end }}`
	for _, r := range tiny(t, map[string]string{"x.yaml": text}, "a: b")[1:] {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Execute(context.Background(), r.chart, Options{HelmLine: r.line})
		runtime.ReadMemStats(&after)
		var limit *LimitError
		if took := int64(after.TotalAlloc-before.TotalAlloc) >> 20; !errors.As(err, &limit) || took > 1024 {
			t.Errorf("Helm %d: takes %d MiB in all: %v", r.line, took, err)
		}
	}
}
