package secret

import (
	"math"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/report"
)

// detector knows the formats of credentials. It is made when the first object is looked at, since that takes tens of
// milliseconds, and only read from then on.
var detector = sync.OnceValues(detect.NewDetectorDefaultConfig)

// vague are the detector's rules that go by a name with something unusual behind it.
var vague = map[string]bool{"generic-api-key": true, "hashicorp-tf-password": true, "kubernetes-secret-yaml": true}

// knownFormat looks for credentials of known formats in text, and returns the line, from 0, and the kind of each.
func knownFormat(text string) (found []hit) {
	if text == "" {
		return nil // as of most objects, which the detector would set itself up for
	}
	d, err := detector()
	if err != nil {
		return nil // the built-in configuration is read in a test
	}
	for _, f := range d.DetectString(text) {
		if !isPlaceholder(f.Secret) && (!vague[f.RuleID] || isCredible(f)) {
			found = append(found, hit{f.StartLine, strings.ReplaceAll(f.RuleID, "-", " ")})
		}
	}
	return found
}

// hit is a credential on a line of a text.
type hit struct {
	line int
	kind string
}

// isCredible holds a vague finding to more than its name.
func isCredible(f report.Finding) bool {
	name, _, _ := strings.Cut(f.Match, f.Secret)
	return f.RuleID != "kubernetes-secret-yaml" && !public().MatchString(name) && looksRandom(f.Secret)
}

var (
	// public are names whose values are meant to be seen, or only say where a secret is.
	public = pattern(`(?i)public|pub_?key|hash|checksum|digest|sha(1|256|512)|fingerprint|revision|commit|version|_?id["']?\s*[:=]|ref["']?\s*[:=]|name["']?\s*[:=]|file|path|uid|annotation|label`)
	// named are names that say outright that their value is a secret.
	named = pattern(`(?i)(passw(or)?d|passphrase|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|credentials?|pwd|auth[-_.]?key|secret[-_.]?key|encryption[-_.]?key|signing[-_.]?key)$`)
	// assignment is a line that gives a name a value, in YAML, JSON, properties, a shell or a command line.
	assignment = pattern(`^[\s{,-]*(?:export\s+|set\s+)?["']?([\w.-]{3,60})["']?\s*[:=]\s*["']?([^\s"',;{}\[\]]{8,128})["']?[,;}]?\s*$`)
	// inURL is a password between a scheme and a host.
	inURL = pattern(`\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://([^\s/:@"'<>{}$]{1,64}):([^\s/@"'<>{}]{3,128})@[A-Za-z0-9\[]`)
)

// jsonBreaks lays JSON out by lines.
var jsonBreaks = strings.NewReplacer(",", ",\n", "{", "{\n", "}", "\n}")

// credentials looks for credentials in a text that a name stands before ("" for none), and returns the kind of the first.
func credentials(name, text string) string {
	found := credentialLines(name, text)
	if lines := firstLines(found); len(lines) > 0 {
		return found[lines[0]]
	}
	return ""
}

// credentialLines looks for credentials in a text that a name stands before ("" for none), and returns the kind of each
// by its line, from 0.
func credentialLines(name, text string) map[int]string {
	found := make(map[int]string)
	if kind := passwordIn(name, strings.TrimSpace(text)); kind != "" {
		found[0] = kind
		return found
	}
	isJSON := strings.HasPrefix(strings.TrimSpace(text), "{")
	for i, line := range strings.Split(text, "\n") {
		if !strings.ContainsAny(line, ":=") {
			continue // neither an assignment nor an address
		}
		if isJSON {
			line = jsonBreaks.Replace(line)
		}
		for part := range strings.SplitSeq(line, "\n") {
			if kind := credentialIn(part); kind != "" {
				found[i] = kind
				break
			}
		}
	}
	return found
}

// credentialIn looks for a credential on one line.
func credentialIn(line string) string {
	if len(line) > 4096 {
		return "" // no line that a person writes a password on
	}
	if match := assignment().FindStringSubmatch(line); match != nil {
		if kind := passwordIn(strings.TrimLeft(match[1], "-"), match[2]); kind != "" {
			return kind
		}
	}
	if !strings.Contains(line, "://") {
		return ""
	}
	for _, match := range inURL().FindAllStringSubmatch(line, -1) {
		if user, password := match[1], match[2]; user != password && !isPlaceholder(password) && !weak().MatchString(password) {
			return "password in a URL"
		}
	}
	return ""
}

var (
	ofSecret = pattern(`(?i)(secret|credential)s?$`)
	// objectName is the name of an object, perhaps with a hash at its end, which a field called "…Secret" often gives.
	objectName = pattern(`^[a-z]{3,}([-.][a-z0-9]+)+$`)
)

// mayBeNamed reports whether a name ends as those that named finds: few do, and that is cheap to see.
func mayBeNamed(name string) bool {
	if len(name) < 3 {
		return false
	}
	end := name[len(name)-2:]
	switch strings.ToLower(end) {
	case "rd", "wd", "se", "et", "en", "ey", "al", "ls":
		return true
	}
	return end[0] >= utf8.RuneSelf || end[1] >= utf8.RuneSelf // which may be another form of a letter
}

// passwordIn reports whether a name says that its value is a secret, and the value looks like one.
func passwordIn(name, value string) string {
	if !mayBeNamed(name) {
		return ""
	}
	if match := named().FindString(name); match != "" && !strings.Contains(strings.ToLower(name), "public") &&
		looksSecret(value) && !isPlaceholder(value) && !(ofSecret().MatchString(name) && objectName().MatchString(value)) {
		return "password"
	}
	return ""
}

// word is a part of a name: letters, letters with a number at an end, or a short one with a number inside ("k8s").
var word = pattern(`^(\d{0,4}[A-Za-z]+\d{0,4}|\d*|[a-z]{1,5}\d{1,2}[a-z]{1,8})$`)

// isIdentifier reports whether text is made of words, as names of things are.
func isIdentifier(text string) bool {
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("-_.:/,@+=~ ", r) }) {
		if !word().MatchString(part) {
			return false
		}
	}
	return true
}

// isAddress reports whether text says where something is.
func isAddress(text string) bool {
	return strings.Contains(text, "://") || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "./") || strings.HasPrefix(text, "$2")
}

// looksRandom reports whether text is long, mixed and without pattern, as generated keys are.
func looksRandom(text string) bool {
	return len(text) >= 16 && !isAddress(text) && !isIdentifier(text) && classes(text) >= 2 && entropy(text) >= 3.3
}

// looksSecret reports whether text is what somebody, or a generator, chose for a password.
func looksSecret(text string) bool {
	if len(text) < 8 || len(text) > 256 || strings.ContainsAny(text, " \t\n") || isAddress(text) || isIdentifier(text) {
		return false
	}
	return classes(text) >= 3 && entropy(text) >= 2.5 || looksRandom(text)
}

// classes counts the classes of characters in text: lower case, upper case, digits, and others.
func classes(text string) int {
	var seen [4]int
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z':
			seen[0] = 1
		case r >= 'A' && r <= 'Z':
			seen[1] = 1
		case r >= '0' && r <= '9':
			seen[2] = 1
		default:
			seen[3] = 1
		}
	}
	return seen[0] + seen[1] + seen[2] + seen[3]
}

// entropy is Shannon's, in bits a character.
func entropy(text string) float64 {
	counts := map[rune]float64{}
	for _, r := range text {
		counts[r]++
	}
	bits, n := 0.0, float64(len([]rune(text)))
	for _, count := range counts {
		bits -= count / n * math.Log2(count/n)
	}
	return bits
}
