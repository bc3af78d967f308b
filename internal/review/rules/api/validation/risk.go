package validation

import (
	"math"
	"regexp"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
)

// The API server refuses a definition whose rules it estimates to cost too much, and counts what a call costs when it is
// over. Here anybody may bring a definition, so that what might take hours or all memory by one call is told by its text.
const (
	maxGrowth = 1_000_000 // times that a rule may multiply a value
	maxTexts  = 16 << 10  // bytes of an object on which rules that make longer texts of texts are evaluated
)

var (
	macro  = regexp.MustCompile(`\.\s*(all|exists|exists_one|existsOne|map|filter|transform\w+|optMap|optFlatMap|sortBy)\s*\(`)
	grower = regexp.MustCompile(`\.\s*(replace|join|format)\s*\(`)
	number = regexp.MustCompile(`\b(quantity|isQuantity)\s*\(`)
)

// isRisky reports whether a rule may make very much of little: lists of lists, each macro taking what the last one made
// several times, or texts out of texts.
func isRisky(rule string) bool {
	if len(grower.FindAllString(rule, 2)) > 1 || number.MatchString(rule) && (kubeapi.IsEndless(rule) || makesTexts(rule)) {
		return true
	}
	macros := float64(len(macro.FindAllString(rule, -1)))
	if macros == 0 {
		return false
	}
	parts := float64(strings.Count(rule, ",") + strings.Count(rule, "+"))
	return math.Pow((macros+parts)/macros, macros) > maxGrowth
}

// makesTexts reports whether a rule puts texts together, of which a number could come that is in no part of them.
func makesTexts(rule string) bool {
	return strings.Contains(rule, "+") || grower.MatchString(rule)
}

// takeOut takes the risky rules out of a schema, and reports whether there were any.
func takeOut(s *apiextensionsv1.JSONSchemaProps) (found bool) {
	kept := s.XValidations[:0]
	for _, rule := range s.XValidations {
		if isRisky(rule.Rule) {
			found = true
			continue
		}
		kept = append(kept, rule)
	}
	s.XValidations = kept
	each(s, func(below *apiextensionsv1.JSONSchemaProps) { found = takeOut(below) || found })
	return found
}

// each calls a function for the schemas just below a schema that may have rules.
func each(s *apiextensionsv1.JSONSchemaProps, do func(*apiextensionsv1.JSONSchemaProps)) {
	for name, property := range s.Properties {
		do(&property)
		s.Properties[name] = property
	}
	if s.Items != nil && s.Items.Schema != nil {
		do(s.Items.Schema)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		do(s.AdditionalProperties.Schema)
	}
	for i := range s.AllOf {
		do(&s.AllOf[i])
	}
}

// uses reports whether any rule of a schema matches.
func uses(s *apiextensionsv1.JSONSchemaProps, pattern *regexp.Regexp) (found bool) {
	for _, rule := range s.XValidations {
		found = found || pattern.MatchString(rule.Rule)
	}
	each(s, func(below *apiextensionsv1.JSONSchemaProps) { found = found || uses(below, pattern) })
	return found
}

// texts returns how many bytes of text a value holds, and whether in one of them there is a number that takes for ever.
func texts(value any) (bytes int, endless bool) {
	add := func(v any) {
		n, e := texts(v)
		bytes, endless = bytes+n, endless || e
	}
	switch v := value.(type) {
	case string:
		return len(v), kubeapi.IsEndless(v)
	case []any:
		for _, item := range v {
			add(item)
		}
	case map[string]any:
		for key, item := range v {
			add(key)
			add(item)
		}
	}
	return bytes, endless
}
