package reliability

import "github.com/landwaiter/landwaiter/internal/manifests"

// selects reports whether a label selector covers labels. A selector that is not written covers nothing, an empty one
// everything.
func selects(selector, labels manifests.Field) bool {
	if !selector.IsMap() {
		return false
	}
	for _, want := range selector.Get("matchLabels").Entries() {
		if got := labels.Get(want.Key); !got.IsSet() || got.Text() != want.Value.Text() {
			return false
		}
	}
	for _, want := range selector.Get("matchExpressions").Items() {
		if !holds(want, labels.Get(want.Get("key").Text())) {
			return false
		}
	}
	return true
}

// holds evaluates one requirement of a selector.
func holds(requirement, label manifests.Field) bool {
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
