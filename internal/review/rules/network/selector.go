package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// selector says which labels it selects.
type selector struct {
	test func(labels) truth

	// need is a label that everything has which it selects; key "" when none is known. Indexes go by it.
	need struct{ key, value string }
}

func everything() selector { return selector{test: func(labels) truth { return yes }} }

// unreadable is a selector of which nobody can tell what it selects.
func unreadable() selector { return selector{test: func(labels) truth { return maybe }} }

// readSelector reads a label selector of Kubernetes. One that is absent or empty selects everything, as in a
// NetworkPolicy's podSelector. rename gives the key by which labels are known; nil leaves it as it is.
func readSelector(f manifests.Field, rename func(string) string) selector {
	if !f.IsSet() {
		return everything()
	}
	if !f.IsMap() {
		return unreadable()
	}
	if rename == nil {
		rename = func(key string) string { return key }
	}
	var s selector
	var all []func(labels) truth
	for _, e := range f.Entries() {
		switch e.Key {
		case "matchLabels":
			for _, want := range e.Value.Entries() {
				key, value := rename(want.Key), want.Value.Text()
				s.need.key, s.need.value = key, value
				all = append(all, oneOf(key, []string{value}))
			}
		case "matchExpressions":
			for _, item := range e.Value.Items() {
				all = append(all, requirement(item, rename))
			}
		default:
			return unreadable() // not a selector's field: the API server refuses it, or drops it
		}
	}
	s.test = func(l labels) truth {
		result := yes
		for _, test := range all {
			result = min(result, test(l))
		}
		return result
	}
	return s
}

// requirement reads one of a selector's expressions.
func requirement(f manifests.Field, rename func(string) string) func(labels) truth {
	key := rename(f.Get("key").Text())
	var values []string
	for _, value := range f.Get("values").Items() {
		values = append(values, value.Text())
	}
	switch f.Get("operator").Text() {
	case "In":
		return oneOf(key, values)
	case "NotIn":
		within := oneOf(key, values)
		return func(l labels) truth { return within(l).not() }
	case "Exists":
		return func(l labels) truth { _, there := l.get(key); return there }
	case "DoesNotExist":
		return func(l labels) truth { _, there := l.get(key); return there.not() }
	}
	return func(labels) truth { return maybe }
}

func oneOf(key string, values []string) func(labels) truth {
	return func(l labels) truth {
		value, there := l.get(key)
		if there == yes {
			return of(slices.Contains(values, value))
		}
		return there
	}
}

// ciliumKey takes the source off a key of a Cilium selector: pods have their labels from Kubernetes, and "any" is
// whatever source. Labels of other sources are not a pod's.
func ciliumKey(key string) string {
	for _, source := range []string{"k8s:", "any:"} {
		if rest, ok := strings.CutPrefix(key, source); ok {
			return rest
		}
	}
	return key
}
