package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// choice is a permission that the App works without.
type choice struct {
	Name, Permission, Level string
	Gives                   string   // what one has of it
	events                  []string // that GitHub sends only with it
	Usual                   bool     // chosen unless one decides otherwise
}

// choices are what can be given to the App beyond what it needs.
func choices() []choice {
	return []choice{
		{Name: "comments", Permission: "issues", Level: "read", Usual: true, events: []string{"issue_comment"},
			Gives: "People can write /landwaiter commands in the conversation of a pull request. GitHub counts those comments among the issues; without it commands work in replies to inline comments only."},
		{Name: "commits", Permission: "contents", Level: "write",
			Gives: "The buttons “Apply fixes” and “Exempt…”, and /landwaiter fix: safe fixes are committed to a branch of the same repository, exemptions proposed as pull requests. Without it neither is offered."},
		{Name: "teams", Permission: "members", Level: "read",
			Gives: "Policies can name teams of the organisation as those who may accept findings. Without it they name people."},
		{Name: "attestations", Permission: "attestations", Level: "read",
			Gives: "Attestations that GitHub keeps for private repositories count as proof of where an image is from."},
	}
}

// wish is what was chosen for the App.
type wish struct {
	name         string
	organisation string // "" for the own account
	publicURL    string // where GitHub reaches the server
	here         string // where the browser reaches it
	chosen       []choice
}

var (
	loginPattern = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]{0,99})$`)
	hostPattern  = regexp.MustCompile(`^[A-Za-z0-9.\-\[\]:]{1,255}$`)
)

const nameCharacters = 34 // GitHub's limit for the name of an App

// wish reads the form.
func (u *setup) wish(r *http.Request) (wish, error) {
	w := wish{name: strings.TrimSpace(r.PostForm.Get("name")), organisation: strings.TrimSpace(r.PostForm.Get("organisation"))}
	if w.organisation != "" && !loginPattern.MatchString(w.organisation) {
		return wish{}, errors.New("an organisation is named as in its address at GitHub: letters, digits and hyphens")
	}
	if w.name == "" {
		w.name = "Landwaiter"
		if w.organisation != "" {
			w.name = string([]rune("Landwaiter " + w.organisation)[:min(nameCharacters, len("Landwaiter ")+len(w.organisation))])
		}
	}
	if utf8.RuneCountInString(w.name) > nameCharacters || !utf8.ValidString(w.name) || w.name != printable(w.name) {
		return wish{}, errors.New("the name of an App has 34 characters at most")
	}
	w.publicURL = u.server.options.Settings.PublicURL
	if w.publicURL == "" {
		if err := site(&w.publicURL, strings.TrimSpace(r.PostForm.Get("url"))); err != nil {
			return wish{}, errors.New("the address of this server: " + err.Error())
		}
	}
	w.here = here(r, w.publicURL)
	for _, c := range choices() {
		if r.PostForm.Get(c.Name) != "" {
			w.chosen = append(w.chosen, c)
		}
	}
	return w, nil
}

// here returns where the browser reaches the server, to come back to. It is the public address, unless the browser is
// on the same machine.
func here(r *http.Request, publicURL string) string {
	host := r.Host
	name := host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		name = host[:i]
	}
	if hostPattern.MatchString(host) && isLoopback(strings.Trim(name, "[]")) {
		return "http://" + host
	}
	return publicURL
}

// permissions returns what the App may do: what it needs, and what was chosen.
func (w wish) permissions() map[string]string {
	all := map[string]string{"checks": "write", "pull_requests": "write", "contents": "read", "metadata": "read", "merge_queues": "read"}
	for _, c := range w.chosen {
		all[c.Permission] = c.Level
	}
	return all
}

// events returns what the App is told of. Installations are always told, and must not be asked for.
func (w wish) events() []string {
	all := []string{"check_run", "check_suite", "merge_group", "pull_request", "pull_request_review_comment", "push"}
	for _, c := range w.chosen {
		all = append(all, c.events...)
	}
	slices.Sort(all)
	return all
}

// manifest writes what GitHub makes the App from.
func (w wish) manifest() (string, error) {
	text, err := json.Marshal(map[string]any{
		"name":                w.name,
		"description":         "Reviews what a pull request does to Kubernetes, on the source lines.",
		"url":                 w.publicURL,
		"hook_attributes":     map[string]any{"url": w.publicURL + "/webhook", "active": true},
		"redirect_url":        w.here + "/setup-created",
		"public":              false,
		"default_permissions": w.permissions(),
		"default_events":      w.events(),
	})
	return string(text), err
}

// shown is what the page says of a wish.
func (w wish) shown() map[string]any {
	permissions := w.permissions()
	var lines []string
	for name, level := range permissions {
		lines = append(lines, strings.ReplaceAll(name, "_", " ")+": "+level)
	}
	slices.Sort(lines)
	return map[string]any{"Name": w.name, "Organisation": w.organisation, "Webhook": w.publicURL + "/webhook", "Permissions": lines}
}
