package review

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Named says that the field is a name and the violation is in what the name stands for: of a chart's lines the one that
// names it is shown, not those of helpers and values that the name is put together of.
func (d *Draft) Named() *Draft {
	d.named = true
	return d
}

// whoseName orders the Origin of a name of which not the spelling is at fault: a line that has the whole name goes before
// helpers, values and prefixes that it is put together of, and a resource before the patches that repeat its name. Where
// no line has it, the one in the object's own file does.
func whoseName(tree source.Tree, o *manifests.Object, origin manifests.Origin, name string) manifests.Origin {
	home := ""
	if whole, _ := o.OriginAt(""); whole.Best() != nil {
		home = whole.Best().Span.File
	}
	foremost := 0
	for i, f := range origin {
		if f.Precision != manifests.Exact || f.Role == manifests.RolePatch {
			continue
		}
		if tree != nil && strings.Contains(lineOf(tree, f.Span), name) {
			foremost = i
			break
		}
		if f.Span.File == home || f.Role == manifests.RoleCall && origin[foremost].Span.File != home { // the last call is the outermost
			foremost = i
		}
	}
	if foremost == 0 {
		return origin
	}
	return append(manifests.Origin{origin[foremost]}, slices.Delete(slices.Clone(origin), foremost, foremost+1)...)
}
