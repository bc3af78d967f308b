package githubtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// App is a GitHub App.
type App struct {
	g      *GitHub
	ID     int64
	Slug   string
	PEM    string // the private key, as GitHub hands it out
	Secret string // with which webhooks are signed

	key         *rsa.PublicKey
	owner       *account
	bot         *account
	name        string
	webhook     string
	permissions map[string]string
	events      []string
	made        time.Time
	installed   []*Installation
	deliveries  []*Delivery
}

// AppOptions says what an App is.
type AppOptions struct {
	Slug        string
	Owner       string            // login; "" is the slug
	Webhook     string            // address that webhooks are sent to; see App.SetWebhook
	Secret      string            // "" makes one
	Permissions map[string]string // such as checks: write; metadata: read comes with any
	Events      []string          // such as pull_request; installation events come unasked
}

// Installation is an App installed on an account.
type Installation struct {
	g   *GitHub
	ID  int64
	app *App

	account     *account
	all         bool // all repositories of the account
	repos       map[int64]*Repository
	permissions map[string]string
	suspended   bool
	gone        bool
	made        time.Time
	used        map[string]*limitState // by resource
	content     []time.Time            // when it made content, for the secondary limit
}

// CreateApp registers an App. It receives nothing until it is installed.
func (g *GitHub) CreateApp(o AppOptions) (app *App) {
	g.must("create the App "+o.Slug, func() (err error) {
		app, err = g.createApp(o)
		return err
	})
	return app
}

func (g *GitHub) createApp(o AppOptions) (*App, error) {
	if err := checkEvents(o.Events, o.Permissions); err != nil {
		return nil, err
	}
	if g.appBySlug(o.Slug) != nil {
		return nil, fmt.Errorf("name is already taken")
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	if o.Owner == "" {
		o.Owner = o.Slug
	}
	if o.Secret == "" {
		o.Secret = randomHex(20)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	app := &App{
		g: g, ID: g.id(), Slug: o.Slug, PEM: string(pem.EncodeToMemory(block)), Secret: o.Secret, key: &key.PublicKey,
		owner: g.account(o.Owner, "Organization"), bot: g.account(o.Slug+"[bot]", "Bot"), name: o.Slug, webhook: o.Webhook,
		permissions: withMetadata(o.Permissions), events: slices.Clone(o.Events), made: g.now(),
	}
	g.apps = append(g.apps, app)
	return app, nil
}

func withMetadata(permissions map[string]string) map[string]string {
	all := maps.Clone(permissions)
	if all == nil {
		all = make(map[string]string)
	}
	all["metadata"] = "read"
	return all
}

func randomHex(bytes int) string {
	data := make([]byte, bytes)
	_, _ = rand.Read(data) // never fails
	return hex.EncodeToString(data)
}

// eventNeeds are the permissions that an App needs one of to subscribe to an event.
var eventNeeds = map[string][]string{
	"check_run": {"checks"}, "check_suite": {"checks"}, "pull_request": {"pull_requests"}, "push": {"contents"},
	"pull_request_review": {"pull_requests"}, "pull_request_review_comment": {"pull_requests"},
	"pull_request_review_thread": {"pull_requests"}, "issue_comment": {"issues", "pull_requests"},
	"merge_group": {"merge_queues"}, "status": {"statuses"}, "repository": {"metadata"}, "create": {"contents"}, "delete": {"contents"},
	"member": {"members"}, "membership": {"members"}, "team": {"members"}, "organization": {"members"},
}

func checkEvents(events []string, permissions map[string]string) error {
	for _, event := range events {
		needs, known := eventNeeds[event]
		if !known {
			return fmt.Errorf("default_events: %s is no event that an App can subscribe to", event)
		}
		if !slices.ContainsFunc(needs, func(p string) bool { return permissions[p] != "" || p == "metadata" }) {
			return fmt.Errorf("default_events: %s needs one of the permissions %v", event, needs)
		}
	}
	return nil
}

// SetWebhook sets the address that webhooks are sent to; "" sends none.
func (a *App) SetWebhook(url string) {
	a.g.must("webhook", func() error { a.webhook = url; return nil })
}

// Ping sends the ping event to the App's address.
func (a *App) Ping() { a.g.must("ping", func() error { a.g.emitPing(a); return nil }) }

// Install installs the App on the owner of the repositories, which all have one owner, with the permissions that the
// App asks for.
func (a *App) Install(repos ...*Repository) (i *Installation) {
	a.g.must("install "+a.Slug, func() error {
		i = a.install(repos[0].owner)
		for _, r := range repos {
			if r.owner != i.account {
				return fmt.Errorf("%s has another owner than %s", r.FullName(), repos[0].FullName())
			}
			i.repos[r.ID] = r
		}
		a.g.emitInstallation(i, "created", i.repositories())
		return nil
	})
	return i
}

// InstallAll installs the App on an account, for all repositories that it has and will have.
func (a *App) InstallAll(owner string) (i *Installation) {
	a.g.must("install "+a.Slug, func() error {
		i = a.install(a.g.account(owner, "Organization"))
		i.all = true
		a.g.emitInstallation(i, "created", i.repositories())
		return nil
	})
	return i
}

func (a *App) install(on *account) *Installation {
	i := &Installation{
		g: a.g, ID: a.g.id(), app: a, account: on, repos: make(map[int64]*Repository),
		permissions: maps.Clone(a.permissions), made: a.g.now(), used: make(map[string]*limitState),
	}
	a.installed = append(a.installed, i)
	return i
}

// Permit changes what the installation may: a permission's level, "" to withdraw it.
func (i *Installation) Permit(permission, level string) {
	i.g.must("permit", func() error {
		if i.permissions[permission] = level; level == "" {
			delete(i.permissions, permission)
		}
		i.g.emitInstallation(i, "new_permissions_accepted", nil)
		return nil
	})
}

// Add gives the installation further repositories.
func (i *Installation) Add(repos ...*Repository) {
	i.g.must("add repositories", func() error {
		for _, r := range repos {
			i.repos[r.ID] = r
		}
		i.g.emitInstallationRepositories(i, repos, nil)
		return nil
	})
}

// Remove takes repositories from the installation.
func (i *Installation) Remove(repos ...*Repository) {
	i.g.must("remove repositories", func() error {
		for _, r := range repos {
			delete(i.repos, r.ID)
		}
		i.g.emitInstallationRepositories(i, nil, repos)
		return nil
	})
}

// Suspend takes all rights from the installation for the time being, or gives them back.
func (i *Installation) Suspend(suspended bool) {
	i.g.must("suspend", func() error {
		action := "unsuspend"
		if i.suspended = suspended; suspended {
			action = "suspend"
		}
		i.g.emitInstallation(i, action, i.repositories())
		return nil
	})
}

// Delete uninstalls the App.
func (i *Installation) Delete() {
	i.g.must("delete the installation", func() error {
		i.g.emitInstallation(i, "deleted", i.repositories())
		i.gone = true
		i.app.installed = slices.DeleteFunc(i.app.installed, func(x *Installation) bool { return x == i })
		return nil
	})
}

func (i *Installation) has(r *Repository) bool {
	return i.all && r.owner == i.account || i.repos[r.ID] != nil
}

// repositories are those that the installation may see, in the order they were made.
func (i *Installation) repositories() []*Repository {
	var all []*Repository
	for _, r := range i.g.repos {
		if i.has(r) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *Repository) int { return int(a.ID - b.ID) })
	return all
}

func (g *GitHub) appBySlug(slug string) *App {
	at := slices.IndexFunc(g.apps, func(a *App) bool { return fold(a.Slug) == fold(slug) })
	if at < 0 {
		return nil
	}
	return g.apps[at]
}

func (a *App) on(owner *account) *Installation {
	at := slices.IndexFunc(a.installed, func(i *Installation) bool { return i.account == owner })
	if at < 0 {
		return nil
	}
	return a.installed[at]
}

// The handlers of the App's own resources.

func (c *call) getApp() (any, error) {
	o := c.g.appJSON(c.who.app)
	o["client_id"], o["installations_count"] = c.who.app.clientID(), len(c.who.app.installed)
	return o, nil
}

func (c *call) getAppBySlug() (any, error) {
	if app := c.g.appBySlug(c.params["app_slug"]); app != nil {
		return c.g.appJSON(app), nil
	}
	return nil, notFound()
}

func (c *call) listInstallations() (any, error) {
	return listOf(c.who.app.installed, c.g.installationJSON), nil
}

func (c *call) installation() (*Installation, error) {
	at := slices.IndexFunc(c.who.app.installed, func(i *Installation) bool { return i.ID == c.number("installation_id") })
	if at < 0 {
		return nil, notFound()
	}
	return c.who.app.installed[at], nil
}

func (c *call) getInstallation() (any, error) {
	i, err := c.installation()
	if err != nil {
		return nil, err
	}
	return c.g.installationJSON(i), nil
}

func (c *call) getInstallationOf() (any, error) {
	owner := c.g.accounts[fold(c.params["org"]+c.params["username"])]
	if c.repo != nil {
		owner = c.repo.owner
	}
	if owner == nil {
		return nil, notFound()
	}
	i := c.who.app.on(owner)
	if i == nil || c.repo != nil && !i.has(c.repo) {
		return nil, notFound()
	}
	return c.g.installationJSON(i), nil
}

func (c *call) listInstallationRepositories() (any, error) {
	i := c.who.installation
	repos := slices.DeleteFunc(i.repositories(), func(r *Repository) bool { return !c.who.token.covers(r) })
	list := listOf(repos, c.g.repositoryJSON)
	list.key = "repositories"
	list.also = map[string]any{"repository_selection": i.selection()}
	return list, nil
}

func (i *Installation) selection() string {
	if i.all {
		return "all"
	}
	return "selected"
}

// getUser answers who a login is. Apps have no user, so that they cannot ask who they are.
func (c *call) getUser() (any, error) {
	if a := c.g.accounts[fold(c.params["username"])]; a != nil {
		return c.g.publicUserJSON(a), nil
	}
	return nil, notFound()
}

func (c *call) getSelf() (any, error) {
	if c.who.app != nil {
		return nil, refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	return c.g.publicUserJSON(c.who.account), nil
}
