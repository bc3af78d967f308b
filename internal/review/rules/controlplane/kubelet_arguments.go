package controlplane

import (
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// kubeletVariable is a line by which systemd's units and /etc/default/kubelet give a kubelet its flags: a variable of
// kubeadm's drop-in, with or without the word Environment before it.
var kubeletVariable = regexp.MustCompile(`^\s*(?:Environment="?|export\s+)?KUBELET_[A-Z_]*(?:ARGS|OPTS)=(.*)$`)

// kubeletArguments are the kubelets to which a text gives flags by variables. Units and files add to each other, so that
// nothing is said of flags that are not there.
func kubeletArguments(o *manifests.Object, t text) []component {
	if !strings.Contains(t.value, "KUBELET_") || len(t.value) > maxText {
		return nil
	}
	var found []component
	for i, line := range strings.Split(t.value, "\n") {
		match := kubeletVariable.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		var words []word
		for _, part := range strings.Fields(strings.Trim(strings.TrimSpace(match[1]), `"'`)) {
			words = append(words, word{text: part, at: t.at, line: i + 1})
		}
		home := place{owner: o, field: t.at, line: i + 1}
		found = append(found, component{name: kubelet, open: true, home: home, flags: readFlags(o, words)})
	}
	return found
}
