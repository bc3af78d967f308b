package export

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
)

// regoHead begins a policy of policy-controller. "import rego.v1" makes versions 0.59 and later of OPA read it alike.
const regoHead = "package sigstore\nimport rego.v1\ndefault isCompliant := false\n"

// rego is the policy on an attestation of a predicate type; "" when its presence is enough.
func (x entry) rego(predicateType string) string {
	switch predicateType {
	case slsa1:
		return x.regoProvenance("input.predicate.runDetails.builder.id", "input.predicate.buildDefinition.buildType", `built if {
  w := input.predicate.buildDefinition.externalParameters.workflow
  regex.match(REPOSITORY, w.repository)
  regex.match(REF, w.ref)
}
built if {
  not input.predicate.buildDefinition.externalParameters.workflow
  regex.match(ADDRESS, input.predicate.buildDefinition.resolvedDependencies[0].uri)
}
`)
	case slsa02:
		return x.regoProvenance("input.predicate.builder.id", "input.predicate.buildType", `built if {
  regex.match(ADDRESS, input.predicate.invocation.configSource.uri)
}
`)
	case spdx:
		return regoHead + "isCompliant if count(input.predicate.packages) > 0\n"
	case cycloneDX:
		return regoHead + "isCompliant if count(input.predicate.components) > 0\n"
	}
	return x.regoScan()
}

func (x entry) regoProvenance(builder, buildType, built string) string {
	p := x.demand.Provenance
	var lines []string
	for at, want := range map[string]images.Pattern{builder: p.Builder, buildType: p.BuildType} {
		if want.String() != "" {
			lines = append(lines, "  regex.match("+quoted(want.Regexp())+", "+at+")\n")
		}
	}
	if len(lines) == 2 && lines[0] > lines[1] {
		lines[0], lines[1] = lines[1], lines[0]
	}
	rules := ""
	if p.Source.String() != "" || p.Ref.String() != "" {
		lines = append(lines, "  built\n")
		o := x.origin()
		rules = strings.NewReplacer("REPOSITORY", quoted(o.repository), "REF", quoted(o.ref), "ADDRESS", quoted(o.address)).Replace(built)
	}
	if len(lines) == 0 {
		return ""
	}
	return regoHead + "isCompliant if {\n" + strings.Join(lines, "") + "}\n" + rules
}

// regoScan holds the age of a scan, and what Trivy or Grype found. A result of another form is refused.
func (x entry) regoScan() string {
	d, lines, rules := x.demand.Scan, "", ""
	if d.MaxAge > 0 {
		lines += fmt.Sprintf("  at := time.parse_rfc3339_ns(input.predicate.metadata.scanFinishedOn)\n  at <= time.now_ns() + 60000000000\n  time.now_ns() - at <= %d # %s\n", d.MaxAge.Nanoseconds(), d.MaxAge)
	}
	if d.FailOn != "" {
		lines += "  readable\n  count(found & {" + `"` + strings.Join(sinks(d.FailOn), `", "`) + `"` + "}) == 0\n"
		rules = `result := input.predicate.scanner.result
readable if is_array(result.Results)
readable if is_array(result.matches)
found contains lower(v.Severity) if {
  some r in result.Results
  some v in r.Vulnerabilities
}
found contains lower(m.vulnerability.severity) if some m in result.matches
`
	}
	if lines == "" {
		return ""
	}
	return regoHead + "isCompliant if {\n" + lines + "}\n" + rules
}

// quoted writes a string of Rego, raw where that can be.
func quoted(s string) string {
	if !strings.Contains(s, "`") {
		return "`" + s + "`"
	}
	text, err := json.Marshal(s)
	if err != nil {
		return `""` // of a string there is no such error
	}
	return string(text)
}
