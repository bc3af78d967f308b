package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
)

// cosignSign is the predicate type that cosign gives signatures since version 3.
const cosignSign = "https://sigstore.dev/cosign/sign/v1"

// statement is an in-toto statement (attestation specification 0.1 and 1): what is said of which digests.
type statement struct {
	Type          string `json:"_type"`
	PredicateType string `json:"predicateType"`
	Subject       []struct {
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
	Predicate json.RawMessage `json:"predicate"`
}

// parseStatement reads a statement. One with a key twice in an object is refused: readers disagree on which of them counts.
func parseStatement(payload []byte) (*statement, error) {
	var s statement
	if err := uniqueKeys(payload); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(payload, &s); err != nil {
		return nil, fmt.Errorf("its statement cannot be read (%s)", oneLine(err.Error()))
	}
	if !strings.HasPrefix(s.Type, "https://in-toto.io/Statement/") {
		return nil, fmt.Errorf("it says to be a statement of the type %q, which is not known", oneLine(s.Type))
	}
	return &s, nil
}

// isAbout reports whether a digest is among the statement's subjects.
func (s *statement) isAbout(digest string) bool {
	algorithm, encoded, _ := strings.Cut(digest, ":")
	for _, subject := range s.Subject {
		if encoded != "" && strings.EqualFold(subject.Digest[algorithm], encoded) {
			return true
		}
	}
	return false
}

// kindOf returns which kind of proof an attestation of a predicate type is; "" for others.
func kindOf(predicateType string) string {
	switch {
	case predicateType == slsa02, predicateType == slsa1:
		return images.ProofProvenance
	case predicateType == "https://spdx.dev/Document", strings.HasPrefix(predicateType, "https://spdx.dev/Document/"),
		predicateType == "https://cyclonedx.org/bom", strings.HasPrefix(predicateType, "https://cyclonedx.org/bom/"):
		return images.ProofSBOM
	case strings.TrimPrefix(predicateType, "https://") == cosignVuln, strings.HasPrefix(predicateType, intotoVulns):
		return images.ProofScan
	}
	return ""
}

// maxNesting is deeper than any attestation.
const maxNesting = 200

// uniqueKeys refuses JSON in which an object has a key twice, upper and lower case being one, and what follows a document.
func uniqueKeys(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var open []map[string]bool // the keys of objects that are open; nil for a list
	key := false               // the next token of the innermost object is a key
	for first := true; ; first = false {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && len(open) == 0 && !first:
			return nil
		case err != nil:
			return fmt.Errorf("it is no JSON (%s)", oneLine(err.Error()))
		case len(open) == 0 && !first:
			return errors.New("it is more than one JSON document")
		}
		switch delim, _ := token.(json.Delim); {
		case delim == '{' || delim == '[':
			if len(open) == maxNesting {
				return errors.New("its JSON is nested too deep")
			}
			open = append(open, map[json.Delim]map[string]bool{'{': {}}[delim])
			key = delim == '{'
			continue
		case delim == '}' || delim == ']':
			open = open[:len(open)-1]
		case key:
			name := strings.ToLower(token.(string))
			seen := open[len(open)-1]
			if seen[name] {
				return fmt.Errorf("it has the key %q twice in one object", oneLine(name))
			}
			seen[name], key = true, false
			continue
		}
		key = len(open) > 0 && open[len(open)-1] != nil
	}
}
