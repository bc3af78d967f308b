package rbac

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// request is what the API server asks its authorizer about, on all of a cluster.
type request struct{ verb, group, resource, name string }

// authorizes decides as Kubernetes does: k8s.io/kubernetes/pkg/apis/rbac/v1, RuleAllows.
func authorizes(rules []map[string][]string, r request) bool {
	return slices.ContainsFunc(rules, func(rule map[string][]string) bool {
		return anyOf(rule["verbs"], r.verb) && anyOf(rule["apiGroups"], r.group) && resourceMatches(rule["resources"], r.resource) &&
			(len(rule["resourceNames"]) == 0 || slices.Contains(rule["resourceNames"], r.name))
	})
}

func anyOf(words []string, word string) bool {
	return slices.Contains(words, "*") || slices.Contains(words, word)
}

func resourceMatches(words []string, resource string) bool {
	_, sub, hasSub := strings.Cut(resource, "/")
	return anyOf(words, resource) || hasSub && slices.Contains(words, "*/"+sub)
}

var alphabet = map[string][]string{
	"verbs":         {"get", "list", "create", "deletecollection", "*"},
	"apiGroups":     {"", "apps", "*"},
	"resources":     {"pods", "pods/exec", "*/exec", "pods/*", "*/*", "*"},
	"resourceNames": {"a", "b"},
}

// requests are all that rules of the alphabet can tell apart, and some that none of them names. What makes an object, or
// is for all of a collection, has no name; lists may be for one.
func requests() (all []request) {
	for _, verb := range []string{"get", "list", "create", "deletecollection", "other"} {
		for _, group := range []string{"", "apps", "other"} {
			for _, resource := range []string{"pods", "pods/exec", "other/exec", "pods/other", "other"} {
				names := []string{"a", "b", "other"}
				nameless := verb == "deletecollection" || verb == "create" && !strings.Contains(resource, "/")
				if nameless {
					names = []string{""}
				} else if verb == "list" {
					names = append(names, "")
				}
				for _, name := range names {
					all = append(all, request{verb, group, resource, name})
				}
			}
		}
	}
	return all
}

// randomRole makes a role of the alphabet, with its rules.
func randomRole(t *testing.T, random *rand.Rand) (*role, []map[string][]string) {
	t.Helper()
	text := "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}\nrules:\n"
	var rules []map[string][]string
	for range 1 + random.IntN(3) {
		rule := map[string][]string{}
		line := "- {"
		for _, key := range []string{"verbs", "apiGroups", "resources", "resourceNames"} {
			words := slices.Clone(alphabet[key])
			random.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
			n := 1 + random.IntN(2)
			if key == "resourceNames" {
				n = max(0, random.IntN(4)-1) % 3
			}
			rule[key] = words[:n]
			line += fmt.Sprintf("%s: [%s], ", key, quoted(rule[key]))
		}
		rules = append(rules, rule)
		text += line + "}\n"
	}
	o, err := manifests.NewObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &role{object: o, grants: grantsOf(o)}, rules
}

func quoted(words []string) string {
	quoted := make([]string, 0, len(words))
	for _, word := range words {
		quoted = append(quoted, fmt.Sprintf("%q", word))
	}
	return strings.Join(quoted, ", ")
}

// TestCovers compares what is said to be gained with what Kubernetes' authorizer would newly allow: nothing is gained
// exactly when it allows nothing that it did not.
func TestCovers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	all, grew := requests(), 0
	for range 4_000 {
		was, before := randomRole(t, random)
		now, after := randomRole(t, random)
		held := make(holding)
		held.add(everywhere, rightsOf(was, false))
		gained := slices.ContainsFunc(rightsOf(now, false), func(g given) bool { return !held.covers("shop", g.right) })
		more := slices.ContainsFunc(all, func(r request) bool { return authorizes(after, r) && !authorizes(before, r) })
		if gained != more {
			t.Fatalf("gained %v, newly allowed %v:\n%s\nthen\n%s", gained, more, was.object.Raw, now.object.Raw)
		}
		if more {
			grew++
		}
	}
	if grew < 400 || grew > 3_900 {
		t.Errorf("of 4000 changes %d gain something: the sample is one-sided", grew)
	}
}
