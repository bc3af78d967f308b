package network

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// directive is a simple directive of nginx's configuration.
type directive struct {
	name string
	args []string
	line int // of its name, from 1
}

// readNginx reads the simple directives of nginx's configuration, in whatever block they stand: words with white space
// between them up to a semicolon, with comments and quoted words.
func readNginx(text string) (all []directive) {
	var words []string
	first := 0
	for n, line := range strings.Split(text, "\n") {
		for rest := line; ; {
			var word string
			if word, rest = nginxWord(rest); word == "" {
				break
			}
			switch word {
			case ";":
				if len(words) > 0 {
					all = append(all, directive{words[0], words[1:], first})
				}
				words = nil
			case "{", "}":
				words = nil
			default:
				if len(words) == 0 {
					first = n + 1
				}
				words = append(words, strings.Trim(word, `"'`))
			}
		}
	}
	return all
}

// nginxWord cuts the first word off a line; "" at the end, or where a comment begins.
func nginxWord(line string) (word, rest string) {
	line = strings.TrimLeft(line, " \t\r")
	if line == "" || line[0] == '#' {
		return "", ""
	}
	if strings.IndexByte(";{}", line[0]) >= 0 {
		return line[:1], line[1:]
	}
	if quote := line[0]; quote == '"' || quote == '\'' {
		if end := strings.IndexByte(line[1:], quote); end >= 0 {
			return line[:end+2], line[end+2:]
		}
		return line, ""
	}
	if end := strings.IndexAny(line, " \t\r;{}"); end >= 0 {
		return line[:end], line[end:]
	}
	return line, ""
}

// nginxSettings finds the settings of TLS in a text that is nginx's configuration.
func nginxSettings(f manifests.Field) (all []tlsSetting) {
	text := f.Text()
	if !strings.Contains(text, "ssl_protocols") && !strings.Contains(text, "ssl_ciphers") {
		return nil
	}
	for _, d := range readNginx(text) {
		s := tlsSetting{at: f, name: d.name, value: strings.Join(d.args, " "), line: d.line, fixed: true}
		switch d.name {
		case "ssl_protocols":
			s.kind = versionList
		case "ssl_ciphers":
			s.kind = cipherList
		default:
			continue
		}
		all = append(all, s)
	}
	return all
}
