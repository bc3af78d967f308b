package kubeapi

import (
	"errors"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// endless finds exponents of so many digits that Kubernetes' own parser would work out the number for minutes.
var endless = regexp.MustCompile(`[0-9.][eE][+-]?[0-9]{5}`)

// ErrEndless says that a quantity has an exponent which no machine has memory for.
var ErrEndless = errors.New("the exponent is too large")

// ParseQuantity reads a quantity as Kubernetes does, but for those that would take it for ever.
func ParseQuantity(text string) (resource.Quantity, error) {
	if IsEndless(text) {
		return resource.Quantity{}, ErrEndless
	}
	return resource.ParseQuantity(text)
}

// IsEndless reports whether Kubernetes' parser of quantities may take for ever with a text, or a part of it.
func IsEndless(text string) bool { return strings.ContainsAny(text, "eE") && endless.MatchString(text) }

// HasEndless reports whether a value as JSON has it holds such a text, where a quantity may stand: one without letters
// otherwise.
func HasEndless(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.Trim(v, "+-.0123456789eE \t\n") == "" && IsEndless(v)
	case []any:
		for _, item := range v {
			if HasEndless(item) {
				return true
			}
		}
	case map[string]any:
		for _, item := range v {
			if HasEndless(item) {
				return true
			}
		}
	}
	return false
}
