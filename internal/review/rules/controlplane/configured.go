package controlplane

import (
	"fmt"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// configured are the components that a document configures. The root holds other documents of kubeadm's where kubeadm
// is true: then it completes a kubelet's configuration.
func configured(d document, kubeadm bool) []component {
	switch {
	case d.group == "kubeadm.k8s.io" && d.kind == "ClusterConfiguration":
		return kubeadmCluster(d)
	case d.group == "kubeadm.k8s.io" && (d.kind == "InitConfiguration" || d.kind == "JoinConfiguration"):
		return []component{extraArguments(d, kubelet, d.Get("nodeRegistration", "kubeletExtraArgs"), nil)}
	case d.group == "kubelet.config.k8s.io" && d.kind == "KubeletConfiguration":
		return []component{fieldComponent(d, kubelet, kubeletFields, kubeletDefaults(kubeadm))}
	case d.group == "kubescheduler.config.k8s.io" && d.kind == "KubeSchedulerConfiguration":
		return []component{fieldComponent(d, scheduler, schedulerFields, map[string]string{"profiling": "true"})}
	}
	return nil
}

// kubeadmFlags are what kubeadm gives the programs by itself, over their own defaults.
var kubeadmFlags = map[string]map[string]string{
	apiServer: {"authorization-mode": "Node,RBAC", "enable-admission-plugins": "NodeRestriction", "client-ca-file": "/etc/kubernetes/pki/ca.crt",
		"tls-cert-file": "/etc/kubernetes/pki/apiserver.crt", "tls-private-key-file": "/etc/kubernetes/pki/apiserver.key",
		"kubelet-client-certificate": "/etc/kubernetes/pki/apiserver-kubelet-client.crt", "kubelet-client-key": "/etc/kubernetes/pki/apiserver-kubelet-client.key",
		"service-account-key-file": "/etc/kubernetes/pki/sa.pub"},
	controllerManager: {"use-service-account-credentials": "true", "root-ca-file": "/etc/kubernetes/pki/ca.crt", "bind-address": "127.0.0.1",
		"service-account-private-key-file": "/etc/kubernetes/pki/sa.key"},
	scheduler: {"bind-address": "127.0.0.1"},
	etcd: {"client-cert-auth": "true", "peer-client-cert-auth": "true", "cert-file": "/etc/kubernetes/pki/etcd/server.crt",
		"key-file": "/etc/kubernetes/pki/etcd/server.key", "peer-cert-file": "/etc/kubernetes/pki/etcd/peer.crt",
		"peer-key-file": "/etc/kubernetes/pki/etcd/peer.key", "trusted-ca-file": "/etc/kubernetes/pki/etcd/ca.crt",
		"peer-trusted-ca-file": "/etc/kubernetes/pki/etcd/ca.crt"},
}

func kubeadmCluster(d document) []component {
	parts := []component{
		extraArguments(d, apiServer, d.Get("apiServer", "extraArgs"), kubeadmDefaults(apiServer)),
		extraArguments(d, controllerManager, d.Get("controllerManager", "extraArgs"), kubeadmDefaults(controllerManager)),
		extraArguments(d, scheduler, d.Get("scheduler", "extraArgs"), kubeadmDefaults(scheduler)),
	}
	if external := d.Get("etcd", "external"); external.IsSet() {
		parts[0].flags = append(parts[0].flags, externalEtcd(d, external)...)
		return parts
	}
	return append(parts, extraArguments(d, etcd, d.Get("etcd", "local", "extraArgs"), kubeadmDefaults(etcd)))
}

// externalEtcd are the API server's flags that kubeadm makes of an etcd of one's own. All of its addresses count as one.
func externalEtcd(d document, external manifests.Field) []flag {
	var flags []flag
	for _, item := range external.Get("endpoints").Items() {
		flags = append(flags, flag{name: "etcd-servers", value: item.Text(), at: d.place(item)})
		if strings.HasPrefix(item.Text(), "http://") {
			flags[0], flags = flags[len(flags)-1], flags[:1] // the one without TLS is what there is to say
			break
		}
	}
	for field, name := range map[string]string{"caFile": "etcd-cafile", "certFile": "etcd-certfile", "keyFile": "etcd-keyfile"} {
		if at := external.Get(field); at.IsSet() {
			flags = append(flags, flag{name: name, value: at.Text(), at: d.place(at)})
		}
	}
	return flags
}

func kubeadmDefaults(name string) map[string]string {
	all := map[string]string{}
	for _, from := range []map[string]string{binaryDefaults[name], kubeadmFlags[name]} {
		for key, value := range from {
			all[key] = value
		}
	}
	return all
}

// extraArguments reads kubeadm's extraArgs: a mapping up to v1beta3, a list of names and values since v1beta4. Without
// defaults what is not in it is unknown.
func extraArguments(d document, name string, args manifests.Field, defaults map[string]string) component {
	c := component{name: name, defaults: defaults, open: defaults == nil, kubeadm: true, home: d.place(args)}
	add := func(key string, at, whole manifests.Field) {
		f := flag{name: key, value: at.Text(), at: d.place(at)}
		if !d.text.Exists() {
			f.set = func(value any) []review.Op { return d.set(at, fmt.Sprint(value)) }
			f.remove = []review.Op{review.Remove(whole)}
		}
		c.flags = append(c.flags, f)
	}
	for _, e := range args.Entries() {
		add(e.Key, e.Value, e.Value)
	}
	for _, item := range args.Items() {
		add(item.Get("name").Text(), item.Get("value"), item)
	}
	if args.IsMap() && !d.text.Exists() {
		c.add = func(name string, value any) []review.Op { return d.set(args.Get(name), fmt.Sprint(value)) }
	}
	return c
}

// kubeletFields are the fields of a KubeletConfiguration by the flags that they stand for.
var kubeletFields = map[string]string{
	"anonymous-auth": "authentication.anonymous.enabled", "authentication-token-webhook": "authentication.webhook.enabled",
	"authorization-mode": "authorization.mode", "client-ca-file": "authentication.x509.clientCAFile", "read-only-port": "readOnlyPort",
	"rotate-certificates": "rotateCertificates", "protect-kernel-defaults": "protectKernelDefaults",
	"streaming-connection-idle-timeout": "streamingConnectionIdleTimeout", "event-qps": "eventRecordQPS",
	"tls-min-version": "tlsMinVersion", "tls-cipher-suites": "tlsCipherSuites", "tls-cert-file": "tlsCertFile",
	"rotate-server-certificates": "serverTLSBootstrap",
}

// schedulerFields are those of a KubeSchedulerConfiguration.
var schedulerFields = map[string]string{"profiling": "enableProfiling"}

// kubeletDefaults are what a KubeletConfiguration leaves in force, which is safer than what the flags do.
func kubeletDefaults(kubeadm bool) map[string]string {
	defaults := map[string]string{"anonymous-auth": "false", "authentication-token-webhook": "true", "authorization-mode": "Webhook", "read-only-port": "0",
		"rotate-certificates": "false", "protect-kernel-defaults": "false", "streaming-connection-idle-timeout": "4h0m0s", "event-qps": "50"}
	if kubeadm {
		defaults["client-ca-file"], defaults["rotate-certificates"] = "/etc/kubernetes/pki/ca.crt", "true"
	}
	return defaults
}

// fieldComponent reads a component's own configuration file.
func fieldComponent(d document, name string, fields, defaults map[string]string) component {
	at := func(flag string) (manifests.Field, bool) {
		path, ok := fields[flag]
		return d.Get(strings.Split(path, ".")...), ok
	}
	c := component{name: name, defaults: defaults, home: d.place(d.Field)}
	c.absent = func(flag string) (place, bool) {
		f, ok := at(flag)
		return d.place(f), ok
	}
	c.add = func(flag string, value any) []review.Op {
		f, ok := at(flag)
		if !ok {
			return nil
		}
		return d.set(f, value)
	}
	for flagName := range fields {
		if f, _ := at(flagName); f.IsSet() && !leftOut(flagName, f) {
			set := flag{name: flagName, value: scalarOrList(f), written: fields[flagName] + ": " + scalarOrList(f), at: d.place(f),
				set: func(value any) []review.Op { return d.set(f, value) }}
			for _, item := range f.Items() {
				set.items = append(set.items, d.place(item))
			}
			c.flags = append(c.flags, set)
		}
	}
	return c
}

func scalarOrList(f manifests.Field) string {
	var items []string
	for _, item := range f.Items() {
		items = append(items, item.Text())
	}
	if f.IsList() {
		return strings.Join(items, ",")
	}
	if value, ok := f.Bool(); ok {
		return fmt.Sprint(value)
	}
	return f.Text()
}

// leftOut reports whether a field of a configuration file counts as not written: for a timeout of zero a kubelet takes its
// default (SetDefaults_KubeletConfiguration), while the flag of the same name switches the timeout off.
func leftOut(flag string, f manifests.Field) bool {
	if flag != "streaming-connection-idle-timeout" {
		return false
	}
	timeout, err := time.ParseDuration(f.Text())
	return err == nil && timeout == 0
}
