package kops

import (
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsAddonMissing = review.Rule{
	ID: "kops-addon-missing", Level: review.Error, Guidelines: []string{"G28"},
	Summary: "A channel of addons names a manifest that the repository lacks",
	Kinds:   []string{"Addons"},
	Check:   checkKopsAddonMissing,
}

// checkKopsAddonMissing follows a channel's manifests, which are named from where the channel lies. Those that lie
// elsewhere are not the repository's, and what something generates is not where its source is.
func checkKopsAddonMissing(p *review.Pass) {
	origin, _ := p.Object.OriginAt("")
	if p.Root.Root.Kind != manifests.Plain || len(origin) == 0 || origin[0].Precision != manifests.Exact {
		return
	}
	for _, addon := range spec(p).Get("addons").Items() {
		at := addon.Get("manifest")
		name := at.Text()
		if name == "" || strings.Contains(name, "://") || strings.HasPrefix(name, "/") || strings.ContainsAny(name, "{}$") {
			continue
		}
		file := path.Join(path.Dir(origin[0].Span.File), name)
		if strings.HasPrefix(file, "../") {
			continue
		}
		if has, known := p.HasFile(file); known && !has {
			p.Report(at, "%s names %s, which is not there", addonTitle(addon), file).
				Detail("kops applies a channel's addons on every start of a control-plane node, and stops at what it cannot read: this addon, and those after it, stay as they are, or are not there at all in a new cluster.")
		}
	}
}

// addonTitle names an addon, which may go without a name: the channel's is then its own.
func addonTitle(addon manifests.Field) string {
	if name := addon.Get("name").Text(); name != "" {
		return "addon " + name
	}
	return "an addon"
}
