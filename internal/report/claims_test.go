package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

// claimed is the sample as a job of a pull request would leave it, with what somebody makes of it.
func claimed(t testing.TB, name string, forge func(map[string]any)) []byte {
	t.Helper()
	r := sample(name)
	accepted := r.Findings[1]
	accepted.Status, accepted.Exemption = review.Exempt, &review.Exemption{Reason: "it is meant" + name, By: "@acme/security"}
	r.Findings = append(r.Findings, accepted)
	var out bytes.Buffer
	if err := JSON(&out, r); err != nil {
		t.Fatal(err)
	}
	var value map[string]any
	if err := json.Unmarshal(out.Bytes(), &value); err != nil {
		t.Fatal(err)
	}
	if forge != nil {
		forge(value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// first is the first finding of a report.
func first(v map[string]any) map[string]any { return v["findings"].([]any)[0].(map[string]any) }

// advised is what would be shown of a report beside the sample's change.
func advised(t testing.TB, text []byte, change *source.Change) (*Report, Publication) {
	t.Helper()
	read, err := Read(text)
	if err != nil {
		t.Fatal(err)
	}
	r := Claims(read, sample("").Rules, review.DefaultPolicy(), change)
	r.Caveat = "*Reported by [run 7](https://github.com/acme/web/actions/runs/7): advisory.*"
	r.Link = func(file string, line int) string {
		return fmt.Sprintf("https://github.com/acme/web/blob/main/a#L%d", line)
	}
	return r, Advise(r, change)
}

// TestReadRefuses: what is not wholly a report is none.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for what, forge := range map[string]func(map[string]any){
		"an unknown field":            func(v map[string]any) { v["approved"] = true },
		"an unknown field of a place": func(v map[string]any) { first(v)["location"].(map[string]any)["url"] = "https://evil.example" },
		"another case of a field":     func(v map[string]any) { v["Verdict"] = "pass" },
		"a level that there is not":   func(v map[string]any) { first(v)["level"] = "none" },
		"a rule with markup":          func(v map[string]any) { first(v)["rule"] = "x](https://evil.example)" },
		"a guideline with markup":     func(v map[string]any) { first(v)["guidelines"] = []any{"G1](https://evil.example)"} },
		"a fingerprint with a marker": func(v map[string]any) { first(v)["fingerprint"] = strings.Repeat("a", 32) + " --><!-- " },
		"another version":             func(v map[string]any) { v["version"] = 2 },
		"a negative line":             func(v map[string]any) { first(v)["location"].(map[string]any)["line"] = -1 },
		"a line beyond numbers":       func(v map[string]any) { first(v)["location"].(map[string]any)["line"] = 1e300 },
		"too many findings": func(v map[string]any) {
			v["findings"] = slices.Repeat([]any{first(v)}, maxClaims+1)
		},
		"too many notes": func(v map[string]any) { v["notes"] = slices.Repeat([]any{"x"}, maxClaimed+1) },
	} {
		if _, err := Read(claimed(t, "", forge)); err == nil {
			t.Errorf("%s is read", what)
		} else if strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 2*maxReason {
			t.Errorf("%s is refused by %q", what, err)
		}
	}
	whole := claimed(t, "", nil)
	for what, text := range map[string][]byte{
		"nothing": nil, "half": whole[:len(whole)/2], "two": slices.Concat(whole, whole), "a list": []byte("[]"), "null": []byte("null"),
		"deep": []byte(strings.Repeat("[", 1<<20)), "nested": nested(whole, strings.Repeat("[", maxNesting)+strings.Repeat("]", maxNesting)),
		"a field twice":         bytes.Replace(whole, []byte(`"findings":`), []byte(`"findings":[],"findings":`), 1),
		"a field twice, hidden": bytes.Replace(whole, []byte(`"findings":`), []byte(`"find\u0069ngs":[{"guidelines":["x](evil)"]}],"findings":`), 1), "too large": slices.Concat(whole, bytes.Repeat([]byte(" "), MaxReport)),
	} {
		if _, err := Read(text); err == nil {
			t.Errorf("%s is read", what)
		}
	}
	if _, err := Read(whole); err != nil {
		t.Error(err)
	}
}

// nested is a report in which a value stands where its notes were.
func nested(whole []byte, value string) []byte {
	return bytes.Replace(whole, []byte(`"notes":`), []byte(`"notes":`+value+`,"unread":`), 1)
}

// TestReadBounded: what is made to cost is refused before it does. Each of these took seconds to hours, or gigabytes.
func TestReadBounded(t *testing.T) {
	t.Parallel()
	whole := claimed(t, "", nil)
	root := `{"path":"a","kind":"helm","status":"failed","reason":"","objects":1e999999,"changed":-1E+999999,"because":[]},`
	for what, test := range map[string]struct {
		text []byte
		says string
	}{
		"empty findings":    {bytes.Replace(whole, []byte(`"findings":[`), []byte(`"findings":[`+strings.Repeat("{},", 4<<20)), 1), "20000 items"},
		"lists of lists":    {nested(whole, "["+strings.Repeat("["+strings.Repeat("0,", 9_999)+"0],", 700)+"[]]"), "1000000 values"},
		"empty names":       {nested(whole, "{"+strings.Repeat(`"":0,`, 2<<20)+`"x":0}`), "twice"},
		"great exponents":   {bytes.Replace(whole, []byte(`"notes":`), []byte(`"notes":[`+strings.Repeat(root, 100_000)+`"x"],"unread":`), 1), "1e999999"},
		"a small exponent":  {nested(whole, "1e-999999"), "1e-999999"},
		"a number too long": {nested(whole, strings.Repeat("9", 8<<20)), "no size"},
	} {
		began := time.Now()
		if _, err := Read(test.text); err == nil || !strings.Contains(err.Error(), test.says) || len(err.Error()) > maxReason {
			t.Errorf("%s: %.300v", what, err)
		}
		if took := time.Since(began); took > 2*time.Minute { // by a clock that others' work moves too
			t.Errorf("%s took %s", what, took)
		}
	}
	fine := bytes.Replace(whole, []byte(`"discover":`), []byte(`"discover":5e-07,"ignored":`), 1)
	if _, err := Read(fine); err == nil || strings.Contains(err.Error(), "no size") {
		t.Errorf("half a microsecond: %v", err)
	}
}

// TestClaims: what a report says of proofs, acceptance, fixes, verdict and places elsewhere is not shown.
func TestClaims(t *testing.T) {
	t.Parallel()
	change := sampleChange("")
	text := claimed(t, "", func(v map[string]any) {
		v["verdict"], v["base"] = "pass", strings.Repeat("b", 40)
		v["summary"] = map[string]any{"new": map[string]any{"error": 0, "warning": 0, "info": 0}, "existing": 0, "fixed": 99, "exempt": 99}
		elsewhere := func(file string, line int) any {
			f := map[string]any{}
			for key, value := range first(v) {
				f[key] = value
			}
			f["location"] = map[string]any{"file": file, "line": line, "endLine": line, "column": 1, "precision": "exact", "changed": true}
			f["fingerprint"] = fmt.Sprintf("%032x", len(file)*1000+line)
			return f
		}
		unknown := elsewhere("apps/base.yaml", 3).(map[string]any)
		unknown["rule"] = "trust-me"
		v["findings"] = append(v["findings"].([]any), elsewhere("OWNERS", 1), elsewhere("../../etc/passwd", 1), elsewhere("/etc/passwd", 1), elsewhere("apps/base.yaml", 900), unknown)
	})
	r, p := advised(t, text, change)
	if r.Verdict != review.Fails || p.Checks[0].Conclusion != Failure || len(p.Checks) != 1 || p.Checks[0].Name != AdvisoryName || p.Checks[0].Actions != nil {
		t.Errorf("the verdict is %s, the checks %+v", r.Verdict, p.Checks)
	}
	all := p.Comment + p.Checks[0].Summary + p.Checks[0].Text
	for _, c := range p.Comments {
		all += c.Body
		if c.File != "apps/base.yaml" && c.File != "chart/values.yaml" || c.Line > 3 {
			t.Errorf("a comment on %s:%d", c.File, c.Line)
		}
		if found, ok := ParseMarker(AdvisoryName, c.Body); !ok || !slices.Equal(found, c.Fingerprints) || !strings.Contains(c.Body, r.Caveat) {
			t.Errorf("the comment is\n%s", c.Body)
		}
	}
	for _, a := range p.Checks[0].Annotations {
		if a.File != "apps/base.yaml" && a.File != "chart/values.yaml" || a.EndLine > 9 {
			t.Errorf("an annotation on %s:%d", a.File, a.EndLine)
		}
	}
	for _, never := range []string{"suggestion", "it is meant", "acme/security", "OWNERS", "passwd", "trust-me", "99", "verified"} {
		if strings.Contains(all, never) {
			t.Errorf("it says %q:\n%s", never, all)
		}
	}
	if len(p.Comments) == 0 || !strings.Contains(all, "1 finding of the report left out") || !strings.Contains(p.Checks[0].Summary, r.Caveat) {
		t.Errorf("%d comments; the summary is\n%s", len(p.Comments), p.Checks[0].Summary)
	}
}

// TestClaimsNeverPass: a report that finds nothing makes no check succeed.
func TestClaimsNeverPass(t *testing.T) {
	t.Parallel()
	for what, forge := range map[string]func(map[string]any){
		"nothing":       func(v map[string]any) { v["findings"], v["roots"] = []any{}, []any{} },
		"all mended":    func(v map[string]any) { each(v, "status", "fixed") },
		"all accepted":  func(v map[string]any) { each(v, "status", "exempt") },
		"all mild":      func(v map[string]any) { each(v, "level", "info") },
		"nothing known": func(v map[string]any) { each(v, "rule", "unheard-of") },
	} {
		_, p := advised(t, claimed(t, "", forge), sampleChange(""))
		if c := p.Checks[0]; c.Conclusion == Success || !strings.HasPrefix(c.Title, "Advisory: ") {
			t.Errorf("%s: %s, %q", what, c.Conclusion, c.Title)
		}
	}
}

func each(v map[string]any, key, value string) {
	for _, f := range v["findings"].([]any) {
		f.(map[string]any)[key] = value
	}
}

// TestHostileClaims puts every hostile name everywhere in a report: no text makes markup, mentions, links or markers.
func TestHostileClaims(t *testing.T) {
	t.Parallel()
	for _, name := range append(slices.Clone(hostile), "@acme/security", "![](https://evil.example/x.png)", "<img src=x>", strings.Repeat("x", 100_000)) {
		checkClaims(t, name)
	}
}

func checkClaims(t *testing.T, name string) {
	t.Helper()
	for _, at := range []string{"", name} { // the difference has the files, or not
		_, p := advised(t, claimed(t, name, nil), sampleChange(at))
		texts := map[string]string{"summary": p.Checks[0].Summary, "text": p.Checks[0].Text}
		for i, c := range p.Comments {
			texts[fmt.Sprint("comment ", i)] = c.Body
			if found, ok := ParseMarker(AdvisoryName, c.Body); !ok || !slices.Equal(found, c.Fingerprints) {
				t.Errorf("%.60q makes the marker %v of %v", name, found, c.Fingerprints)
			}
		}
		for what, text := range texts {
			checkRendered(t, fmt.Sprintf("the %s with %.60q", what, name), text)
			if len(text) > maxBody {
				t.Errorf("the %s with %.60q has %d bytes", what, name, len(text))
			}
		}
		if title := p.Checks[0].Title; len(title) > maxTitle || strings.ContainsAny(title, "\r\n") {
			t.Errorf("the title is %q", title)
		}
	}
}

// FuzzRead reads what a job may leave, and shows what is read.
func FuzzRead(f *testing.F) {
	f.Add(claimed(f, "", nil))
	f.Add(claimed(f, "\n<!-- landwaiter-advisory:"+strings.Repeat("a", 32)+" -->", nil))
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := Read(text)
		if err != nil {
			return
		}
		change := sampleChange("")
		p := Advise(Claims(read, sample("").Rules, review.DefaultPolicy(), change), change)
		if p.Checks[0].Conclusion == Success || len(p.Checks[0].Summary) > maxBody {
			t.Errorf("%s, %d bytes", p.Checks[0].Conclusion, len(p.Checks[0].Summary))
		}
	})
}
