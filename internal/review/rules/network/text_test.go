package network

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"go.yaml.in/yaml/v3"
)

// TestSSHD holds the reader of sshd_config to what sshd makes of it.
func TestSSHD(t *testing.T) {
	t.Parallel()
	c := readSSHD("# PermitRootLogin yes\n\tPermitRootLogin=no # never\nPERMITROOTLOGIN yes\nCiphers \"aes256-ctr,aes128-ctr\"\nInclude more.conf\n" +
		"Match User git, ci\n  PermitRootLogin  yes\nMatch all\nLogLevel VERBOSE\nBanner\n")
	var got []string
	for _, s := range c.settings {
		got = append(got, fmt.Sprintf("%d %s=%s [%s]", s.line, s.keyword, s.value, s.match))
	}
	want := "2 permitrootlogin=no []; 4 ciphers=aes256-ctr,aes128-ctr []; 7 permitrootlogin=yes [User git, ci]; 9 loglevel=VERBOSE []; 10 banner= []"
	if joined := strings.Join(got, "; "); joined != want || !c.includes {
		t.Errorf("got  %s (includes: %v)\nwant %s", joined, c.includes, want)
	}
}

// TestOpenVPN holds the reader of OpenVPN's configuration to what OpenVPN makes of it.
func TestOpenVPN(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{ // the line of the server that asks for nothing, 0 for none
		"dev tun\nserver 10.8.0.0 255.255.255.0":                                      2,
		"; server 10.8.0.0 255.255.255.0\ndev tun":                                    0,
		"dev tun\n<ca>\nserver 10.8.0.0 255.255.255.0\n</ca>\nremote vpn.example.com": 0,
		"dev tun\nmode server # all\nserver 10.8.0.0 255.255.255.0":                   2,
		"dev tun\nserver 10.8.0.0 255.255.255.0\nplugin auth.so":                      0,
		"server backend:80 weight=5":                                                  0,
		"":                                                                            0,
	} {
		server, open := readOpenVPN(text).open()
		if open != (want > 0) || open && server.line != want {
			t.Errorf("%q: open %v on line %d, want line %d", text, open, server.line, want)
		}
	}
}

// TestNginx holds the reader of nginx's configuration to its blocks, comments and quotes.
func TestNginx(t *testing.T) {
	t.Parallel()
	var got []string
	for _, d := range readNginx("http { # all; of it\n  a b\n    'c;d';e f;}\n g \"h") {
		got = append(got, fmt.Sprint(d.line, d.name, d.args))
	}
	if want := "2a[b c;d]; 3e[f]"; strings.Join(got, "; ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "; "), want)
	}
}

// TestTOML holds the reader of TOML to its tables, lists, comments and quotes.
func TestTOML(t *testing.T) {
	t.Parallel()
	var got []string
	for _, v := range readTOML("a = \"b # c\" # d\n[x.'y']\nz.w = [ 'e',\n# f\n  \"g\" ]\nn = 1\nl = \"\"\"\n[h]\nq = 'r'\n\"\"\"\n[[i]]\nj = 'k'\no = {p = 's'}\n") {
		got = append(got, fmt.Sprintf("%d %s %s", v.line, strings.Join(v.keys, "/"), v.text))
	}
	if want := "1 a b # c; 3 x/y/z/w e; 5 x/y/z/w g; 12 i/j k"; strings.Join(got, "; ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "; "), want)
	}
}

// TestTLSNames holds the names of versions and suites.
func TestTLSNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]tlsVersion{
		"TLSv1": tls10, "TLSv1.1": tls11, "VersionTLS12": tls12, "TLSV1_3": tls13, "1.0": tls10, "TLS 1.2": tls12, "sslv3": sslv3, "TLS_AUTO": 0, "": 0,
	} {
		if got, _ := parseTLSVersion(text); got != want {
			t.Errorf("parseTLSVersion(%q): got %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"VersionTLS10": "VersionTLS12", "TLSV1_1": "TLSV1_2", "1.0": "1.2", "TLS1.1": "TLS1.2", "TLSv1": "TLSv1.2",
	} {
		from, _ := parseTLSVersion(text)
		if got := rewriteVersion(text, from, tls12); got != want {
			t.Errorf("rewriteVersion(%q): got %q, want %q", text, got, want)
		}
	}
	for name, want := range map[string]string{
		"ECDHE-RSA-AES128-GCM-SHA256": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "AES256-SHA": "TLS_RSA_WITH_AES_256_CBC_SHA",
		"ECDHE-ECDSA-CHACHA20-POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "DES-CBC3-SHA": "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
		"DHE-RSA-AES256-SHA256": "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", "AES128-GCM-SHA256": "TLS_RSA_WITH_AES_128_GCM_SHA256",
	} {
		if got := iana(name); got != want {
			t.Errorf("iana(%s): got %s, want %s", name, got, want)
		}
	}
	for profile, has := range map[string]string{"intermediate": "yes no no", "old": "yes yes no", "modern": "no no no"} {
		var got []string
		for _, cipher := range []string{"ECDHE-RSA-AES256-GCM-SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA", "RC4-SHA"} {
			got = append(got, map[bool]string{true: "yes", false: "no"}[tlsProfiles[profile].has(cipher)])
		}
		if strings.Join(got, " ") != has || !tlsProfiles[profile].has("TLS_AES_128_GCM_SHA256") {
			t.Errorf("profile %s has: got %v, want %s", profile, got, has)
		}
	}
	for policy, want := range map[string]tlsVersion{
		"ELBSecurityPolicy-2016-08": tls10, "ELBSecurityPolicy-TLS13-1-2-Res-2021-06": tls12, "ELBSecurityPolicy-TLS-1-1-2017-01": tls11,
		"ELBSecurityPolicy-FS-2018-06": tls10, "ELBSecurityPolicy-FS-1-2-Res-2020-10": tls12, "ELBSecurityPolicy-TLS13-1-3-2021-06": tls13, "own": 0,
	} {
		if got, _ := policyVersion(policy); got != want {
			t.Errorf("policyVersion(%s): got %v, want %v", policy, got, want)
		}
	}
}

// FuzzTexts holds that no configuration breaks its reader, and that what is found stands on a line of it.
func FuzzTexts(f *testing.F) {
	for _, seed := range []string{"Match User a\nPermitRootLogin yes", "server {\n ssl_protocols \"TLSv1;\n}", "<ca>\nserver a b\ndev tun", "=\n=", "--a b --c", "<hudson>\n<useSecurity>\nfalse\n</useSecurity></hudson>",
		"bind :1 ssl-min-ver x\nssl-default-bind-ciphers a", "[tls.a]\nminVersion=\"b\"", "tls_params: {cipher_suites: [a]}",
		"#cloud-config\nssh_pwauth: yes\nwrite_files:\n- path: a\n  content: |\n    b\n    c", "#!/bin/sh\ncat >a <<-'B'\n\tc\n\tB\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		within := func(what string, line int) {
			if line < 1 || line > lines {
				t.Errorf("%s stands on line %d of %d", what, line, lines)
			}
		}
		for _, s := range readSSHD(text).settings {
			within("sshd's "+s.keyword, s.line)
		}
		for _, d := range readNginx(text) {
			within("nginx's "+d.name, d.line)
		}
		for _, o := range readOpenVPN(text) {
			within("openvpn's "+o.name, o.line)
		}
		whole := configText{text: text, plain: true}
		for _, part := range append(whole.within(), whole.hereDocuments()...) {
			for n := range strings.Count(part.text, "\n") + 1 {
				within("a file's line", part.line(n))
			}
		}
		field := manifests.NewField(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}, "")
		for _, s := range slices.Concat(haproxySettings(field), traefikSettings(field), documentSettings(field), nginxSettings(field)) {
			within(s.name, s.line)
		}
		for _, g := range slices.Concat(openGrafana(text), openJenkins(text)) {
			within("a console's setting", g.line)
		}
	})
}
