package manifests

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Some objects that are no Secrets hold keys all the same: an EncryptionConfiguration, kubeadm's configurations with their
// bootstrap tokens, kubeconfig files; as objects of their own or as texts in others. Their keys are masked, what stands
// around them is shown.

// keyWords are in every YAML text that may hold such a key.
var keyWords = []string{"EncryptionConfig", "kubeadm", "ootstrapToken", "client-key-data", "PRIVATE KEY-----", "cluster.x-k8s.io", "exec-credential", "current-context"}

// mayHoldKeys reports whether a text may hold keys besides those of Secrets.
func mayHoldKeys(text []byte) bool {
	return slices.ContainsFunc(keyWords, func(word string) bool { return bytes.Contains(text, []byte(word)) })
}

// keyNames are the fields that hold keys: of apiserver.config.k8s.io, kubeadm.k8s.io and kubeconfig (v1 Config).
var keyNames = []string{
	"secret", "token", "tlsBootstrapToken", "certificateKey", "client-key-data", "password", "id-token", "refresh-token", "access-token",
}

// hasKeys reports whether the fields of an object called like keyNames are keys.
func hasKeys(f Field) bool {
	kind, group := f.Get("kind").Text(), Identity{APIVersion: f.Get("apiVersion").Text()}.Group()
	return group == "apiserver.config.k8s.io" || group == "kubeadm.k8s.io" || strings.HasSuffix(group, "cluster.x-k8s.io") ||
		group == "" && (kind == "Config" || kind == "EncryptionConfig") || group == "client.authentication.k8s.io"
}

// maskKeys copies what stands at key without the keys in it: scalars called like keyNames where keyed is true, and those
// that stand in texts.
func maskKeys(f, old Field, key string, keyed bool) *yaml.Node {
	switch {
	case f.IsMap() || f.IsList():
		return maskEach(f, old, func(inner string, child, old Field) *yaml.Node { return maskKeys(child, old, inner, keyed) })
	case keyed && slices.Contains(keyNames, key) && f.Text() != "":
		return maskValues(f, old)
	}
	node := withoutComments(f.node)
	if text := maskText(f.Text()); f.IsSet() && text != f.Text() {
		if old.IsSet() && old.Text() != f.Text() && maskText(old.Text()) == text {
			text += "\n" + Masked + " (changed)"
		}
		node.Value, node.Style, node.Tag, node.Anchor = text, yaml.LiteralStyle, "!!str", ""
	}
	return node
}

var (
	// keyInText finds a field with a key in YAML and JSON, block and flow style. A value that goes on over lines is taken whole.
	keyInText = regexp.MustCompile(`(?m)(["']?\b(?:` + strings.Join(keyNames, "|") + `)["']?[ \t]*:[ \t]*)("(?:[^"\\]|\\.)*"|'[^']*'|[|>][^\n]*(?:\n[ \t]+[^\n]*)*|[^\s"'{\[,}\]#&*|>][^\s,}\]]*)`)
	// keyInCommand finds the tokens of "kubeadm join".
	keyInCommand = regexp.MustCompile(`(--(?:token|discovery-token|tls-bootstrap-token|certificate-key)[= ]+["']?)([^\s"']+)`)
	// bootstrapSecret is the secret half of a bootstrap token, the public half before it.
	bootstrapSecret = regexp.MustCompile(`\b([a-z0-9]{6}\.)([a-z0-9]{16})\b`)
	// keyInPEM finds what is between the lines of a private key.
	keyInPEM = regexp.MustCompile(`(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----)[^-]*`)
)

// maskText masks the keys in a text that may be a document of its own, or a command line.
func maskText(text string) string {
	if !mayHoldKeys([]byte(text)) {
		return text
	}
	text = keyInPEM.ReplaceAllString(text, "${1} "+Masked+" ")
	text = keyInText.ReplaceAllString(text, "${1}'"+Masked+"'")
	text = keyInCommand.ReplaceAllString(text, "${1}"+Masked)
	return bootstrapSecret.ReplaceAllString(text, "${1}"+Masked)
}
