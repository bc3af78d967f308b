package server

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is the text of a configuration file, with its name for messages. The zero File is none.
type File struct {
	Name string
	Text []byte
}

// LoadSettings returns the settings that a file and the environment make. The environment wins; a variable that is set
// to nothing counts as not set. getenv and readFile are how it asks for variables and for files that hold secrets;
// nothing else is read.
//
// The error names everything that is wrong, each by its file and line or by its variable, and shows no value.
func LoadSettings(file File, getenv func(string) string, readFile func(string) ([]byte, error)) (Settings, error) {
	s, err := withDefaults()
	if err != nil {
		return Settings{}, err
	}
	l := loader{settings: &s, readFile: readFile, given: map[string]string{}}
	fromFile := l.parse(file)
	for _, row := range table() {
		if !l.fromEnvironment(row, getenv) {
			l.fromFile(row, fromFile)
		}
	}
	l.conclude()
	if len(l.wrong) > 0 {
		return Settings{}, errors.Join(l.wrong...)
	}
	return s, nil
}

// loader collects settings, and what is wrong.
type loader struct {
	settings *Settings
	readFile func(string) ([]byte, error)
	given    map[string]string // where each setting was given, by its name
	wrong    []error
}

func (l *loader) problem(where, format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Errorf("%s: %w", where, fmt.Errorf(format, args...)))
}

// entry is a value of the configuration file.
type entry struct {
	text  string
	where string // file:line: name
}

// parse reads the configuration file into entries by name. Every mistake is a problem of its own.
func (l *loader) parse(file File) map[string]entry {
	entries := map[string]entry{}
	decoder := yaml.NewDecoder(bytes.NewReader(file.Text))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return entries
	}
	if err != nil {
		l.wrong = append(l.wrong, syntaxError(file.Name, err))
		return entries
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		l.problem(file.Name, "want one document, there are several")
	}
	l.mapping(file.Name, document.Content[0], "", entries)
	return entries
}

// syntaxError has the line where the others have it, and no text of the file.
func syntaxError(name string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if line, rest, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(line, "line ") && !strings.ContainsAny(rest, "`\"'") {
		return fmt.Errorf("%s:%s: is not YAML: %s", name, strings.TrimPrefix(line, "line "), rest)
	}
	return fmt.Errorf("%s: is not YAML", name)
}

// mapping reads the keys below prefix.
func (l *loader) mapping(file string, n *yaml.Node, prefix string, entries map[string]entry) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		l.problem(fmt.Sprintf("%s:%d", file, n.Line), "want keys and values%s", under(prefix))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := prefix + key.Value
		where := fmt.Sprintf("%s:%d: %s", file, key.Line, printable(name))
		switch before, twice := seen[key.Value], seen[key.Value] > 0; {
		case key.Kind != yaml.ScalarNode:
			l.problem(fmt.Sprintf("%s:%d", file, key.Line), "a key is no text")
		case twice:
			l.problem(where, "is there twice, first on line %d", before)
		case isSection(name):
			l.mapping(file, value, name+".", entries)
		case !isKnown(name):
			l.problem(where, "is no setting%s", nearest(name))
		default:
			l.value(where, name, value, entries)
		}
		seen[key.Value] = key.Line
	}
}

func under(prefix string) string {
	if prefix == "" {
		return ""
	}
	return " under " + strings.TrimSuffix(prefix, ".")
}

// value reads one value: text, or a list of texts.
func (l *loader) value(where, name string, n *yaml.Node, entries map[string]entry) {
	switch {
	case n.Kind == yaml.ScalarNode && (n.Tag == "!!null" || n.Value == ""): // as not set
	case n.Kind == yaml.ScalarNode:
		entries[name] = entry{text: n.Value, where: where}
	case n.Kind == yaml.SequenceNode && slices.ContainsFunc(table(), func(row setting) bool { return row.list && row.name == name }):
		if parts, ok := texts(n); ok {
			entries[name] = entry{text: strings.Join(parts, ","), where: where}
		} else {
			l.problem(where, "want a list of texts without commas")
		}
	default:
		l.problem(where, "want a single value")
	}
}

func texts(list *yaml.Node) (parts []string, ok bool) {
	for _, item := range list.Content {
		if item.Kind != yaml.ScalarNode || strings.Contains(item.Value, ",") {
			return nil, false
		}
		parts = append(parts, item.Value)
	}
	return parts, true
}

// isSection says whether settings stand below a name.
func isSection(name string) bool {
	return slices.ContainsFunc(table(), func(row setting) bool { return strings.HasPrefix(row.name, name+".") })
}

func isKnown(name string) bool {
	return slices.ContainsFunc(table(), func(row setting) bool {
		return row.name != "" && (row.name == name || row.secret && row.name+"File" == name)
	})
}

// nearest names the setting that was probably meant.
func nearest(name string) string {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(s))
	}
	for _, row := range table() {
		if row.name != "" && (plain(row.name) == plain(name) || strings.HasSuffix(plain(row.name), plain(name)) && len(name) > 3) {
			return "; " + row.name + " is one"
		}
	}
	return ""
}

// fromEnvironment sets a setting that the environment has, and says whether it does.
func (l *loader) fromEnvironment(row setting, getenv func(string) string) bool {
	text := getenv(row.variable)
	if text == "" && row.name == "" { // the proxies' variables are written both ways
		text = getenv(strings.ToLower(row.variable))
	}
	name := ""
	if row.secret {
		name = getenv(row.variable + "_FILE")
	}
	switch {
	case text != "" && name != "":
		l.problem(row.variable, "is set, and %s_FILE as well: keep one", row.variable)
	case text != "":
		l.set(row, entry{text: text, where: row.variable})
	case name != "":
		l.secretFile(row, entry{text: name, where: row.variable + "_FILE"})
	default:
		return false
	}
	return true
}

// fromFile sets a setting that the configuration file has.
func (l *loader) fromFile(row setting, entries map[string]entry) {
	if row.name == "" {
		return
	}
	value, has := entries[row.name]
	name, hasFile := entries[row.name+"File"]
	switch {
	case has && hasFile:
		l.problem(name.where, "is set, and %s as well: keep one", row.name)
	case has:
		l.set(row, value)
	case hasFile:
		l.secretFile(row, name)
	}
}

func (l *loader) secretFile(row setting, from entry) {
	text, err := l.readFile(from.text)
	if err != nil {
		l.problem(from.where, "%w", err)
		return
	}
	l.set(row, entry{text: strings.TrimSpace(string(text)), where: from.where + ": " + printable(filepath.ToSlash(from.text))})
}

func (l *loader) set(row setting, from entry) {
	if err := row.set(l.settings, from.text); err != nil {
		l.problem(from.where, "%w", err)
		return
	}
	l.given[row.name] = from.where
}

// conclude does what takes several settings.
func (l *loader) conclude() {
	s := l.settings
	where := func(name string) string { return cmp.Or(l.given[name], name) }
	hasID, hasKey := l.given["github.appID"] != "", l.given["github.privateKey"] != ""
	switch {
	case len(l.wrong) > 0: // what follows from a mistake is none of its own
		return
	case hasID && !hasKey:
		l.problem(where("github.appID"), "an App needs github.privateKey (LANDWAITER_PRIVATE_KEY or LANDWAITER_PRIVATE_KEY_FILE) too")
	case hasKey && !hasID:
		l.problem(where("github.privateKey"), "an App needs github.appID (LANDWAITER_APP_ID) too")
	case hasID && len(s.GitHub.WebhookSecrets) == 0:
		l.problem(where("github.appID"), "an App needs github.webhookSecrets (LANDWAITER_WEBHOOK_SECRETS or LANDWAITER_WEBHOOK_SECRETS_FILE) too: without one anybody could send events")
	}
	if s.Database == "" {
		s.Database = Secret("sqlite:" + filepath.ToSlash(filepath.Join(s.Data, "landwaiter.db")))
	}
	if s.CAFile != "" {
		text, err := l.readFile(s.CAFile)
		if err == nil {
			s.Authorities, err = certificates(text)
		}
		if err != nil {
			l.problem(where("caFile"), "%s: %w", printable(s.CAFile), err)
		}
	}
}

// printable returns a short text without what could forge a line of a log.
func printable(s string) string {
	if len(s) > 100 {
		s = s[:100] + "…"
	}
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "?"))
}
