package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// bill holds an attested bill of materials against the demand: it has to list something.
func (x *examination) bill(p *proof, s *statement, who *signer) error {
	if err := x.vouched(who); err != nil {
		return err
	}
	format, items, err := countItems(s)
	switch {
	case err != nil:
		return err
	case items == 0:
		return fmt.Errorf("it is a bill of materials (%s) that lists nothing", format)
	}
	p.prove(fmt.Sprintf("%s, %d entries, by %s", format, items, who))
	return nil
}

// countItems counts what a bill of materials lists: packages of SPDX 2, elements of SPDX 3, components of CycloneDX.
func countItems(s *statement) (format string, items int, err error) {
	text := inner(s.Predicate)
	var document struct {
		Packages   []json.RawMessage `json:"packages"`
		Graph      []json.RawMessage `json:"@graph"`
		Components []json.RawMessage `json:"components"`
	}
	if strings.HasPrefix(s.PredicateType, "https://cyclonedx.org/") {
		format = "CycloneDX"
	} else {
		format = "SPDX"
	}
	if err := json.Unmarshal(text, &document); err != nil {
		if n := strings.Count("\n"+string(text), "\nPackageName:"); format == "SPDX" && n > 0 { // SPDX's own text format
			return format, n, nil
		}
		return format, 0, errors.New("it is no bill of materials that can be read")
	}
	if format == "CycloneDX" {
		return format, len(document.Components), nil
	}
	return format, len(document.Packages) + len(document.Graph), nil
}

// inner unpacks a document that is a text within the predicate, as cosign's first attestations have it.
func inner(predicate []byte) []byte {
	var text string
	if json.Unmarshal(predicate, &text) == nil {
		return []byte(text)
	}
	var wrapped struct {
		Data json.RawMessage
	}
	if json.Unmarshal(predicate, &wrapped) == nil && wrapped.Data != nil {
		if json.Unmarshal(wrapped.Data, &text) == nil {
			return []byte(text)
		}
		return wrapped.Data
	}
	return predicate
}
