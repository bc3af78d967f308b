package network

import (
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var openVPNMFA = review.Rule{
	ID: "openvpn-mfa", Level: review.Error, Guidelines: []string{"G21"},
	Summary:   "An OpenVPN server lets people in with a certificate alone",
	Kinds:     slices.Concat([]string{"ConfigMap", "Secret", review.Workloads}, machineKinds, machineResources, resources("aws_ec2_client_vpn_endpoint")),
	Terraform: true,
	Check:     checkOpenVPNMFA,
}

const vpnDetail = "Whoever has copied a certificate from a laptop is then in the network, and at what is only reached from there, the Kubernetes API first. Load a plug-in that asks for a second factor: duo_openvpn, PAM with one, or OpenID Connect."

func checkOpenVPNMFA(p *review.Pass) {
	if p.Pod != nil {
		checkVPNArguments(p)
		return
	}
	if isResource(p.Object) && p.Object.Kind == "aws_ec2_client_vpn_endpoint" {
		checkClientVPN(p)
		return
	}
	for t := range fileTexts(p) {
		if !strings.Contains(t.text, "server") { // which every option that makes one has in its name
			continue
		}
		if server, open := readOpenVPN(t.text).open(); open {
			t.report(p, server.line, "the OpenVPN server of %s asks for no second factor", t.key).Detail(vpnDetail)
		}
	}
}

// checkVPNArguments looks at a server that is started with its whole configuration as arguments.
func checkVPNArguments(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		words := c.Command()
		if !slices.ContainsFunc(words[:min(len(words), 2)], func(word string) bool { return path.Base(word) == "openvpn" }) {
			continue
		}
		if _, open := vpnArguments(words).open(); open {
			p.Report(c.Get("args"), "%s starts an OpenVPN server that asks for no second factor", c.Title()).Detail(vpnDetail)
		}
	}
}

// vpnOption is an option of OpenVPN with its parameters.
type vpnOption struct {
	name   string
	params []string
	line   int
}

type vpnConfig []vpnOption

// readOpenVPN reads an OpenVPN configuration: an option a line, comments behind # or ;, and files written within.
func readOpenVPN(text string) (all vpnConfig) {
	inline := "" // the tag of a file that is written within
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case inline != "":
			if line == "</"+inline+">" {
				inline = ""
			}
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '<' && strings.HasSuffix(line, ">"):
			inline = strings.Trim(line, "<>")
		default:
			if i := strings.IndexAny(line, "#;"); i > 0 && (line[i-1] == ' ' || line[i-1] == '\t') {
				line = line[:i]
			}
			words := strings.Fields(line)
			all = append(all, vpnOption{strings.TrimLeft(words[0], "-"), words[1:], n + 1})
		}
	}
	return all
}

// vpnArguments reads the options of a command line.
func vpnArguments(words []string) (all vpnConfig) {
	for _, word := range words {
		if name, ok := strings.CutPrefix(word, "--"); ok {
			all = append(all, vpnOption{name: name})
		} else if len(all) > 0 {
			last := &all[len(all)-1]
			last.params = append(last.params, word)
		}
	}
	return all
}

// asking are options by which a server asks for more than a certificate, or takes more options from elsewhere.
var asking = []string{"auth-user-pass-verify", "management-client-auth", "config", "client-crresponse"}

// silent are plug-ins that ask nobody for anything.
var silent = []string{"down-root", "simple", "defer"}

// open returns the option that makes this a server, and reports whether it lets people in with a certificate alone.
func (c vpnConfig) open() (server vpnOption, open bool) {
	secure := false // it is OpenVPN's at all
	for _, o := range c {
		switch {
		case slices.Contains(asking, o.name):
			return server, false
		case o.name == "plugin" && !slices.ContainsFunc(silent, func(name string) bool { return strings.Contains(strings.Join(o.params, " "), name) }):
			return server, false
		case o.name == "server" && len(o.params) >= 2, o.name == "server-ipv6" && len(o.params) > 0, o.name == "server-bridge",
			o.name == "mode" && slices.Contains(o.params, "server"):
			if server.name == "" {
				server = o
			}
		case o.name == "dev" || o.name == "proto" || o.name == "dh" || o.name == "ca" || o.name == "tls-server":
			secure = true
		}
	}
	return server, secure && server.name != ""
}
