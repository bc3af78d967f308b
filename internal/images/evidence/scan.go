package evidence

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The predicate types of scans: cosign's, which is written with and without its scheme, and in-toto's.
const (
	cosignVuln  = "cosign.sigstore.dev/attestation/vuln/v1"
	intotoVulns = "https://in-toto.io/attestation/vulns"
)

// skew is how far the clocks of a scanner and of ours may differ.
const skew = time.Minute

// scan holds an attested scan against the demand. Of several scans the newest counts, since an older one does not know what
// was found since.
func (x *examination) scan(p *proof, s *statement, who *signer) error {
	if err := x.vouched(who); err != nil {
		return err
	}
	at, err := scannedAt(s.Predicate)
	if err != nil {
		return err
	}
	if at.After(x.now.Add(skew)) {
		return fmt.Errorf("it is of %s, which is yet to come", at.Format(time.RFC3339))
	}
	if at.Before(p.scanned) {
		return nil
	}
	p.scanned, p.proven, p.refused = at, false, nil
	d := x.demand.Scan
	if age := x.now.Sub(at); d.MaxAge > 0 && age > d.MaxAge {
		return fmt.Errorf("it is of %s, %s ago, and the policy asks for one of the last %s", at.Format(time.RFC3339), age.Round(time.Minute), d.MaxAge)
	}
	if d.FailOn != "" {
		if err := checkSeverity(s.Predicate, d.FailOn); err != nil {
			return err
		}
	}
	if d.MaxAge > 0 {
		x.boundTo(at.Add(d.MaxAge))
	}
	p.prove(at.UTC().Format(time.RFC3339))
	return nil
}

// scannedAt returns when a scan ended, or began where that is all it says.
func scannedAt(predicate []byte) (time.Time, error) {
	var p struct {
		Metadata struct {
			Finished string `json:"scanFinishedOn"`
			Started  string `json:"scanStartedOn"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(predicate, &p); err != nil {
		return time.Time{}, errors.New("it is no scan that can be read")
	}
	said := cmp.Or(p.Metadata.Finished, p.Metadata.Started)
	at, err := time.Parse(time.RFC3339, said)
	if err != nil || at.IsZero() {
		return time.Time{}, errors.New("it does not say when the image was scanned")
	}
	return at, nil
}

// severities in their order; what a scanner calls otherwise counts as the lowest.
var severities = map[string]int{"low": 1, "medium": 2, "moderate": 2, "high": 3, "important": 3, "critical": 4}

// checkSeverity refuses a scan that found something as bad as the limit, and one whose findings cannot be read.
func checkSeverity(predicate []byte, limit string) error {
	found, err := findings(predicate)
	if err != nil {
		return err
	}
	count, first := 0, ""
	for _, f := range found {
		if severities[strings.ToLower(f.severity)] >= severities[limit] {
			if count++; count == 1 {
				first = f.id
			}
		}
	}
	if count == 0 {
		return nil
	}
	return fmt.Errorf("it found %d vulnerabilities that are %s or worse (%s is one)", count, limit, oneLine(first))
}
