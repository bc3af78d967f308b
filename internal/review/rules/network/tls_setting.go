package network

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// settingKind says what a setting of TLS is.
type settingKind int

const (
	oldestVersion settingKind = iota // the oldest version that is taken
	newestVersion
	versionList // all versions that are taken
	cipherList
)

// tlsSetting is a value that says which versions or suites a server takes.
type tlsSetting struct {
	kind  settingKind
	at    manifests.Field
	name  string // of the setting, for people
	value string
	line  int  // of the text that at is; 0 for the whole
	fixed bool // the value cannot be corrected by writing another version: it is the name of a policy
	item  bool // the value is one of several of a list
}

// tlsKinds are the objects that hold settings of TLS, beside workloads.
var tlsKinds = []string{review.Workloads, "ConfigMap", "Ingress", "Service", "Gateway", "TLSOption", "ClientTrafficPolicy", "EnvoyProxy",
	"HTTPProxy", "ContourConfiguration", "ContourDeployment", "IngressController", "APIServer", "IngressClassParams", "EnvoyFilter"}

// tlsFields are the fields that hold settings, by kind.
var tlsFields = map[string]map[string]settingKind{
	"Gateway": {
		"spec.servers.*.tls.minProtocolVersion": oldestVersion, "spec.servers.*.tls.maxProtocolVersion": newestVersion,
		"spec.servers.*.tls.cipherSuites": cipherList,
	},
	"TLSOption": {"spec.minVersion": oldestVersion, "spec.maxVersion": newestVersion, "spec.cipherSuites": cipherList},
	"ClientTrafficPolicy": {
		"spec.tls.minVersion": oldestVersion, "spec.tls.maxVersion": newestVersion, "spec.tls.ciphers": cipherList,
	},
	"EnvoyProxy": {
		"spec.backendTLS.minVersion": oldestVersion, "spec.backendTLS.maxVersion": newestVersion, "spec.backendTLS.ciphers": cipherList,
	},
	"HTTPProxy": {
		"spec.virtualhost.tls.minimumProtocolVersion": oldestVersion, "spec.virtualhost.tls.maximumProtocolVersion": newestVersion,
	},
	"ContourConfiguration": {
		"spec.envoy.listener.tls.minimumProtocolVersion": oldestVersion, "spec.envoy.listener.tls.cipherSuites": cipherList,
	},
	"ContourDeployment": {
		"spec.runtimeSettings.envoy.listener.tls.minimumProtocolVersion": oldestVersion,
		"spec.runtimeSettings.envoy.listener.tls.cipherSuites":           cipherList,
	},
	"IngressController": {
		"spec.tlsSecurityProfile.type": oldestVersion, "spec.tlsSecurityProfile.custom.minTLSVersion": oldestVersion,
		"spec.tlsSecurityProfile.custom.ciphers": cipherList,
	},
	"APIServer": {
		"spec.tlsSecurityProfile.type": oldestVersion, "spec.tlsSecurityProfile.custom.minTLSVersion": oldestVersion,
		"spec.tlsSecurityProfile.custom.ciphers": cipherList,
	},
	"IngressClassParams": {"spec.sslPolicy": oldestVersion},
}

// tlsAnnotations are the annotations that hold settings.
var tlsAnnotations = map[string]settingKind{
	"nginx.ingress.kubernetes.io/ssl-ciphers":                             cipherList,
	"nginx.ingress.kubernetes.io/proxy-ssl-protocols":                     versionList,
	"haproxy-ingress.github.io/ssl-ciphers":                               cipherList,
	"haproxy-ingress.github.io/ssl-cipher-suites":                         cipherList,
	"alb.ingress.kubernetes.io/ssl-policy":                                oldestVersion,
	"service.beta.kubernetes.io/aws-load-balancer-ssl-negotiation-policy": oldestVersion,
	"zalando.org/aws-load-balancer-ssl-policy":                            oldestVersion,
	"projectcontour.io/tls-minimum-protocol-version":                      oldestVersion,
}

// tlsKeys are the keys of controllers' ConfigMaps.
var tlsKeys = map[string]settingKind{
	"ssl-protocols": versionList, "ssl-ciphers": cipherList, "ssl-cipher-suites": cipherList,
}

// tlsFlags are the flags of servers, without the dashes.
var tlsFlags = map[string]settingKind{
	"tls-min-version": oldestVersion, "metrics-tls-min-version": oldestVersion, "webhook-tls-min-version": oldestVersion,
	"tlsminversion": oldestVersion, "tlsmaxversion": newestVersion, "tls-minimum-protocol-version": oldestVersion,
	"tls-cipher-suites": cipherList, "metrics-tls-cipher-suites": cipherList, "webhook-tls-cipher-suites": cipherList,
	"tlsciphers": cipherList, "cipher-suites": cipherList, "ssl-policy": oldestVersion,
}

// tlsVariables are the environment variables of Kong.
var tlsVariables = map[string]settingKind{"KONG_SSL_PROTOCOLS": versionList, "KONG_SSL_CIPHERS": cipherList}

// tlsSettings lists the settings of an object or, of a workload, of one of its pods.
func tlsSettings(p *review.Pass) (all []tlsSetting) {
	if p.Pod != nil {
		for _, c := range p.Pod.Containers {
			all = append(all, flagSettings(c)...)
			for _, e := range c.Get("env").Items() {
				if kind, ok := tlsVariables[e.Get("name").Text()]; ok {
					all = append(all, fieldSetting(e.Get("value"), kind, e.Get("name").Text())...)
				}
			}
		}
		return all
	}
	o := p.Object
	for fieldPath, kind := range tlsFields[o.Kind] {
		for _, f := range fieldsAt(o.Field(), fieldPath) {
			all = append(all, fieldSetting(f, kind, path.Base(strings.ReplaceAll(fieldPath, ".", "/")))...)
		}
	}
	if annotations := o.Field().Get("metadata", "annotations"); annotations.IsMap() {
		for key, kind := range tlsAnnotations {
			all = append(all, fieldSetting(annotations.Get(key), kind, key[strings.IndexByte(key, '/')+1:])...)
		}
	}
	switch o.Kind {
	case "ConfigMap":
		for key, value := range o.Field().Get("data").EachEntry() {
			all = append(all, keySettings(key, value)...)
		}
	case "EnvoyFilter":
		all = append(all, envoySettings(o.Field().Get("spec", "configPatches"))...)
	}
	slices.SortStableFunc(all, func(a, b tlsSetting) int { return strings.Compare(a.at.Path(), b.at.Path()) })
	return all
}

// keySettings finds the settings in an entry of a ConfigMap: what a controller takes from it, or a whole configuration.
func keySettings(key string, at manifests.Field) (all []tlsSetting) {
	if kind, ok := tlsKeys[key]; ok {
		return fieldSetting(at, kind, key)
	}
	switch {
	case key == "ssl-options": // of haproxy-ingress
		for _, s := range haproxyOptions(strings.Fields(at.Text())) {
			s.at, s.fixed = at, true
			all = append(all, s)
		}
		return all
	case strings.HasSuffix(key, ".toml"):
		return traefikSettings(at)
	}
	return slices.Concat(nginxSettings(at), haproxySettings(at), documentSettings(at))
}

// fieldSetting makes a setting of a scalar that is set, or of each of a list of them.
func fieldSetting(f manifests.Field, kind settingKind, name string) (all []tlsSetting) {
	for _, item := range f.Items() {
		all = append(all, tlsSetting{kind: kind, at: item, name: name, value: item.Text(), item: len(f.Items()) > 1})
	}
	if f.Text() == "" {
		return all
	}
	s := tlsSetting{kind: kind, at: f, name: name, value: f.Text()}
	if version, ok := policyVersion(s.value); ok && kind == oldestVersion {
		s.value, s.fixed = version.String(), true
	}
	return []tlsSetting{s}
}

// elbPolicy matches the names of AWS's security policies.
var elbPolicy = regexp.MustCompile(`^ELBSecurityPolicy-(?:(?:TLS13|TLS|FS)-1-([0-3])-|.*-?20\d\d-\d\d$)`)

// policyVersion returns the oldest version that a named policy of AWS or OpenShift takes.
func policyVersion(name string) (tlsVersion, bool) {
	if name == "Old" {
		return tls10, true
	}
	match := elbPolicy.FindStringSubmatch(name)
	if match == nil {
		return 0, false
	}
	if match[1] == "" {
		return tls10, true // the first ones, and ELBSecurityPolicy-FS-2018-06
	}
	return tls10 + tlsVersion(match[1][0]-'0'), true
}

// ownRules are programs of which rules of the control plane speak.
var ownRules = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "etcd"}

// flagSettings finds the settings among a container's flags.
func flagSettings(c review.Container) (all []tlsSetting) {
	words := slices.Concat(c.Get("command").Items(), c.Get("args").Items())
	if len(words) > 0 && slices.Contains(ownRules, path.Base(words[0].Text())) || slices.Contains(ownRules, imageName(c)) {
		return nil
	}
	for i, word := range words {
		flag, value, joined := strings.Cut(word.Text(), "=")
		kind, known := tlsFlags[strings.TrimLeft(flag, "-")]
		if !known || !strings.HasPrefix(flag, "-") {
			continue
		}
		at := word
		if !joined && i+1 < len(words) {
			at, value = words[i+1], words[i+1].Text()
		}
		s := tlsSetting{kind: kind, at: at, name: flag, value: value}
		if version, ok := policyVersion(value); ok && kind == oldestVersion {
			s.value, s.fixed = version.String(), true
		}
		all = append(all, s)
	}
	return all
}

// imageName is the last part of a container's image, without tag.
func imageName(c review.Container) string {
	ref, err := c.Reference()
	if err != nil {
		return ""
	}
	return path.Base(ref.Repository)
}
