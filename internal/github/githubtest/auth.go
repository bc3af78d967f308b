package githubtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// token is a personal access token or an installation's token.
type token struct {
	value        string
	account      *account
	installation *Installation
	permissions  map[string]string
	repos        []int64 // of an installation's token: only these; nil is all of the installation
	expires      time.Time
}

// An installation's token is good for an hour; an App's JWT for at most ten minutes.
const (
	tokenLife = time.Hour
	jwtLife   = 10 * time.Minute
)

func (t *token) covers(r *Repository) bool {
	return t.installation.has(r) && (t.repos == nil || slices.Contains(t.repos, r.ID))
}

var errCredentials = refuse(http.StatusUnauthorized, "Bad credentials")

// authenticate finds out who sends a request by its Authorization header.
func (g *GitHub) authenticate(r *http.Request) (*caller, error) {
	if _, password, ok := r.BasicAuth(); ok {
		return g.byToken(password)
	}
	kind, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case value == "":
		return nil, refuse(http.StatusUnauthorized, "Requires authentication")
	case !strings.EqualFold(kind, "bearer") && !strings.EqualFold(kind, "token"):
		return nil, errCredentials
	case strings.HasPrefix(value, "eyJ"):
		return g.byJWT(value)
	}
	return g.byToken(value)
}

func (g *GitHub) byToken(value string) (*caller, error) {
	t := g.tokens[value]
	if t == nil || !t.expires.IsZero() && !g.now().Before(t.expires) {
		return nil, errCredentials
	}
	i := t.installation
	if i == nil {
		return &caller{account: t.account, token: t}, nil
	}
	if i.gone {
		return nil, errCredentials
	}
	if i.suspended {
		return nil, refuse(http.StatusForbidden, "This installation has been suspended")
	}
	return &caller{account: i.app.bot, app: i.app, installation: i, token: t}, nil
}

// byJWT verifies the token that an App signed with its private key: RS256, issued not in the future, and expiring
// within ten minutes. It is judged by the true time, since those who sign do not see GitHub.Advance.
func (g *GitHub) byJWT(value string) (*caller, error) {
	var app *App
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(value, claims, func(*jwt.Token) (any, error) {
		issuer := fmt.Sprint(claims["iss"])
		if number, ok := claims["iss"].(float64); ok {
			issuer = strconv.FormatInt(int64(number), 10)
		}
		at := slices.IndexFunc(g.apps, func(a *App) bool { return issuer == strconv.FormatInt(a.ID, 10) || issuer == a.clientID() })
		if at < 0 {
			return nil, fmt.Errorf("no App %s", issuer)
		}
		app = g.apps[at]
		return app.key, nil
	})
	if err != nil {
		return nil, refuse(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	issued, expires := claimTime(claims["iat"]), claimTime(claims["exp"])
	switch now := time.Now(); {
	case issued.IsZero() || issued.After(now.Add(time.Minute)):
		return nil, refuse(http.StatusUnauthorized, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	case !expires.After(now):
		return nil, refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case expires.After(now.Add(jwtLife + time.Minute)):
		return nil, refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
	}
	return &caller{account: app.bot, app: app}, nil
}

func claimTime(claim any) time.Time {
	seconds, ok := claim.(float64)
	if !ok {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

func (a *App) clientID() string { return fmt.Sprintf("Iv1.%016x", a.ID) }

// createToken answers POST …/access_tokens: a token that may as much as the installation, or less where less is
// asked for.
func (c *call) createToken() (any, error) {
	i, err := c.installation()
	if err != nil {
		return nil, err
	}
	if i.suspended {
		return nil, refuse(http.StatusForbidden, "This installation has been suspended")
	}
	var ask struct {
		Repositories  []string          `json:"repositories"`
		RepositoryIDs []int64           `json:"repository_ids"`
		Permissions   map[string]string `json:"permissions"`
	}
	if err := c.read(&ask); err != nil {
		return nil, err
	}
	t := &token{installation: i, permissions: maps.Clone(i.permissions), expires: c.g.now().Add(tokenLife)}
	// The form of tokens since April 2026: longer than the 40 characters of before, with dots.
	t.value = fmt.Sprintf("ghs_%d_%s.%s.%s", i.app.ID, randomHex(18), randomHex(60), randomHex(43))
	for name, level := range ask.Permissions {
		if !atLeast(i.permissions[name], level) {
			return nil, refuse(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
		}
	}
	if ask.Permissions != nil {
		t.permissions = withMetadata(ask.Permissions)
	}
	for _, r := range i.repositories() {
		if slices.Contains(ask.RepositoryIDs, r.ID) || slices.Contains(ask.Repositories, r.Name) {
			t.repos = append(t.repos, r.ID)
		}
	}
	if len(t.repos) != len(ask.Repositories)+len(ask.RepositoryIDs) {
		return nil, refuse(http.StatusUnprocessableEntity, "There is at least one repository that does not exist or is not accessible to the parent installation.")
	}
	c.g.tokens[t.value] = t
	return c.g.tokenJSON(t), nil
}

// ExpireTokens lets all installation tokens end at once.
func (g *GitHub) ExpireTokens() {
	g.must("expire tokens", func() error {
		for _, t := range g.tokens {
			if t.installation != nil {
				t.expires = g.now()
			}
		}
		return nil
	})
}

func atLeast(level, wanted string) bool {
	levels := []string{"", "read", "write", "admin"}
	return slices.Index(levels, level) >= slices.Index(levels, wanted)
}

var errIntegration = refuse(http.StatusForbidden, "Resource not accessible by integration")

// permit holds a call to what its route needs: "" anybody, "app" the App by its key, "installation" its token, or
// PERMISSION:LEVEL, where one of several permissions separated by commas is enough.
func (c *call) permit(needs string) error {
	switch needs {
	case "":
		return nil
	case "app":
		if c.who.app == nil || c.who.installation != nil {
			return refuse(http.StatusUnauthorized, "A JSON web token could not be decoded")
		}
		return nil
	case "installation":
		if c.who.installation == nil {
			return refuse(http.StatusForbidden, "You must authenticate with an installation access token in order to list repositories for an installation.")
		}
		return nil
	}
	names, level, _ := strings.Cut(needs, ":")
	if c.who.app != nil && c.who.installation == nil {
		return refuse(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	if c.who.installation != nil {
		return c.permitInstallation(strings.Split(names, ","), level)
	}
	return c.permitPerson(names, level)
}

func (c *call) permitInstallation(names []string, level string) error {
	t := c.who.token
	granted := slices.ContainsFunc(names, func(name string) bool {
		return atLeast(t.permissions[name], level) && atLeast(t.installation.permissions[name], level)
	})
	switch {
	case c.repo == nil && granted, c.repo != nil && t.covers(c.repo) && granted:
		return nil
	case c.repo != nil && !t.covers(c.repo) && c.repo.Private:
		return notFound()
	case c.repo != nil && !c.repo.Private && level == "read":
		return nil
	}
	r := refuse(http.StatusForbidden, "Resource not accessible by integration")
	accepted := make([]string, 0, len(names))
	for _, name := range names {
		accepted = append(accepted, name+"="+level)
	}
	r.header = map[string]string{"X-Accepted-GitHub-Permissions": strings.Join(accepted, "; ")}
	return r
}

// permitPerson: who may read a repository may also comment, review and open pull requests; only Apps make checks.
func (c *call) permitPerson(names, level string) error {
	if c.repo == nil {
		return nil
	}
	role := map[string]string{"read": "read", "write": "write"}[level]
	switch {
	case !c.repo.allows(c.who.account, "read"):
		return notFound()
	case names == "checks" && level == "write":
		return refuse(http.StatusForbidden, "You must authenticate via a GitHub App.")
	case strings.HasPrefix(names, "administration"):
		role = "admin"
	case strings.Contains(names, "pull_requests"):
		role = "read"
	}
	if !c.repo.allows(c.who.account, role) {
		return refuse(http.StatusForbidden, "Must have the %s role in the repository.", role)
	}
	return nil
}
