package githubtest

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// manifestCode is what a browser brings back from the manifest flow, good once and for an hour.
type manifestCode struct {
	options AppOptions
	until   time.Time
}

// manifest is what an App says of itself when it is to be created.
type manifest struct {
	Name           string               `json:"name"`
	URL            string               `json:"url"`
	HookAttributes struct{ URL string } `json:"hook_attributes"`
	RedirectURL    string               `json:"redirect_url"`
	Permissions    map[string]string    `json:"default_permissions"`
	Events         []string             `json:"default_events"`
}

// serveWeb answers what a browser sees. Of GitHub's pages there are those of the manifest flow: the form posts a
// manifest here, a person confirms, and the browser goes back to redirect_url with a code.
func (g *GitHub) serveWeb(w *answer, r *http.Request, body []byte) {
	owner, ours := settingsOwner(r.URL.Path)
	if !ours {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "the form posts a manifest here", http.StatusMethodNotAllowed)
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	back, err := g.takeManifest(owner, form.Get("manifest"), r.URL.Query().Get("state"))
	if err != nil {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = fmt.Fprintf(w, "<p>Invalid GitHub App configuration: %s</p>", html.EscapeString(err.Error()))
		return
	}
	w.Header().Set("Location", back)
	w.WriteHeader(http.StatusFound)
}

// settingsOwner is whose App a page of settings creates: an organisation's, or of the person who is signed in.
func settingsOwner(path string) (owner string, ok bool) {
	if path == "/settings/apps/new" {
		return "somebody", true
	}
	owner, ok = strings.CutPrefix(path, "/organizations/")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(owner, "/settings/apps/new")
}

// takeManifest keeps a manifest under a code and returns where the browser goes with it.
func (g *GitHub) takeManifest(owner, text, state string) (string, error) {
	var m manifest
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return "", fmt.Errorf("the manifest is not JSON: %w", err)
	}
	back, err := url.Parse(m.RedirectURL)
	switch {
	case m.Name == "":
		return "", fmt.Errorf("name can't be blank")
	case m.URL == "":
		return "", fmt.Errorf("url wasn't supplied")
	case err != nil || !back.IsAbs():
		return "", fmt.Errorf("redirect_url must be a valid URL")
	}
	if err := checkEvents(m.Events, m.Permissions); err != nil {
		return "", err
	}
	code := randomHex(20)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.codes[code] = &manifestCode{until: g.now().Add(time.Hour), options: AppOptions{
		Slug: slug(m.Name), Owner: owner, Webhook: m.HookAttributes.URL, Permissions: m.Permissions, Events: m.Events,
	}}
	query := back.Query()
	query.Set("code", code)
	if state != "" {
		query.Set("state", state)
	}
	back.RawQuery = query.Encode()
	return back.String(), nil
}

func slug(name string) string {
	return strings.Join(strings.FieldsFunc(fold(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }), "-")
}

// convertManifest makes the App of a manifest's code, once, and answers its credentials, which GitHub never says again.
func (c *call) convertManifest() (any, error) {
	code := c.g.codes[c.params["code"]]
	if code == nil || c.g.now().After(code.until) {
		return nil, notFound()
	}
	delete(c.g.codes, c.params["code"])
	app, err := c.g.createApp(code.options)
	if err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	o := c.g.appJSON(app)
	o["client_id"], o["client_secret"], o["webhook_secret"], o["pem"] = app.clientID(), randomHex(20), app.Secret, app.PEM
	return o, nil
}

// App returns the App of a slug, nil when there is none.
func (g *GitHub) App(slug string) *App {
	return locked(g, func() *App { return g.appBySlug(slug) })
}
