package githubtest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestManifest creates an App as a person does who presses the button on GitHub.
func TestManifest(t *testing.T) {
	t.Parallel()
	s := play(t)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	post := func(page, manifest string) (int, *url.URL) {
		t.Helper()
		response, err := browser.PostForm(s.URL()+page+"?state=s1", url.Values{"manifest": {manifest}})
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		back, _ := response.Location() // none where it is refused
		return response.StatusCode, back
	}
	good := `{"name":"Land Waiter (acme)","url":"https://example.test","redirect_url":"http://127.0.0.1:1/setup?x=1","hook_attributes":{"url":"http://127.0.0.1:1/webhook"},
		"public":false,"default_permissions":{"checks":"write","pull_requests":"write","merge_queues":"read"},"default_events":["pull_request","merge_group"]}`
	status, back := post("/organizations/acme/settings/apps/new", good)
	if status != 302 || back.Query().Get("state") != "s1" || back.Query().Get("x") != "1" {
		t.Fatalf("%d %v", status, back)
	}
	conversion := "app-manifests/" + back.Query().Get("code") + "/conversions"
	made := s.do("", http.MethodPost, conversion, "")
	app := s.App("land-waiter-acme")
	if made.status != 201 || app == nil || made.number("id") != app.ID || !strings.Contains(made.text, "RSA PRIVATE KEY") || !strings.Contains(made.text, app.Secret) {
		t.Fatalf("%d %s", made.status, made.text)
	}
	if again := s.do("", http.MethodPost, conversion, ""); again.status != 404 {
		t.Errorf("a code works twice: %d", again.status)
	}
	_, back = post("/settings/apps/new", strings.Replace(good, "(acme)", "two", 1))
	s.Advance(61 * time.Minute)
	if late := s.do("", http.MethodPost, "app-manifests/"+back.Query().Get("code")+"/conversions", ""); late.status != 404 {
		t.Errorf("a code works after an hour: %d", late.status)
	}
	for name, wrong := range map[string]string{
		"event without its permission": strings.Replace(good, `"merge_queues":"read"`, `"contents":"read"`, 1),
		"no name":                      strings.Replace(good, "Land Waiter (acme)", "", 1),
		"relative redirect":            strings.Replace(good, "http://127.0.0.1:1/setup", "/setup", 1),
		"no JSON":                      "manifest",
	} {
		if status, _ := post("/settings/apps/new", wrong); status != 422 {
			t.Errorf("%s: %d", name, status)
		}
	}
}
