package controlplane

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// The components, as their programs are called.
const (
	apiServer         = "kube-apiserver"
	controllerManager = "kube-controller-manager"
	scheduler         = "kube-scheduler"
	etcd              = "etcd"
	kubelet           = "kubelet"
)

// component is what one place says of how a program of the control plane, or a kubelet, is run: a container's command
// line, kubeadm's configuration, or the program's own. Settings go by the names of the program's flags.
type component struct {
	name     string
	flags    []flag
	home     place                                // where a flag that is not there is missed
	defaults map[string]string                    // what is in force for flags that are not there
	open     bool                                 // more may be set where nobody can look
	kubeadm  bool                                 // kubeadm runs it, by a configuration that sets some of its flags
	local    bool                                 // it is reached from its own pod only, whatever it listens on
	absent   func(name string) (place, bool)      // a better place than home; may be nil
	add      func(name string, v any) []review.Op // sets what is not there; may be nil
}

// flag is one setting that is written.
type flag struct {
	name, value string
	written     string // as the source has it; "" for --name=value
	at          place
	items       []place                     // of a list that is not one text, each item's
	set         func(value any) []review.Op // nil when it cannot be set
	remove      []review.Op
}

// known reports whether the value is what is written, and not made of variables.
func (f flag) known() bool { return !strings.Contains(f.value, "$") }

// get returns the flag as it counts: the last one of its name.
func (c component) get(name string) (flag, bool) {
	for i := len(c.flags) - 1; i >= 0; i-- {
		if c.flags[i].name == name {
			return c.flags[i], true
		}
	}
	return flag{}, false
}

// has reports whether a flag has a value: it is written and not empty, or in force by default.
func (c component) has(name string) bool {
	if f, ok := c.get(name); ok {
		return f.value != ""
	}
	return c.defaults[name] != ""
}

// value returns what is in force for a flag.
func (c component) value(name string) string {
	if f, ok := c.get(name); ok {
		return f.value
	}
	return c.defaults[name]
}

// list returns the values of a flag that takes several, which add up when it is repeated.
func (c component) list(name string) []string {
	var values []string
	for _, f := range c.flags {
		if f.name == name {
			values = append(values, splitList(f.value)...)
		}
	}
	if _, written := c.get(name); !written {
		values = splitList(c.defaults[name])
	}
	return values
}

func splitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// missing returns where a flag that is not written is missed.
func (c component) missing(name string) place {
	if c.absent != nil {
		if at, ok := c.absent(name); ok {
			return at
		}
	}
	return c.home
}

// where returns the place of a flag, or where it is missed.
func (c component) where(name string) place {
	if f, ok := c.get(name); ok {
		return f.at
	}
	return c.missing(name)
}

// firstOf returns the place of the first of a flag's values that is one of those looked for, as far as each has its own.
func (c component) firstOf(name string, values []string) place {
	f, _ := c.get(name)
	for i, value := range splitList(f.value) {
		if i < len(f.items) && slices.Contains(values, value) {
			return f.items[i]
		}
	}
	return c.where(name)
}

// ops returns what gives a flag a value, none when that cannot be written.
func (c component) ops(name string, value any) []review.Op {
	if f, ok := c.get(name); ok {
		if f.set == nil {
			return nil
		}
		return f.set(value)
	}
	if c.add == nil {
		return nil
	}
	return c.add(name, value)
}

// binaryDefaults are what the programs do when a flag is not given (1.30 to 1.36).
var binaryDefaults = map[string]map[string]string{
	apiServer: {"anonymous-auth": "true", "authorization-mode": "AlwaysAllow", "profiling": "true",
		"service-account-lookup": "true", "insecure-port": "0", "request-timeout": "1m0s"},
	controllerManager: {"profiling": "true", "use-service-account-credentials": "false", "bind-address": "0.0.0.0"},
	scheduler:         {"profiling": "true", "bind-address": "0.0.0.0"},
	etcd:              {"client-cert-auth": "false", "peer-client-cert-auth": "false"},
	kubelet: {"anonymous-auth": "true", "authorization-mode": "AlwaysAllow", "read-only-port": "10255",
		"rotate-certificates": "false", "protect-kernel-defaults": "false", "streaming-connection-idle-timeout": "4h0m0s", "event-qps": "50"},
}

// toggles are the flags that stand alone for true; the word behind them is not their value.
var toggles = map[string]bool{
	"anonymous-auth": true, "profiling": true, "service-account-lookup": true, "use-service-account-credentials": true,
	"client-cert-auth": true, "peer-client-cert-auth": true, "auto-tls": true, "peer-auto-tls": true, "rotate-certificates": true,
	"rotate-server-certificates": true, "protect-kernel-defaults": true, "authentication-token-webhook": true, "allow-privileged": true,
	"contention-profiling": true, "leader-elect": true, "enable-bootstrap-token-auth": true, "allocate-node-cidrs": true,
	"encryption-provider-config-automatic-reload": true, "enable-aggregator-routing": true, "fail-swap-on": true,
	"also-stdout": true, "redirect-stderr": true, "kubelet-https": true,
}

// podComponents are the components that the containers of a pod run.
func podComponents(v *review.RootView, pod *review.Workload) []component {
	var found []component
	for _, c := range pod.Containers {
		if c.Kind == review.InitContainer || c.Kind == review.EphemeralContainer {
			continue
		}
		line, ok := programLine(c)
		if !ok || line.program == etcd && !ofCluster(v, pod) {
			continue
		}
		owner := pod.Object
		part := component{name: line.program, open: line.open, defaults: binaryDefaults[line.program],
			home:  place{owner: owner, field: c.Field},
			local: owner.Kind != "Pod" && !pod.Get("hostNetwork").True()}
		part.flags = readFlags(owner, line.words)
		if line.program == etcd {
			part.flags = append(etcdVariables(owner, c), part.flags...)
		}
		if part.has("config") && line.program == kubelet || part.has("config-file") && line.program == etcd {
			part.defaults, part.open = nil, true
		}
		found = append(found, part)
	}
	return found
}

// ofCluster reports whether an etcd is one that Kubernetes, or the cluster's network, keeps its state in. Applications
// bring their own, for other things.
func ofCluster(v *review.RootView, pod *review.Workload) bool {
	labels := pod.Meta.Get("labels")
	return pod.Object.Kind == "Pod" || v.Namespace(pod.Object) == "kube-system" || labels.Get("tier").Text() == "control-plane"
}

// readFlags reads a command line behind its program.
func readFlags(owner *manifests.Object, words []word) []flag {
	var flags []flag
	for i := 0; i < len(words); i++ {
		name, value, valued := strings.Cut(words[i].text, "=")
		bare := strings.TrimLeft(name, "-")
		if !strings.HasPrefix(name, "-") || bare == "" {
			continue
		}
		at := words[i]
		f := flag{name: bare, value: value, at: at.place(owner), set: at.setter(name + "="), remove: at.removal()}
		switch next := i + 1; {
		case valued:
		case !toggles[bare] && next < len(words) && (words[next].text == "-" || !strings.HasPrefix(words[next].text, "-")):
			i = next
			f.value, f.at, f.set, f.remove = words[next].text, words[next].place(owner), words[next].setter(""), nil
		default:
			f.value = "true"
		}
		flags = append(flags, f)
	}
	return flags
}

// etcdVariables are the settings that etcd takes from its environment; flags go before them.
func etcdVariables(owner *manifests.Object, c review.Container) []flag {
	var flags []flag
	for _, variable := range c.Get("env").Items() {
		name, ok := strings.CutPrefix(variable.Get("name").Text(), "ETCD_")
		if !ok {
			continue
		}
		at := variable.Get("value")
		value := at.Text()
		if variable.Get("valueFrom").IsSet() {
			value = "$"
		}
		flags = append(flags, flag{name: strings.ReplaceAll(strings.ToLower(name), "_", "-"), value: value, at: place{owner: owner, field: at},
			set: func(value any) []review.Op { return []review.Op{review.Set(at, fmt.Sprint(value))} }})
	}
	return flags
}
