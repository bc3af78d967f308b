package fetch

import (
	"reflect"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

const helmIndex = `apiVersion: v1
entries:
  other:
  - apiVersion: v2
    description: |
      entries:
        web:
        - version: 6.6.6
    urls:
    - other-1.0.0.tgz
    version: 1.0.0
  # a remark
  web:
  - annotations:
      artifacthub.io/changes: "- kind: fixed\n  web:\n"
    digest: 0a
    urls:
    - web-1.0.0.tgz
    - https://mirror.example/web-1.0.0.tgz
    version: 1.0.0

  - urls: [web-1.1.0.tgz]
    version: "1.1.0"
  webhook:
    - {version: 2.0.0, urls: [webhook.tgz]}
generated: "2026-01-01T00:00:00Z"
`

// TestEntries holds that the part of an index on one chart is found, however it is written.
func TestEntries(t *testing.T) {
	t.Parallel()
	both := []indexEntry{{"1.0.0", "web-1.0.0.tgz", "0a"}, {"1.1.0", "web-1.1.0.tgz", ""}}
	one := []indexEntry{{"1.0.0", "web.tgz", ""}}
	for _, c := range []struct {
		name, index, chart string
		want               []indexEntry
	}{
		{"as Helm writes it", helmIndex, "web", both},
		{"lines of Windows", strings.ReplaceAll(helmIndex, "\n", "\r\n"), "web", both},
		{"another", helmIndex, "webhook", []indexEntry{{"2.0.0", "webhook.tgz", ""}}},
		{"none", helmIndex, "we", nil},
		{"the entries' own name", helmIndex, "entries", nil},
		{"quoted", "entries:\n    \"web\":\n    - {version: 1.0.0, urls: [web.tgz]}\n", "web", one},
		{"on one line", "entries:\n  web: [{version: 1.0.0, urls: [web.tgz]}]\n", "web", one},
		{"in braces", "entries: {web: [{version: 1.0.0, urls: [web.tgz]}]}\n", "web", one},
		{"with an alias", "x: &x [web.tgz]\nentries:\n  web:\n  - {version: 1.0.0, urls: *x}\n", "web", one},
		{"JSON", `{"entries": {"web": [{"version": "1.0.0", "urls": ["web.tgz"]}]}}`, "web", one},
		{"empty", "apiVersion: v1\nentries: {}\n", "web", nil},
		{"ended", "entries:\n  other:\n  - version: 1.0.0\nweb:\n- version: 6.6.6\n", "web", nil},
	} {
		got, err := entriesOf([]byte(c.index), c.chart)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
	if _, err := entriesOf([]byte("entries: {"+strings.Repeat("a: 1, ", maxWhole/6)+"}"), "web"); err == nil {
		t.Error("a large index in braces was read as a whole")
	}
}

// TestLongRanges holds that a range is not held against versions in more parts than anybody writes, and that what a change or
// a server calls versions is shown as a text.
func TestLongRanges(t *testing.T) {
	t.Parallel()
	for want, is := range map[string]string{
		strings.Repeat(">1.0.0 || ", 100_000) + "<1": "too long",
		"\x1b[31m":       "neither a version",
		">9.0.0":         "none of its 1 versions is >9.0.0",
		">9.0.0 \n|| >8": "none of its 1 versions is >9.0.0 \ufffd|| >8",
	} {
		if _, err := newest([]string{"1.0.0"}, want); err == nil || !strings.Contains(err.Error(), is) || strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 500 {
			t.Errorf("%.50q: %.200v", want, err)
		}
	}
}

// FuzzEntries holds that the part which is cut out says what the whole index does.
func FuzzEntries(f *testing.F) {
	for _, index := range []string{helmIndex, "entries:\n  web: *x\n", "entries:\n  web:\n", "entries:\n- web:\n", `{"entries": {"web": null}}`} {
		f.Add([]byte(index))
	}
	f.Fuzz(func(t *testing.T, index []byte) {
		got, err := entriesOf(index, "web")
		whole, wrong := manifests.ParseYAML(index)
		if err != nil || wrong != nil || whole == nil || len(got) == 0 || index[0] == '{' {
			return
		}
		if want := yamlEntries(manifests.NewField(whole, "").Get("entries").Get("web")); !reflect.DeepEqual(got, want) {
			t.Errorf("cut %+v, whole %+v", got, want)
		}
	})
}

// FuzzUnpack holds that what is unpacked keeps to its limits, and to names that lie below a directory.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte("\x1f\x8b"))
	limits := Limits{Unpacked: 1 << 16, Files: 20}
	f.Fuzz(func(t *testing.T, archive []byte) {
		files, err := unpack(archive, limits)
		size := 0
		for name, text := range files {
			if size += len(text); strings.HasPrefix(name, "/") || strings.Contains("/"+name+"/", "/../") {
				t.Errorf("unpacked %q", name)
			}
		}
		if err == nil && (size > 1<<16 || len(files) > 20) {
			t.Errorf("%d files of %d bytes", len(files), size)
		}
	})
}

// TestFiltered holds the filter of tags to that of Flux's OCIRepository ("Semver filter").
func TestFiltered(t *testing.T) {
	t.Parallel()
	tags := []string{"1.0.0", "1.1.0-rc.1", "1.1.0", "latest"}
	for expression, want := range map[string][]string{"": tags, `.*-rc.*`: {"1.1.0-rc.1"}, `^1\.0`: {"1.0.0"}, "none": {}} {
		if got, err := filtered(tags, expression); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v %v, want %v", expression, got, err, want)
		}
	}
	for expression, want := range map[string]string{"(": "no regular expression", strings.Repeat("(a|b)?", 10_000): "too long"} {
		if _, err := filtered(tags, expression); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("%.20q: %v, want %q", expression, err, want)
		}
	}
}
