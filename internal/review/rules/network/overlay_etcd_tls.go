package network

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var overlayEtcdTLS = review.Rule{
	ID: "overlay-etcd-tls", Level: review.Error, Guidelines: []string{"G23"},
	Summary: "The overlay network talks to its store in plain text",
	Kinds:   []string{review.Workloads, "ConfigMap"},
	Check:   checkOverlayEtcdTLS,
}

const overlayDetail = "Routes, addresses and network policies of every node go over the network as they are, and whoever can answer in the store's place rewrites them. Use https, with certificates for both sides."

// overlayImages are words in the names of images that are part of an overlay network.
var overlayImages = []string{"calico", "flannel", "cilium", "canal", "romana", "contiv"}

func checkOverlayEtcdTLS(p *review.Pass) {
	if p.Pod == nil {
		checkOverlayConfig(p)
		return
	}
	for _, c := range p.Pod.Containers {
		if !isOverlay(c.Get("image").Text()) {
			continue
		}
		for _, e := range c.Get("env").Items() {
			if strings.HasSuffix(e.Get("name").Text(), "ETCD_ENDPOINTS") && plainEndpoints(e.Get("value").Text()) {
				p.Report(e.Get("value"), "%s talks to etcd in plain text", c.Title()).Detail(overlayDetail)
			}
		}
		for _, key := range []string{"command", "args"} {
			for _, word := range c.Get(key).Items() {
				if flag, value, _ := strings.Cut(word.Text(), "="); strings.Contains(flag, "etcd") && plainEndpoints(strings.TrimPrefix(value, "etcd.address=")) {
					p.Report(word, "%s talks to etcd in plain text", c.Title()).Detail(overlayDetail)
				}
			}
		}
	}
}

func isOverlay(name string) bool {
	for _, word := range overlayImages {
		if strings.Contains(strings.ToLower(name), word) {
			return true
		}
	}
	return false
}

// checkOverlayConfig looks at the ConfigMaps of Calico, canal and Cilium.
func checkOverlayConfig(p *review.Pass) {
	if !isOverlay(p.Object.Name) {
		return
	}
	data := p.Object.Field().Get("data")
	if at := data.Get("etcd_endpoints"); plainEndpoints(at.Text()) {
		p.Report(at, "%s has the network talk to etcd in plain text", p.Object.Name).Detail(overlayDetail)
	}
	at := data.Get("etcd-config")
	node, err := manifests.ParseYAML([]byte(at.Text()))
	if err != nil {
		return
	}
	for _, f := range manifests.NewField(node, "").Get("endpoints").Items() {
		if plainEndpoints(f.Text()) {
			p.Report(at, "%s has the network talk to etcd in plain text", p.Object.Name).Line(f.Node().Line).Detail(overlayDetail)
			return
		}
	}
}

// plainEndpoints reports whether one of a list of URLs is for plain HTTP to another machine.
func plainEndpoints(list string) bool {
	for _, text := range splitList(list) {
		rest, plain := strings.CutPrefix(text, "http://")
		if !plain {
			continue
		}
		u, err := url.Parse(text)
		host := rest
		if err == nil {
			host = u.Hostname()
		}
		if addr, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !addr.IsLoopback()) {
			return true
		}
	}
	return false
}
