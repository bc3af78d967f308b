package review

import "github.com/landwaiter/landwaiter/internal/manifests"

// Selects reports whether a label selector (matchLabels, matchExpressions) covers labels, as metav1.LabelSelector is
// evaluated. A selector that is not written covers nothing, an empty one everything.
func Selects(selector, labels manifests.Field) bool {
	if !selector.IsMap() {
		return false
	}
	if !SelectsPlain(selector.Get("matchLabels"), labels) {
		return false
	}
	for _, want := range selector.Get("matchExpressions").Items() {
		if !holdsFor(want, labels.Get(want.Get("key").Text())) {
			return false
		}
	}
	return true
}

// SelectsPlain reports whether labels hold every entry of a mapping, as the selector of a Service demands.
func SelectsPlain(want, labels manifests.Field) bool {
	for _, entry := range want.Entries() {
		if got := labels.Get(entry.Key); !got.IsSet() || got.Text() != entry.Value.Text() {
			return false
		}
	}
	return true
}

// holdsFor evaluates one requirement of a selector.
func holdsFor(requirement, label manifests.Field) bool {
	within := false
	for _, value := range requirement.Get("values").Items() {
		within = within || label.IsSet() && value.Text() == label.Text()
	}
	switch requirement.Get("operator").Text() {
	case "In":
		return within
	case "NotIn":
		return !within
	case "Exists":
		return label.IsSet()
	case "DoesNotExist":
		return !label.IsSet()
	}
	return false
}
