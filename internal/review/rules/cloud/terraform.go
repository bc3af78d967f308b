package cloud

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// The groups of the objects that modules of Terraform become: see package terraform of manifests.
const (
	ofResource = "resource.terraform"
	ofData     = "data.terraform"
	ofVariable = "variable.terraform"
	ofModule   = "module.terraform"
	ofTFVars   = "tfvars.terraform"
	ofProvider = "provider.terraform"
)

// resources are the kinds of resources for Rule.Kinds.
func resources(types ...string) []string {
	kinds := make([]string, len(types))
	for i, t := range types {
		kinds[i] = t + "." + ofResource
	}
	return kinds
}

// body holds the arguments of a block.
func body(o *manifests.Object) manifests.Field { return o.Field().Get("body") }

// blocks lists the blocks of a type in another. Terraform's JSON may write a single one without a list.
func blocks(f manifests.Field) []manifests.Field {
	if f.IsMap() {
		return []manifests.Field{f}
	}
	return slices.DeleteFunc(f.Items(), func(item manifests.Field) bool { return !item.IsMap() })
}

// isKnown reports whether a field is written out, be it with null. What depends on how Terraform runs is not, nor is
// what lacks.
func isKnown(f manifests.Field) bool { return f.Exists() && !strings.Contains(f.Text(), "${") }

// isWhole reports whether all keys of a mapping, or all items of a list, are known.
func isWhole(f manifests.Field) bool {
	if strings.Contains(f.Text(), "${") {
		return false
	}
	for _, e := range f.Entries() {
		if strings.Contains(e.Key, "${}") {
			return false
		}
	}
	return !slices.ContainsFunc(f.Items(), func(item manifests.Field) bool { return !isKnown(item) })
}

// isFalse reports whether a field says no, as a boolean or as the text that Terraform takes for one.
func isFalse(f manifests.Field) bool { return f.False() || f.Text() == "false" }

func isTrue(f manifests.Field) bool { return f.True() || f.Text() == "true" }

// title names a block in messages: "aws_security_group web".
func title(o *manifests.Object) string {
	if o.Group() == ofData {
		return "data " + o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Name
}

// isEverybody reports whether addresses are all there are, or half of them, which two rules then join.
func isEverybody(text string) bool {
	prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
	return err == nil && prefix.Bits() <= 1
}

// everybody returns the items of a list, or the scalar, that are everybody's addresses.
func everybody(f manifests.Field) (found []manifests.Field) {
	for _, item := range append(f.Items(), f) {
		if isEverybody(item.Text()) {
			found = append(found, item)
		}
	}
	return found
}

// all returns the objects of a root of one group and some kinds.
func all(v *review.RootView, group string, kinds ...string) (found []*manifests.Object) {
	for _, kind := range kinds {
		for _, o := range v.OfKind(kind) {
			if o.Group() == group {
				found = append(found, o)
			}
		}
	}
	return found
}
