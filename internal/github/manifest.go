package github

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
)

// Credentials are those of an App that was just created. Only PrivateKey, WebhookSecret and ClientSecret are secret.
type Credentials struct {
	AppID         int64  `json:"id"`
	Slug          string `json:"slug"`
	Name          string `json:"name"`
	Page          string `json:"html_url"` // where people install it
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret"`
	WebhookSecret string `json:"webhook_secret"`
	PrivateKey    string `json:"pem"`
}

// manifestCode is the form of the code that GitHub gives to the one who created an App.
var manifestCode = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)

// Convert exchanges the code that GitHub gave to the browser for the credentials of the App. The code works once, for
// an hour. Of the settings, URL, Proxy, Roots, Agent and Timeout count.
//
// https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
func Convert(ctx context.Context, s Settings, code string) (Credentials, error) {
	const op = "exchange GitHub's code for the App's credentials"
	site, err := NewSite(s.URL)
	if err != nil {
		return Credentials{}, err
	}
	if !manifestCode.MatchString(code) {
		return Credentials{}, fmt.Errorf("%s: that is no code of GitHub", op)
	}
	s = s.withDefaults()
	wire := newWire(s)
	defer wire.CloseIdleConnections()
	a := &App{settings: s, site: site, wire: wire}
	var made Credentials
	if err := call(ctx, a.client(a.transport(0)), http.MethodPost, "app-manifests/"+code+"/conversions", nil, &made); err != nil {
		return Credentials{}, failure(ctx, op, err)
	}
	if made.AppID <= 0 || made.PrivateKey == "" || made.WebhookSecret == "" {
		return Credentials{}, hollow(op)
	}
	return made, nil
}
