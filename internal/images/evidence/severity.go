package evidence

import (
	"encoding/json"
	"errors"
	"strconv"
)

// found is a vulnerability with its severity as a scanner says it.
type found struct{ id, severity string }

// findings reads what a scan found: results of in-toto's predicate, of Trivy, of Grype, and SARIF. A form that is not known
// is an error: it may hold anything.
func findings(predicate []byte) ([]found, error) {
	var p struct {
		Scanner struct {
			Result json.RawMessage `json:"result"`
		} `json:"scanner"`
	}
	if err := json.Unmarshal(predicate, &p); err != nil || len(p.Scanner.Result) == 0 {
		return nil, errors.New("it holds no result, so that its severities are not known")
	}
	for _, read := range []func([]byte) ([]found, bool){intotoFindings, trivyFindings, grypeFindings, sarifFindings} {
		if all, ok := read(p.Scanner.Result); ok {
			return all, nil
		}
	}
	return nil, errors.New("its result is in a form that is not known (want that of Trivy, Grype, SARIF or in-toto), so that its severities are not known")
}

// intotoFindings reads a list of ids with severities by method: a word, or a score of CVSS.
func intotoFindings(result []byte) (all []found, ok bool) {
	var list []struct {
		ID       string `json:"id"`
		Severity []struct {
			Score string `json:"score"`
		} `json:"severity"`
	}
	if json.Unmarshal(result, &list) != nil || list == nil {
		return nil, false
	}
	for _, entry := range list {
		for _, severity := range entry.Severity {
			all = append(all, found{entry.ID, word(severity.Score)})
		}
	}
	return all, true
}

func trivyFindings(result []byte) (all []found, ok bool) {
	var report struct {
		SchemaVersion int
		ArtifactName  string
		Results       []struct {
			Vulnerabilities []struct {
				VulnerabilityID, Severity string
			}
		}
	}
	if json.Unmarshal(result, &report) != nil || report.SchemaVersion == 0 && report.Results == nil {
		return nil, false
	}
	for _, target := range report.Results {
		for _, v := range target.Vulnerabilities {
			all = append(all, found{v.VulnerabilityID, v.Severity})
		}
	}
	return all, true
}

func grypeFindings(result []byte) (all []found, ok bool) {
	var report struct {
		Matches []struct {
			Vulnerability struct {
				ID       string `json:"id"`
				Severity string `json:"severity"`
			} `json:"vulnerability"`
		} `json:"matches"`
	}
	if json.Unmarshal(result, &report) != nil || report.Matches == nil {
		return nil, false
	}
	for _, m := range report.Matches {
		all = append(all, found{m.Vulnerability.ID, m.Vulnerability.Severity})
	}
	return all, true
}

// sarifFindings reads SARIF 2.1.0 with GitHub's property security-severity, which is a score of CVSS.
func sarifFindings(result []byte) (all []found, ok bool) {
	var log struct {
		Runs []struct {
			Tool struct {
				Driver struct {
					Rules []struct {
						ID         string `json:"id"`
						Properties struct {
							Severity any `json:"security-severity"`
						} `json:"properties"`
					} `json:"rules"`
				} `json:"driver"`
			} `json:"tool"`
			Results []struct {
				RuleID string `json:"ruleId"`
			} `json:"results"`
		} `json:"runs"`
	}
	if json.Unmarshal(result, &log) != nil || log.Runs == nil {
		return nil, false
	}
	for _, run := range log.Runs {
		severity := make(map[string]string)
		for _, rule := range run.Tool.Driver.Rules {
			switch score := rule.Properties.Severity.(type) {
			case string:
				severity[rule.ID] = word(score)
			case float64:
				severity[rule.ID] = wordOf(score)
			}
		}
		for _, r := range run.Results {
			if severity[r.RuleID] == "" {
				return nil, false // its severity is not known
			}
			all = append(all, found{r.RuleID, severity[r.RuleID]})
		}
	}
	return all, true
}

// word makes a severity's word of a score, and leaves words.
func word(score string) string {
	if n, err := strconv.ParseFloat(score, 64); err == nil {
		return wordOf(n)
	}
	return score
}

// wordOf is the qualitative rating of CVSS 3.1, section 5.
func wordOf(score float64) string {
	switch {
	case score >= 9:
		return "critical"
	case score >= 7:
		return "high"
	case score >= 4:
		return "medium"
	case score > 0:
		return "low"
	}
	return "none"
}
