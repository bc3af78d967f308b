package network

import (
	"cmp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// documentFields are the fields of configurations that ConfigMaps hold as YAML: Contour's and Traefik's.
var documentFields = map[string]settingKind{
	"tls.minimum-protocol-version": oldestVersion, "tls.cipher-suites": cipherList,
	"tls.options.*.minVersion": oldestVersion, "tls.options.*.maxVersion": newestVersion, "tls.options.*.cipherSuites": cipherList,
}

// documentSettings finds the settings in a text that is such a configuration, or Envoy's.
func documentSettings(f manifests.Field) (all []tlsSetting) {
	text := f.Text()
	if !strings.Contains(text, "minimum-protocol-version") && !strings.Contains(text, "inVersion") && !strings.Contains(text, "cipher") &&
		!strings.Contains(text, "tls_params") {
		return nil
	}
	node, err := manifests.ParseYAML([]byte(text))
	if err != nil {
		return nil
	}
	root := manifests.NewField(node, "")
	found := envoySettings(root)
	for fieldPath, kind := range documentFields {
		for _, within := range fieldsAt(root, fieldPath) {
			found = append(found, fieldSetting(within, kind, fieldPath[strings.LastIndexByte(fieldPath, '.')+1:])...)
		}
	}
	for _, s := range found {
		s.line = s.at.Node().Line
		s.at, s.fixed = f, true
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b tlsSetting) int { return cmp.Or(a.line-b.line, strings.Compare(a.name, b.name)) })
	return all
}

// envoyFields are the fields of Envoy's TlsParameters.
var envoyFields = map[string]settingKind{
	"tls_minimum_protocol_version": oldestVersion, "tls_maximum_protocol_version": newestVersion, "cipher_suites": cipherList,
}

// envoySettings finds Envoy's settings anywhere below a field.
func envoySettings(f manifests.Field) (all []tlsSetting) {
	f.Walk(func(f manifests.Field) {
		for name, kind := range envoyFields {
			all = append(all, fieldSetting(f.Get("tls_params", name), kind, name)...)
		}
	})
	return all
}
