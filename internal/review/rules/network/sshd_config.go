package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var sshdConfigRule = review.Rule{
	ID: "sshd-config", Level: review.Warning, Guidelines: []string{"G20"},
	Summary:   "An sshd_config is outside Mozilla's OpenSSH guide",
	Kinds:     slices.Concat([]string{"ConfigMap", "Secret"}, machineKinds, machineResources),
	Terraform: true,
	Check:     checkSSHDConfig,
}

func checkSSHDConfig(p *review.Pass) {
	for t := range fileTexts(p) {
		whole := strings.HasSuffix(t.key, "sshd_config")
		part := strings.Contains(t.key, "sshd_config.d/")
		if !whole && !part && (len(t.text) > maxUnnamed || strings.HasPrefix(t.text, "{")) {
			continue
		}
		config := readSSHD(t.text)
		if !whole && !part && !config.isOfServer(strings.HasSuffix(t.key, ".conf")) {
			continue // something else's configuration
		}
		c := sshdCheck{p, t, config}
		for _, s := range config.settings {
			c.setting(s)
		}
		c.lists()
		if whole && !config.includes && len(config.settings) > 0 {
			c.defaults()
		}
	}
}

// maxUnnamed bounds in bytes what is looked at of a text whose name does not say that it is an sshd_config.
const maxUnnamed = 1 << 16

// sshdCheck holds one sshd_config against the guide.
type sshdCheck struct {
	p      *review.Pass
	text   configText
	config sshdConfig
}

// expected are the values that the guide asks for, and what another one means.
var expected = map[string]struct {
	values []string
	says   string
}{
	"permitrootlogin":        {[]string{"no"}, "lets root sign in"},
	"permitemptypasswords":   {[]string{"no"}, "takes empty passwords"},
	"pubkeyauthentication":   {[]string{"yes"}, "takes no keys"},
	"strictmodes":            {[]string{"yes"}, "does not check who owns the files of keys"},
	"loglevel":               {[]string{"VERBOSE", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3"}, "does not log which key signed in"},
	"protocol":               {[]string{"2"}, "speaks version 1 of the protocol"},
	"useprivilegeseparation": {[]string{"sandbox", "yes"}, "runs without privilege separation"},
}

const sshdDetail = "Mozilla's OpenSSH guide asks for keys instead of passwords, no root, modern algorithms only and a log that names the key that signed in."

// setting reports a setting whose value the guide does not have.
func (c sshdCheck) setting(s sshdSetting) {
	want, known := expected[s.keyword]
	fits := slices.ContainsFunc(want.values, func(value string) bool { return strings.EqualFold(value, s.value) })
	switch {
	case strings.ContainsAny(s.value, "${") || strings.HasPrefix(s.value, "<"): // it is filled in later
	case known && !fits:
		c.report(s, "%s", want.says)
	case s.keyword == "passwordauthentication" || s.keyword == "kbdinteractiveauthentication" || s.keyword == "challengeresponseauthentication":
		if strings.EqualFold(s.value, "yes") && !c.asksForKey() {
			c.report(s, "lets people sign in by password")
		}
	case s.keyword == "authenticationmethods" && !everyMethodHasKey(s.value):
		c.report(s, "has ways to sign in without a key")
	case s.keyword == "hostkey" && strings.Contains(s.value, "_dsa_"):
		c.report(s, "has a host key of the type DSA")
	}
}

// asksForKey reports whether a key is needed whatever else is asked for.
func (c sshdCheck) asksForKey() bool {
	s, ok := c.config.get("authenticationmethods")
	return ok && everyMethodHasKey(s.value)
}

func everyMethodHasKey(methods string) bool {
	all := strings.Fields(methods)
	return len(all) > 0 && !slices.ContainsFunc(all, func(list string) bool { return !strings.Contains(list, "publickey") })
}

// sshdLists are the algorithms of the guide, with those that OpenSSH has added since against quantum computers.
var sshdLists = map[string][]string{
	"kexalgorithms": {
		"curve25519-sha256@libssh.org", "curve25519-sha256", "ecdh-sha2-nistp521", "ecdh-sha2-nistp384", "ecdh-sha2-nistp256",
		"diffie-hellman-group-exchange-sha256", "sntrup761x25519-sha512@openssh.com", "sntrup761x25519-sha512", "mlkem768x25519-sha256",
		"ext-info-s", "kex-strict-s-v00@openssh.com",
	},
	"ciphers": {
		"chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr",
	},
	"macs": {
		"hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "umac-128-etm@openssh.com", "hmac-sha2-512", "hmac-sha2-256",
		"umac-128@openssh.com",
	},
}

// lists reports algorithms that are not the guide's. Those that a list takes away are none.
func (c sshdCheck) lists() {
	for _, s := range c.config.settings {
		known, isList := sshdLists[s.keyword]
		if !isList || strings.HasPrefix(s.value, "-") {
			continue
		}
		outside := slices.DeleteFunc(splitList(strings.TrimLeft(s.value, "+^")), func(name string) bool { return slices.Contains(known, name) })
		switch {
		case len(outside) == 0:
		case c.text.secret:
			c.report(s, "takes algorithms outside the guide")
		default:
			c.report(s, "takes %s, outside the guide", few(outside))
		}
	}
}

// defaults reports what sshd does by default and the guide does not want, for a file that says all there is.
func (c sshdCheck) defaults() {
	if _, set := c.config.get("passwordauthentication"); !set && !c.asksForKey() {
		c.report(sshdSetting{keyword: "passwordauthentication"}, "lets people sign in by password, sshd's default")
	}
	if _, set := c.config.get("permitrootlogin"); !set {
		c.report(sshdSetting{keyword: "permitrootlogin"}, "lets root sign in by key, sshd's default")
	}
	if _, set := c.config.get("loglevel"); !set {
		c.report(sshdSetting{keyword: "loglevel"}, "does not log which key signed in")
	}
}

func (c sshdCheck) report(s sshdSetting, format string, args ...any) {
	in := ""
	if s.match != "" && !c.text.secret {
		in = " for " + strings.ReplaceAll(s.match, "%", "%%")
	}
	c.text.report(c.p, s.line, "%s (%s"+in+") "+format, append([]any{c.text.key, keywords[s.keyword]}, args...)...).Detail(sshdDetail)
}

// keywords are the keywords as the manual writes them.
var keywords = map[string]string{
	"permitrootlogin": "PermitRootLogin", "permitemptypasswords": "PermitEmptyPasswords", "pubkeyauthentication": "PubkeyAuthentication",
	"strictmodes": "StrictModes", "loglevel": "LogLevel", "protocol": "Protocol", "useprivilegeseparation": "UsePrivilegeSeparation",
	"passwordauthentication": "PasswordAuthentication", "kbdinteractiveauthentication": "KbdInteractiveAuthentication",
	"challengeresponseauthentication": "ChallengeResponseAuthentication", "authenticationmethods": "AuthenticationMethods",
	"hostkey": "HostKey", "kexalgorithms": "KexAlgorithms", "ciphers": "Ciphers", "macs": "MACs",
}
