package server

import (
	"encoding/json"
	"errors"
	"html"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func newApp() App {
	return App{ID: 42, Slug: "landwaiter-acme", Name: "Landwaiter acme", Page: "https://github.example.com/apps/landwaiter-acme",
		ClientSecret: "client-secret", WebhookSecret: "made-by-github", PrivateKey: "-----BEGIN RSA PRIVATE KEY-----"}
}

// unconfigured is a server without an App, whose public address is known.
func unconfigured(t *testing.T) *door {
	t.Helper()
	d := newDoor(t, func(o *Options) {
		noApp(o)
		o.Settings.PublicURL = "https://land.example.com"
		o.Settings.GitHub.URL = "https://github.example.com"
	})
	d.registrar.app = newApp()
	return d
}

func (d *door) submit(t *testing.T, form url.Values) (status int, text string, header http.Header) {
	t.Helper()
	answer, err := d.http.Client().PostForm(d.http.URL+"/setup", form)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var b strings.Builder
	if _, err := b.WriteString(readAll(t, answer)); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, b.String(), answer.Header
}

func readAll(t *testing.T, answer *http.Response) string {
	t.Helper()
	var b strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := answer.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return b.String()
		}
	}
}

// field returns what a page holds between two texts, without HTML.
func field(t *testing.T, page, before, after string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, before)
	text, _, ends := strings.Cut(rest, after)
	if !ok || !ends {
		t.Fatalf("the page lacks %q: %s", before, page)
	}
	return html.UnescapeString(text)
}

// From the link that is printed to a webhook that is accepted.
func TestSetup(t *testing.T) {
	t.Parallel()
	d := unconfigured(t)
	link := d.SetupLink()
	code, ok := strings.CutPrefix(link, "https://land.example.com/setup?code=")
	if !ok || len(code) < 20 {
		t.Fatal(link)
	}
	status, page := d.get(t, "/setup?code="+code)
	if status != 200 || !strings.Contains(page, `value="`+code+`"`) || !strings.Contains(page, "https://github.example.com") {
		t.Fatalf("%d %s", status, page)
	}
	for _, c := range choices() {
		if !strings.Contains(html.UnescapeString(page), c.Gives) {
			t.Errorf("the page does not say what %s gives", c.Name)
		}
	}

	status, page, _ = d.submit(t, url.Values{"code": {code}, "organisation": {"acme"}, "commits": {"yes"}, "teams": {"yes"}})
	if status != 200 {
		t.Fatalf("%d %s", status, page)
	}
	action, err := url.Parse(field(t, page, `<form method="post" action="`, `"`))
	if err != nil || !strings.HasPrefix(action.String(), "https://github.example.com/organizations/acme/settings/apps/new?state=") {
		t.Fatal(action, err)
	}
	var manifest map[string]any
	if err := json.Unmarshal([]byte(field(t, page, `name="manifest" value="`, `"`)), &manifest); err != nil {
		t.Fatal(err)
	}
	want := `{"default_events":["check_run","check_suite","merge_group","pull_request","pull_request_review_comment","push"],` +
		`"default_permissions":{"checks":"write","contents":"write","members":"read","merge_queues":"read","metadata":"read","pull_requests":"write"},` +
		`"description":"Reviews what a pull request does to Kubernetes, on the source lines.",` +
		`"hook_attributes":{"active":true,"url":"https://land.example.com/webhook"},"name":"Landwaiter acme","public":false,` +
		`"redirect_url":"` + d.http.URL + `/setup-created","url":"https://land.example.com"}`
	if got := asJSON(t, manifest); got != want {
		t.Errorf("manifest:\n%s\nwant:\n%s", got, want)
	}

	created := "/setup-created?code=from-github&state=" + action.Query().Get("state")
	status, page = d.get(t, created)
	if status != 200 || !strings.Contains(page, "https://github.example.com/apps/landwaiter-acme/installations/new") || !strings.Contains(page, "number 42") {
		t.Fatalf("%d %s", status, page)
	}
	if len(d.registrar.stored) != 1 || d.registrar.stored[0] != newApp() || len(d.registrar.codes) != 1 || d.registrar.codes[0] != "from-github" {
		t.Errorf("stored %+v, exchanged %v", d.registrar.stored, d.registrar.codes)
	}
	for _, secret := range []string{"client-secret", "made-by-github", "BEGIN RSA"} {
		if strings.Contains(page, secret) || strings.Contains(d.log.String(), secret) {
			t.Errorf("%s is shown", secret)
		}
	}
	d.works(t, code, created)
}

// works holds that the App which was set up is served, and that it cannot be set up again.
func (d *door) works(t *testing.T, code, created string) {
	t.Helper()
	status, text := d.post(t, "{}", func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", sign("made-by-github", "{}")) })
	if status != http.StatusAccepted {
		t.Errorf("webhook: %d %s", status, text)
	}
	for _, path := range []string{"/setup?code=" + code, created} {
		if status, _ := d.get(t, path); status != http.StatusNotFound {
			t.Errorf("%s after it: %d", path, status)
		}
	}
	if status, _, _ := d.submit(t, url.Values{"code": {code}}); status != http.StatusNotFound || d.SetupLink() != "" || len(d.registrar.stored) != 1 {
		t.Errorf("set up twice: %d", status)
	}
	if status, text := d.get(t, "/readyz"); status != 200 {
		t.Errorf("/readyz: %d %s", status, text)
	}
}

// For one's own account, with everything and with nothing chosen; without a public address one is asked for.
func TestSetupManifest(t *testing.T) {
	t.Parallel()
	d := newDoor(t, noApp)
	code := d.setup.code
	manifest := func(form url.Values) string {
		form.Set("code", code)
		status, page, _ := d.submit(t, form)
		if status != 200 {
			t.Fatalf("%v: %d %s", form, status, page)
		}
		if !strings.Contains(page, `action="https://github.example.com/settings/apps/new?state=`) {
			t.Errorf("%v: %s", form, page)
		}
		return field(t, page, `name="manifest" value="`, `"`)
	}
	least := manifest(url.Values{"url": {"https://land.example.com/base/"}, "name": {"Mine & “yours”"}})
	for _, want := range []string{`"default_permissions":{"checks":"write","contents":"read","merge_queues":"read","metadata":"read","pull_requests":"write"}`,
		`"url":"https://land.example.com/base/webhook"`, `"name":"Mine \u0026 “yours”"`} {
		if !strings.Contains(least, want) {
			t.Errorf("%s lacks %s", least, want)
		}
	}
	all := manifest(url.Values{"url": {"https://land.example.com"}, "comments": {"yes"}, "commits": {"yes"}, "teams": {"yes"}, "attestations": {"yes"}})
	for _, want := range []string{`"attestations":"read"`, `"contents":"write"`, `"members":"read"`, `"issues":"read"`, `"issue_comment"`, `"name":"Landwaiter"`} {
		if !strings.Contains(all, want) {
			t.Errorf("%s lacks %s", all, want)
		}
	}
	for _, form := range []url.Values{
		{}, {"url": {"land.example.com"}}, {"url": {"javascript:alert(1)"}}, {"url": {"https://land.example.com?x"}},
		{"url": {"https://land.example.com"}, "organisation": {"../acme"}}, {"url": {"https://land.example.com"}, "organisation": {"a b"}},
		{"url": {"https://land.example.com"}, "name": {strings.Repeat("x", 35)}}, {"url": {"https://land.example.com"}, "name": {"a\nb"}},
	} {
		form.Set("code", code)
		if status, page, _ := d.submit(t, form); status != 400 || !strings.Contains(page, `role="alert"`) || !strings.Contains(page, code) {
			t.Errorf("%v: %d %s", form, status, page)
		}
	}
}

// Wrong codes get nowhere, are counted, and a flow that was not begun here is none.
func TestSetupRefuses(t *testing.T) {
	t.Parallel()
	d := unconfigured(t)
	for range wrongMost {
		if status, page, _ := d.submit(t, url.Values{"code": {"guess"}}); status != http.StatusForbidden || strings.Contains(page, "manifest") {
			t.Fatalf("%d %s", status, page)
		}
	}
	if status, page, _ := d.submit(t, url.Values{"code": {d.setup.code}}); status != http.StatusTooManyRequests || strings.Contains(page, "manifest") {
		t.Errorf("the right code after too many wrong ones: %d %s", status, page)
	}
	for i := range d.setup.wrong {
		d.setup.wrong[i] = time.Now().Add(-2 * time.Minute)
	}
	status, page, _ := d.submit(t, url.Values{"code": {d.setup.code}})
	if status != 200 {
		t.Fatalf("a minute later: %d %s", status, page)
	}
	state := field(t, page, "?state=", `"`)
	for _, query := range []string{"", "?code=x", "?code=x&state=", "?code=x&state=guess", "?state=" + state, "?code=../x&state=" + state, "?code=" + strings.Repeat("x", 201) + "&state=" + state} {
		if status, _ := d.get(t, "/setup-created"+query); status != http.StatusForbidden || len(d.registrar.codes) > 0 {
			t.Errorf("%s: %d", query, status)
		}
	}
	d.setup.states[state] = begun{at: time.Now().Add(-2 * time.Hour)}
	if status, _ := d.get(t, "/setup-created?code=x&state="+state); status != http.StatusForbidden {
		t.Errorf("after two hours: %d", status)
	}
	for range 2 * statesMost {
		d.setup.newState()
	}
	if len(d.setup.states) > statesMost {
		t.Errorf("%d flows at a time", len(d.setup.states))
	}
	if status, _, _ := d.submit(t, url.Values{"code": {d.setup.code}, "name": {strings.Repeat("x", formBytes)}}); status != http.StatusBadRequest {
		t.Errorf("a large form: %d", status)
	}
}

// What fails between GitHub and the store can be tried again, though GitHub's code works once.
func TestSetupFailures(t *testing.T) {
	t.Parallel()
	d := unconfigured(t)
	_, page, _ := d.submit(t, url.Values{"code": {d.setup.code}})
	created := "/setup-created?code=from-github&state=" + field(t, page, "?state=", `"`)
	d.registrar.exchangeErr = errors.New("GitHub cannot be reached, token ghs_0123456789abcdef")
	if status, page := d.get(t, created); status != 502 || !strings.Contains(page, "GitHub cannot be reached") || strings.Contains(page, "0123456789abcdef") || d.configured() {
		t.Errorf("%d %s", status, page)
	}
	d.registrar.exchangeErr, d.registrar.storeErr = nil, errors.New("the disk is full")
	if status, page := d.get(t, created); status != 502 || !strings.Contains(page, "store the App: the disk is full") || d.configured() {
		t.Errorf("%d %s", status, page)
	}
	d.registrar.exchangeErr, d.registrar.storeErr = errors.New("the code was used"), nil
	if status, page := d.get(t, created); status != 200 || !d.configured() || len(d.registrar.stored) != 1 {
		t.Errorf("%d %s", status, page)
	}
	if len(d.registrar.codes) != 2 {
		t.Errorf("the code was exchanged %d times", len(d.registrar.codes))
	}

	d = unconfigured(t)
	d.registrar.app.WebhookSecret = ""
	_, page, _ = d.submit(t, url.Values{"code": {d.setup.code}})
	if status, page := d.get(t, "/setup-created?code=x&state="+field(t, page, "?state=", `"`)); status != 502 || d.configured() {
		t.Errorf("an App without a secret: %d %s", status, page)
	}
}

var scripts = regexp.MustCompile(`(?i)<script|\son[a-z]+\s*=|javascript:|<iframe|<object|style\s*=`)

// The pages have no scripts, may load nothing but their style, and send forms only where they have to go.
func TestSetupPages(t *testing.T) {
	t.Parallel()
	d := unconfigured(t)
	hostile := `"><script>alert(1)</script>`
	d.registrar.app.Name, d.registrar.app.Page = hostile, "javascript:alert(1)"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.http.URL+"/setup?code="+url.QueryEscape(hostile), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = hostile
	answer, err := d.http.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	check := func(what string, header http.Header, page, formTarget string) {
		t.Helper()
		policy := header.Get("Content-Security-Policy")
		if want := "default-src 'none'; style-src 'self'; form-action " + formTarget + "; base-uri 'none'; frame-ancestors 'none'"; policy != want {
			t.Errorf("%s: %s", what, policy)
		}
		if header.Get("Referrer-Policy") != "no-referrer" || header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Cache-Control") != "no-store" || header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", what, header)
		}
		if found := scripts.FindString(page); found != "" {
			t.Errorf("%s has %q: %s", what, found, page)
		}
	}
	if page := readAll(t, answer); answer.StatusCode == 200 {
		check("start", answer.Header, page, "'self'")
	} else {
		t.Errorf("%d", answer.StatusCode)
	}
	status, page, header := d.submit(t, url.Values{"code": {d.setup.code}, "name": {`"><script>`}})
	if status != 200 {
		t.Fatal(status)
	}
	check("manifest", header, page, "https://github.example.com")
	answer, err = d.http.Client().Get(d.http.URL + "/setup-created?code=x&state=" + field(t, page, "?state=", `"`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	check("done", answer.Header, readAll(t, answer), "'none'")
	if status, style := d.get(t, "/setup/style.css"); status != 200 || !strings.Contains(style, "body {") || strings.Contains(style, "url(") {
		t.Errorf("%d %s", status, style)
	}
}

// The documentation names the permissions and events that the App asks for, and the example of settings is one.
func TestSetupDocumented(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/app.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for permission, level := range (wish{}).permissions() {
		if !strings.Contains(text, "| `"+permission+"` | "+level+" |") {
			t.Errorf("docs/app.md lacks %s: %s", permission, level)
		}
	}
	all := wish{chosen: choices()}
	for _, c := range all.chosen {
		if !strings.Contains(text, "| `"+c.Permission+"` | "+c.Level+" |") {
			t.Errorf("docs/app.md lacks the choice %s: %s", c.Permission, c.Level)
		}
	}
	for _, name := range all.events() {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/app.md lacks the event %s", name)
		}
	}
	_, rest, _ := strings.Cut(text, "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/app.md has no example of settings")
	}
	files := map[string]string{"/run/secrets/key.pem": testKey(), "/run/secrets/webhook": "new,old\n"}
	if s, err := load(example, nil, files); err != nil || !s.HasApp() || len(s.GitHub.WebhookSecrets) != 2 {
		t.Errorf("the example: %+v, %v", s, err)
	}
}
