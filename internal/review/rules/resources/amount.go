package resources

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"k8s.io/apimachinery/pkg/api/resource"
)

// amount is a quantity of a policy's parameters; the zero amount is none.
type amount struct{ *resource.Quantity }

// UnmarshalText reads a quantity as Kubernetes does.
func (a *amount) UnmarshalText(text []byte) error {
	q, err := kubeapi.ParseQuantity(string(text))
	if err != nil {
		return fmt.Errorf("%q is no quantity such as 100m or 128Mi", text)
	}
	a.Quantity = &q
	return nil
}

// quantity reads a field; ok is false when it is absent or no quantity.
func quantity(at manifests.Field) (q resource.Quantity, ok bool) {
	text := at.Text()
	if text == "" || len(text) > 64 {
		return q, false
	}
	q, err := kubeapi.ParseQuantity(text)
	return q, err == nil
}

// hasSuffix reports whether the quantity's text ends in one of the units.
func hasSuffix(text string, units ...string) bool {
	for _, unit := range units {
		if strings.HasSuffix(text, unit) {
			return true
		}
	}
	return false
}
