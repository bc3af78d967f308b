package secret

import (
	"strconv"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// role is a role of one of Vault's ways to sign in, wherever it is written. Its settings go by the names that Vault's API
// has for them.
type role struct {
	name   string
	method string // kubernetes or jwt
	get    func(key string) roleSetting
}

// roleSetting is what a role says of one thing.
type roleSetting struct {
	written bool
	values  []string        // its items, or one scalar
	at      manifests.Field // where it is written; absent for words of a command
}

// fault is what is wrong with a role.
type fault struct {
	at      manifests.Field
	message string
	detail  string
}

const (
	anybody   = "Any pod that can reach Vault gets the role's tokens, one of an attacker's own included. Name the service accounts and the namespaces that need it."
	anyTokens = "Whoever the issuer gives a token to may sign in: at a provider that serves everybody, such as GitHub, that is everybody. Bind the role to a subject or to claims."
	longLived = "A token that leaks opens everything of the role until it ends. Workloads renew theirs, so that an hour is enough."
)

// The longest lives of tokens that pass: of one as it is given, and with all its renewals, which is Vault's own default.
const (
	maxTTL    = 24 * time.Hour
	maxMaxTTL = 768 * time.Hour
)

// faults lists what is wrong with a role.
func (r role) faults() (found []fault) {
	switch r.method {
	case "kubernetes":
		names, spaces := r.get("bound_service_account_names"), r.get("bound_service_account_namespaces")
		switch {
		case names.isEverything() && spaces.isEverything():
			found = append(found, fault{names.at, "role " + r.name + " of Vault is open to every pod", anybody})
		case names.isEverything():
			found = append(found, fault{names.at, "role " + r.name + " of Vault is open to every service account of its namespaces", anybody})
		case spaces.isEverything() && !r.get("bound_service_account_namespace_selector").written:
			found = append(found, fault{spaces.at, "role " + r.name + " of Vault is open to every namespace that has an account of that name", anybody})
		}
	case "jwt":
		if r.isOpenJWT() {
			found = append(found, fault{r.get("role_type").at, "role " + r.name + " of Vault is bound to no subject and no claim", anyTokens})
		}
	}
	for _, key := range []string{"token_ttl", "ttl", "token_max_ttl", "max_ttl"} {
		most := maxTTL
		if strings.Contains(key, "max") {
			most = maxMaxTTL
		}
		if s := r.get(key); s.written && len(s.values) == 1 && lasts(s.values[0]) > most {
			found = append(found, fault{s.at, "tokens of role " + r.name + " of Vault live for " + s.values[0], longLived})
		}
	}
	return found
}

// isOpenJWT reports whether every token of the issuer may sign in, as far as everything is written out. Roles of the type
// oidc are for people, who are held to groups by policies.
func (r role) isOpenJWT() bool {
	kind := r.get("role_type")
	if len(kind.values) != 1 || kind.values[0] != "jwt" {
		return false
	}
	subject, claims := r.get("bound_subject"), r.get("bound_claims")
	bound := subject.written && !subject.isEverything() || claims.written && !claims.isEverything()
	return !bound
}

// isEverything reports whether one of the values lets everything through.
func (s roleSetting) isEverything() bool {
	for _, v := range s.values {
		if v == "*" {
			return true
		}
	}
	return false
}

// lasts reads a duration as Vault does: seconds, or a number with a unit, days among them. 0 is unknown.
func lasts(text string) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(seconds, 1<<32)) * time.Second
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, _ := strconv.Atoi(days)
		return time.Duration(min(n, 1<<16)) * 24 * time.Hour
	}
	d, _ := time.ParseDuration(text)
	return d
}

// fieldRole reads a role from a mapping, in which some keys may go by other names.
func fieldRole(name, method string, f manifests.Field, alias map[string]string) role {
	return role{name: name, method: method, get: func(key string) roleSetting {
		if other := alias[key]; other != "" {
			key = other
		}
		at := f.Get(key)
		return roleSetting{at.IsSet(), valuesOf(at), at}
	}}
}

// valuesOf are the scalars of a field: itself, its items, or those of a mapping's keys.
func valuesOf(f manifests.Field) (values []string) {
	if text := f.Text(); text != "" {
		for _, v := range strings.Split(text, ",") {
			values = append(values, strings.TrimSpace(v))
		}
	}
	for _, item := range f.Items() {
		values = append(values, item.Text())
	}
	for _, e := range f.Entries() {
		values = append(values, valuesOf(e.Value)...)
	}
	return values
}

// commandRole reads the role that "vault write auth/MOUNT/role/NAME key=value…" writes. How roles are bound says which
// method the mount is of.
func commandRole(words []string) (role, bool) {
	r := role{}
	values := map[string]string{}
	write := false
	for _, word := range words {
		path := strings.Split(strings.Trim(word, "/"), "/")
		key, value, assigned := strings.Cut(word, "=")
		switch {
		case word == "write":
			write = true
		case assigned:
			values[key] = value
		case write && r.name == "" && len(path) >= 4 && path[0] == "auth" && path[len(path)-2] == "role":
			r.name = path[len(path)-1]
		}
	}
	switch {
	case values["bound_service_account_names"] != "":
		r.method = "kubernetes"
	case values["role_type"] != "":
		r.method = "jwt"
	}
	r.get = func(key string) roleSetting {
		value, written := values[key]
		if !written {
			return roleSetting{}
		}
		return roleSetting{written: true, values: strings.Split(value, ",")}
	}
	return r, r.name != ""
}
