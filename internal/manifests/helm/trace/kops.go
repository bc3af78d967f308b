package trace

import (
	"errors"
	"maps"
	"strings"
	"text/template"
)

// KopsFunctions gives what templates of kops have other than templates of Helm, for Helm's engine. The argument is the
// version of Kubernetes that kops' channel recommends.
//
// https://kops.sigs.k8s.io/operations/cluster_template/
func KopsFunctions(recommended string) template.FuncMap {
	all := template.FuncMap{"indent": indentRest}
	maps.Copy(all, channelFunctions(recommended))
	return all
}

// kopsFunctions are the functions that kops adds to those of sprig, or has in the place of sprig's.
func kopsFunctions() map[string]any {
	return map[string]any{
		"indent":        indentRest,
		"include":       func(string, map[string]any) (string, error) { return "", errors.ErrUnsupported },
		"getHostByName": func(string) string { return "" }, // rendering asks nobody
	}
}

// channelFunctions are those that read kops' release channel, which is elsewhere, and changes. An image is left out, which
// to kops means the one that the channel recommends; an upgrade is taken to stay within the minor version, where
// the channel's are for all versions but those that nobody mends.
func channelFunctions(recommended string) map[string]any {
	return map[string]any{
		"ChannelRecommendedImage":                    func(_, _ string, _ ...string) string { return "" },
		"ChannelRecommendedKopsKubernetesVersion":    func() string { return recommended },
		"ChannelRecommendedKubernetesUpgradeVersion": func(version string) string { return strings.TrimPrefix(version, "v") },
	}
}

// indentRest is kops' indent. Unlike sprig's it leaves the first line, which stands where the action does, and empty
// lines as they are.
func indentRest(indent int, text string) string {
	if indent < 0 {
		indent = -indent // a width of fmt, of which the sign says the side
	}
	first, rest, more := strings.Cut(text, "\n")
	if !more {
		return text
	}
	lines := strings.Split(rest, "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = strings.Repeat(" ", indent) + l
		}
	}
	return first + "\n" + strings.Join(lines, "\n")
}
