package network

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// haproxySettings finds the settings of TLS in a text that is HAProxy's configuration, or a part of it: of the lines that
// say how HAProxy listens, not of those that say how it goes on to servers.
func haproxySettings(f manifests.Field) (all []tlsSetting) {
	text := f.Text()
	if !strings.Contains(text, "ssl-default-bind-") && !strings.Contains(text, "bind ") {
		return nil
	}
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		var found []tlsSetting
		switch words[0] {
		case "ssl-default-bind-ciphers", "ssl-default-bind-ciphersuites":
			found = []tlsSetting{{kind: cipherList, name: words[0], value: words[1]}}
		case "ssl-default-bind-options":
			found = haproxyOptions(words[1:])
		case "bind":
			found = haproxyOptions(words[2:])
		}
		for _, s := range found {
			s.at, s.line, s.fixed = f, n+1, true
			all = append(all, s)
		}
	}
	return all
}

// haproxyOptions reads the options of a listener. "no-tlsv10" and its like only take versions away.
func haproxyOptions(words []string) (all []tlsSetting) {
	for i, word := range words {
		value := ""
		if i+1 < len(words) {
			value = words[i+1]
		}
		version, forced := strings.CutPrefix(word, "force-")
		switch {
		case forced:
			all = append(all, tlsSetting{kind: oldestVersion, name: "force", value: version})
		case word == "ssl-min-ver":
			all = append(all, tlsSetting{kind: oldestVersion, name: word, value: value})
		case word == "ssl-max-ver":
			all = append(all, tlsSetting{kind: newestVersion, name: word, value: value})
		case word == "ciphers" || word == "ciphersuites":
			all = append(all, tlsSetting{kind: cipherList, name: word, value: value})
		}
	}
	return all
}
