package secret

import (
	"strings"
	"unicode/utf8"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var secretInGit = review.Rule{
	ID: "secret-in-git", Level: review.Error, Guidelines: []string{"G27"},
	Summary: "A Secret's value lies in the repository in plain",
	Kinds:   []string{"Secret"},
	Check:   checkSecretInGit,
}

func checkSecretInGit(p *review.Pass) {
	o := p.Object
	if o.Group() != "" {
		return
	}
	for _, list := range []string{"data", "stringData"} {
		for _, entry := range o.Field().Get(list).Entries() {
			if value := decoded(list, entry.Value); isPlainSecret(entry.Key, value) && !leftPlain(o, entry.Key) {
				d := p.Report(entry.Value, "secret %s holds the value of %s in plain", o.Name, entry.Key).
					Detail("Base64 hides nothing. Whoever can read the repository, one of its clones or a fork has this secret, and taking it out again does not remove it from the history: it has to be replaced where it is used.")
				if line, ok := CredentialLine(entry.Key, value); ok && strings.Contains(value, "\n") {
					d.Line(line)
				}
			}
		}
	}
}

// CredentialLine returns the first line, from 1, of a text that has a credential; ok is false when it has none. A name
// that stands before the text helps to tell.
func CredentialLine(name, text string) (line int, ok bool) {
	found := credentialLines(name, text)
	for _, h := range knownFormat(text) {
		found[h.line] = h.kind
	}
	if strings.Contains(text, "PRIVATE KEY-----") && !isPlaceholder(text) {
		found[strings.Count(text[:strings.Index(text, "PRIVATE KEY-----")], "\n")] = "private key"
	}
	lines := firstLines(found)
	if len(lines) == 0 {
		return 0, false
	}
	return lines[0] + 1, true
}

// leftPlain reports whether whoever encrypted the object with SOPS wanted a key to stay as it is.
func leftPlain(o *manifests.Object, key string) bool {
	suffix := o.Field().Get("sops", "unencrypted_suffix").Text()
	if o.Field().Get("sops").IsSet() && suffix == "" {
		suffix = "_unencrypted" // SOPS' own
	}
	return suffix != "" && strings.HasSuffix(key, suffix)
}

// decoded returns a Secret's value as its users see it. What is no base64 is returned as written.
func decoded(list string, value manifests.Field) string {
	text := value.Text()
	if list != "data" {
		return text
	}
	if plain, ok := review.FromBase64(text); ok {
		return plain
	}
	return text
}

// settings are keys of Secrets whose values are no secrets by themselves.
var settings = pattern(`(?i)^(user(name)?|.*[-_.]user(name)?|login|email|host(name)?|.*[-_]host|port|.*[-_]port|db|database|dbname|.*[-_]database|.*[-_]db|name|.*[-_]name|type|project|server|url|.*[-_.]url|endpoint|.*endpoint|region|.*[-_]region|bucket|.*bucket.*|namespace|enable.*|insecure.*|force.*|description|expiration|token-id|usage-.*|auth-extra-groups|.*client[-_]?id|tenant[-_]?id|account[-_]?id|.*[-_]tenant|known_hosts|.*\.pub|.*public.*|ca\.crt|tls\.crt|ca\.pem|.*cert(ificate)?|ca|cabundle|issuer|scopes?|driver|dialect|protocol|ssl_?mode|timezone|log_?level|environment|env|debug)$`)

// isPlainSecret reports whether a Secret's value is one: not a placeholder, a setting or a public certificate.
func isPlainSecret(key, value string) bool {
	text := strings.TrimSpace(value)
	switch {
	case isPlaceholder(text), isPublic(text):
		return false
	case !utf8.ValidString(text):
		return true
	case strings.Contains(text, "PRIVATE KEY-----"):
		return true
	case strings.HasPrefix(text, "{") && strings.Contains(text, `"auths"`):
		return holdsSignIn(text)
	case settings().MatchString(key), isText(text):
		return credentials(key, text) != "" || len(knownFormat(text)) > 0
	case len(text) < 4, text == "{}", text == "[]":
		return false
	}
	return !isURL().MatchString(text) || credentials(key, text) != ""
}

var isURL = pattern(`^[a-z][a-z0-9+.-]*://[^\s@]*$`)

// isPublic reports whether text holds certificates or public keys only.
func isPublic(text string) bool {
	pem := strings.Contains(text, "-----BEGIN CERTIFICATE") || strings.Contains(text, "-----BEGIN PUBLIC KEY")
	return pem && !strings.Contains(text, "PRIVATE KEY") || strings.HasPrefix(text, "ssh-ed25519 ") || strings.HasPrefix(text, "ssh-rsa ")
}

// isText reports whether a value is a file of several lines, or JSON, of which each part is judged: a configuration
// need not hold a secret because it is mounted as one.
func isText(text string) bool { return strings.Contains(text, "\n") || strings.HasPrefix(text, "{") }

// signIn is what Docker's configuration keeps of a registry's user.
var signIn = pattern(`"(?:auth|password|identitytoken)"\s*:\s*"([^"]*)"`)

// holdsSignIn reports whether Docker's configuration signs in anywhere.
func holdsSignIn(text string) bool {
	for _, match := range signIn().FindAllStringSubmatch(text, -1) {
		if !isPlaceholder(match[1]) {
			return true
		}
	}
	return false
}
