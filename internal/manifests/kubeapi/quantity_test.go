package kubeapi

import (
	"errors"
	"testing"
)

// TestParseQuantity reads what Kubernetes reads, and refuses at once what takes its parser minutes.
func TestParseQuantity(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1", "100m", "1.5", "2Gi", "1e3", "1E3", "5E", "1e-9", "12e9999"} {
		if _, err := ParseQuantity(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"1e999999999", "1E999999999", "1e-999999999", "-.5e+99999"} {
		if _, err := ParseQuantity(text); !errors.Is(err, ErrEndless) {
			t.Errorf("%s: %v", text, err)
		}
		if !HasEndless(map[string]any{"a": []any{"b", text + " "}}) {
			t.Errorf("%s is not found", text)
		}
	}
	for _, text := range []string{"", "x", "release12345", "1e3 12345", "2Gi"} {
		if HasEndless(text) {
			t.Errorf("%s: is taken for a quantity", text)
		}
	}
}
