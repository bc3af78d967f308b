package helm

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// secretKey matches the keys of values that hold something secret, publicKey those of them that only name it.
var (
	secretKey = regexp.MustCompile(`(?i)pass|secret|token|credential|private[-_]?key|api[-_]?key|access[-_]?key|auth`)
	publicKey = regexp.MustCompile(`(?i)name|ref$|existing|path|file|class|type|create|enable|annotation|label`)
)

// shortestSecret is how long a value has to be, in bytes, to be looked for in a message.
const shortestSecret = 6

// discreet takes secret values out of what a failed rendering says. Templates put values into their messages (fail,
// required), and functions quote what they cannot use.
func (j *job) discreet(err error) error {
	var failed *manifests.RenderError
	if !errors.As(err, &failed) {
		return err
	}
	told := *failed
	for _, secret := range j.secrets() {
		told.Reason = strings.ReplaceAll(told.Reason, secret, manifests.Masked)
	}
	return &told
}

// secrets are the values of the release and its charts that look secret by their keys, the longest first.
func (j *job) secrets() []string {
	var found []string
	read := func(data []byte) {
		if root, err := parseFile(data); err == nil && root != nil {
			found = appendSecrets(found, manifests.NewField(root, ""))
		}
	}
	for _, from := range j.charts.origins {
		read(from.files[valuesYAML])
	}
	for _, f := range j.files {
		read(f.data)
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(-cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return slices.Compact(found)
}

func appendSecrets(found []string, values manifests.Field) []string {
	for _, e := range values.Entries() {
		if text := e.Value.Text(); len(text) >= shortestSecret && secretKey.MatchString(e.Key) && !publicKey.MatchString(e.Key) {
			found = append(found, text)
		}
		found = appendSecrets(found, e.Value)
	}
	for _, item := range values.Items() {
		found = appendSecrets(found, item)
	}
	return found
}
