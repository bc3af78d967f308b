package network

import "strings"

// sshdSetting is a keyword of an sshd_config with its arguments.
type sshdSetting struct {
	keyword string // in lower case
	value   string // the arguments, without quotes and comment
	line    int    // from 1
	match   string // the criteria of the Match block that it stands in, "" outside of one
}

// sshdConfig is an sshd_config, read. Of a keyword that stands there several times the first counts, in each block.
type sshdConfig struct {
	settings []sshdSetting
	includes bool // other files are taken in
}

// readSSHD reads an sshd_config as sshd does: keywords in any case, with white space or "=" behind them, and Match
// blocks that go to the next one.
func readSSHD(text string) (c sshdConfig) {
	match := ""
	seen := make(map[string]bool)
	for n, line := range strings.Split(text, "\n") {
		keyword, value := sshdLine(line)
		switch {
		case keyword == "":
		case keyword == "match":
			if match = value; strings.EqualFold(value, "all") {
				match = ""
			}
		case keyword == "include":
			c.includes = true
		case keyword == "hostkey" || !seen[match+"\n"+keyword]:
			seen[match+"\n"+keyword] = true
			c.settings = append(c.settings, sshdSetting{keyword, value, n + 1, match})
		}
	}
	return c
}

// sshdLine parts a line into its keyword and arguments; "" for blank lines and comments.
func sshdLine(line string) (keyword, value string) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", ""
	}
	end := strings.IndexAny(line, " \t=")
	if end < 0 {
		return strings.ToLower(line), ""
	}
	value = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line[end:]), "="))
	if i := strings.Index(value, " #"); i >= 0 {
		value = strings.TrimSpace(value[:i])
	}
	return strings.ToLower(line[:end]), strings.ReplaceAll(value, `"`, "")
}

// get returns a keyword's setting outside of Match blocks.
func (c sshdConfig) get(keyword string) (sshdSetting, bool) {
	for _, s := range c.settings {
		if s.keyword == keyword && s.match == "" {
			return s, true
		}
	}
	return sshdSetting{}, false
}

// has reports whether the keyword is set anywhere.
func (c sshdConfig) has(keywords ...string) (n int) {
	for _, keyword := range keywords {
		for _, s := range c.settings {
			if s.keyword == keyword {
				n++
				break
			}
		}
	}
	return n
}

// serverOnly are keywords that only sshd has, and not its client.
var serverOnly = []string{"permitrootlogin", "permitemptypasswords", "authorizedkeysfile", "hostkey", "allowusers", "allowgroups", "denyusers", "denygroups",
	"authenticationmethods", "usepam", "strictmodes", "subsystem", "permituserenvironment", "maxauthtries", "clientaliveinterval", "allowtcpforwarding",
	"permittunnel", "x11forwarding", "printmotd", "maxstartups"}

// isOfServer reports whether a text whose name does not say so is an sshd_config, by the keywords on its lines: two of
// them in a file that is called a configuration, else three.
func (c sshdConfig) isOfServer(named bool) bool {
	most := 3
	if named {
		most = 2
	}
	both := c.has("passwordauthentication", "kexalgorithms", "macs", "pubkeyauthentication", "challengeresponseauthentication", "kbdinteractiveauthentication")
	return c.has("host") == 0 && c.has(serverOnly...)+both >= most && (named || c.has(serverOnly...) > 0)
}
